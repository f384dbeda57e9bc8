-- Nothing is priced by a release of another date, nor by the row of another modifier.
-- Modifier 53 without a row of its own is individual consideration, and of 26, TC and
-- 53 a line has one.
create function pricing.apply_row(
  p_rvu_release_id integer,
  p_status_code text,
  p_hcpcs text,
  p_modifiers text[],
  p_row_modifier text
)
returns table (step_code text, factor numeric, ceiling numeric, reason_code text)
language sql
stable
parallel safe
begin atomic
  select
    'row' as step_code,
    null::numeric as factor,
    null::numeric as ceiling,
    told.reason_code
  from (
    select
      case
        when p_rvu_release_id is null then 'no_release'
        when p_row_modifier <> '' and (
          select count(*)
          from unnest(p_modifiers) as given (modifier)
          where given.modifier in ('26', 'TC', '53')
        ) > 1 then 'modifier_row_missing'
        when p_status_code is not null then null
        when p_row_modifier <> '' and exists (
          select from reference.procedure_rvus as rvu
          where rvu.release_id = p_rvu_release_id and rvu.hcpcs = p_hcpcs
        ) then 'modifier_row_missing'
        else 'unknown_code'
      end as reason_code
  ) as told
  where told.reason_code is not null;
end;

comment on function pricing.apply_row(
  integer, text, text, text[], text
)
is 'Step row: the release in force has a row for the code and its modifier.';
