-- Nurse practitioners, physician assistants, clinical nurse specialists, dietitians,
-- clinical social workers, marriage and family therapists and mental health counsellors
-- are paid a share of the schedule (42 CFR 414.52 to 414.64), by the taxonomy of the
-- rendering provider.
create function pricing.apply_provider_type(
  p_rendering_taxonomy text
)
returns table (step_code text, factor numeric, ceiling numeric, reason_code text)
language sql
stable
parallel safe
begin atomic
  select
    'provider_type' as step_code,
    null::numeric as factor,
    null::numeric as ceiling,
    told.reason_code
  from (
    select
      case
        when pricing.is_paid_share(p_rendering_taxonomy) then 'provider_type'
      end as reason_code
  ) as told
  where told.reason_code is not null;
end;

comment on function pricing.apply_provider_type(
  text
)
is 'Step provider_type: whether the rendering provider is paid the schedule in full.';
