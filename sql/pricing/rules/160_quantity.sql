-- Units multiply the fee, and the charge limits it: neither can be zero.
create function pricing.apply_quantity(
  p_units numeric,
  p_charge numeric
)
returns table (step_code text, factor numeric, ceiling numeric, reason_code text)
language sql
stable
parallel safe
begin atomic
  select
    'quantity' as step_code,
    null::numeric as factor,
    null::numeric as ceiling,
    told.reason_code
  from (
    select
      case
        when not coalesce(p_units > 0 and coalesce(p_charge > 0, true), false)
          then 'not_above_zero'
      end as reason_code
  ) as told
  where told.reason_code is not null;
end;

comment on function pricing.apply_quantity(
  numeric, numeric
)
is 'Step quantity: units and, where one is given, the charge are above zero.';
