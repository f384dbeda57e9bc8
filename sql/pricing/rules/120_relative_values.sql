-- A row that is payable and has nothing to compute an amount from. Restricted services
-- without relative values are the contractor's to price.
create function pricing.apply_relative_values(
  p_status_code text,
  p_has_relative_values boolean
)
returns table (step_code text, factor numeric, ceiling numeric, reason_code text)
language sql
stable
parallel safe
begin atomic
  select
    'relative_values' as step_code,
    null::numeric as factor,
    null::numeric as ceiling,
    told.reason_code
  from (
    select
      case
        when not p_has_relative_values then case p_status_code
          when 'R' then 'contractor_priced' else 'no_relative_values'
        end
      end as reason_code
  ) as told
  where told.reason_code is not null;
end;

comment on function pricing.apply_relative_values(
  text, boolean
)
is 'Step relative_values: a payable row has relative values.';
