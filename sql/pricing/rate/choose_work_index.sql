create function pricing.choose_work_index(
  p_work_floor boolean,
  p_work_gpci numeric,
  p_work_gpci_floored numeric
)
returns numeric
language sql
immutable
parallel safe
return
case
  when p_work_floor then coalesce(p_work_gpci_floored, greatest(p_work_gpci, 1.000))
  else p_work_gpci
end;

comment on function pricing.choose_work_index(boolean, numeric, numeric)
is 'The work index that holds where the floor is law, and where it is not: null where that one is not published.';
