-- The status code of the row, as CMS describes it beside the relative value file. A and
-- T are payable, R too where it has relative values; what is paid under another
-- schedule is not denied, it waits.
create function pricing.apply_status(
  p_status_code text
)
returns table (step_code text, factor numeric, ceiling numeric, reason_code text)
language sql
stable
parallel safe
begin atomic
  select
    'status' as step_code,
    null::numeric as factor,
    null::numeric as ceiling,
    told.reason_code
  from (
    select
      case
        when p_status_code in ('B', 'P') then 'bundled'
        when p_status_code = 'I' then 'not_valid_for_medicare'
        when p_status_code = 'N' then 'not_covered'
        when p_status_code = 'M' then 'reporting_only'
        when p_status_code in ('D', 'F', 'G', 'H', 'Q') then 'legacy_status'
        when p_status_code = 'C' then 'contractor_priced'
        when p_status_code = 'J' then 'anesthesia'
        when p_status_code in ('X', 'E') then 'other_schedule'
      end as reason_code
  ) as told
  where told.reason_code is not null;
end;

comment on function pricing.apply_status(
  text
)
is 'Step status: what the status code of the row says of payment.';
