-- The formula of the schedule. Nothing is rounded here: amounts are, once, at the end.
create function pricing.compute_fee(
  p_work_rvu numeric,
  p_practice_expense_rvu numeric,
  p_malpractice_rvu numeric,
  p_work_index numeric,
  p_practice_expense_index numeric,
  p_malpractice_index numeric,
  p_conversion_factor numeric
)
returns numeric
language sql
immutable
parallel safe
return (
  p_work_rvu * p_work_index
  + p_practice_expense_rvu * p_practice_expense_index
  + p_malpractice_rvu * p_malpractice_index
) * p_conversion_factor;

comment on function pricing.compute_fee(
  numeric, numeric, numeric, numeric, numeric, numeric, numeric
)
is 'Dollars of one unit: the relative values weighted by the indices of the locality, times the conversion factor.';
