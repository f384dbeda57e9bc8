-- Carrier and locality, or the ZIP code that gives them, have indices. What is missing
-- is told by its name: four digits, the file that knows them, or a ZIP code that a list
-- lacks which is missing or not complete for that date.
create function pricing.apply_locality(
  p_names_carrier boolean,
  p_service_zip text,
  p_zip_list_complete boolean,
  p_zip_listed boolean,
  p_plus_four_required boolean,
  p_locality_found boolean
)
returns table (step_code text, factor numeric, ceiling numeric, reason_code text)
language sql
stable
parallel safe
begin atomic
  select
    'locality' as step_code,
    null::numeric as factor,
    null::numeric as ceiling,
    told.reason_code
  from (
    select
      case
        when not p_names_carrier and p_plus_four_required and length(p_service_zip) = 9
          then 'zip_plus_four_unlisted'
        when not p_names_carrier and p_plus_four_required then 'zip_plus_four'
        when
          not p_names_carrier
          and p_service_zip is not null
          and not p_zip_listed
          and not p_zip_list_complete
          then 'zip_list_incomplete'
        when not p_locality_found then 'locality_unknown'
      end as reason_code
  ) as told
  where told.reason_code is not null;
end;

comment on function pricing.apply_locality(
  boolean, text, boolean, boolean, boolean, boolean
)
is 'Step locality: the line has a payment locality with indices.';
