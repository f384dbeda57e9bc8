-- Where the row has relative values of the outpatient prospective payment system, the
-- amount is at most the same formula over them (section 1848(b)(4) of the Social
-- Security Act). The ceiling is told with the units, because they multiply before.
create function pricing.apply_opps_cap(
  p_units numeric,
  p_fee numeric,
  p_opps_cap numeric
)
returns table (step_code text, factor numeric, ceiling numeric, reason_code text)
language sql
stable
parallel safe
begin atomic
  select
    'opps_cap' as step_code,
    null::numeric as factor,
    trim_scale(p_opps_cap * p_units) as ceiling,
    null::text as reason_code
  where p_opps_cap < p_fee;
end;

comment on function pricing.apply_opps_cap(
  numeric, numeric, numeric
)
is 'Step opps_cap: the amount is at most what a hospital outpatient department would be paid.';
