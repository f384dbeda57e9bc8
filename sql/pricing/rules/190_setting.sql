-- The place of service says whether practice expense is that of a facility
-- (chapter 12, section 20.4.2).
create function pricing.apply_setting(
  p_gpci_release_id integer,
  p_place_release_id integer,
  p_is_facility boolean
)
returns table (step_code text, factor numeric, ceiling numeric, reason_code text)
language sql
stable
parallel safe
begin atomic
  select
    'setting' as step_code,
    null::numeric as factor,
    null::numeric as ceiling,
    told.reason_code
  from (
    select
      case
        when p_gpci_release_id is null or p_place_release_id is null then 'no_release'
        when p_is_facility is null then 'place_of_service_unknown'
      end as reason_code
  ) as told
  where told.reason_code is not null;
end;

comment on function pricing.apply_setting(
  integer, integer, boolean
)
is 'Step setting: indices and places are in force, and the place of service is one of them.';
