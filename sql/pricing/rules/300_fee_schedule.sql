-- The formula lacks one thing when all else is found: the index of a file that has the
-- work index with the floor of 1.0 alone, on a date on which the floor is not law.
create function pricing.apply_fee_schedule(
  p_locality_found boolean,
  p_status_code text,
  p_fee numeric
)
returns table (step_code text, factor numeric, ceiling numeric, reason_code text)
language sql
stable
parallel safe
begin atomic
  select
    'fee_schedule' as step_code,
    null::numeric as factor,
    null::numeric as ceiling,
    told.reason_code
  from (
    select
      case
        when p_status_code is not null and p_locality_found and p_fee is null
          then 'work_index_missing'
      end as reason_code
  ) as told
  where told.reason_code is not null;
end;

comment on function pricing.apply_fee_schedule(
  boolean, text, numeric
)
is 'Step fee_schedule: the work index that holds on the date is published.';
