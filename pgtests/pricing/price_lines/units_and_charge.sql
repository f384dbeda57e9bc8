-- Units multiply the amount; the charge of the line limits it.
begin;
\ir ../../_support/pricing.sql
select plan(2);

-- 81.857670225 for one unit.
create procedure pg_temp.add_line(p_name text, p_units numeric, p_charge numeric)
language sql
as $$
  call fixture.add_line_to_price(p_name, p_units => p_units, p_charge => p_charge)
$$;
call pg_temp.add_line('one unit', 1, null);
call pg_temp.add_line('one unit, written at length', 1.000, null);
call pg_temp.add_line('three units', 3, null);
call pg_temp.add_line('half a unit', 0.5, null);
call pg_temp.add_line('a million units', 999999, null);
call pg_temp.add_line('a higher charge', 1, 120.00);
call pg_temp.add_line('a charge of a fraction of a cent more', 1, 81.86);
call pg_temp.add_line('a charge of a fraction of a cent less', 1, 81.85);
call pg_temp.add_line('a lower charge', 1, 50.00);
call pg_temp.add_line('a charge below three units', 3, 200.00);
call pg_temp.add_line('a charge above three units', 3, 300.00);
call pg_temp.add_line('a cent', 1, 0.01);
select results_eq(
  'select name, allowed_amount, step_codes, step_factors, step_amounts from fixture.prices',
  $$ values
    ('one unit', 81.86, '{fee_schedule}'::text[], '{32.3465}'::numeric[], '{81.857670225}'::numeric[]),
    ('one unit, written at length', 81.86, '{fee_schedule}', '{32.3465}', '{81.857670225}'),
    ('three units', 245.57, '{fee_schedule,units}', '{32.3465,3}', '{81.857670225,245.573010675}'),
    ('half a unit', 40.93, '{fee_schedule,units}', '{32.3465,0.5}', '{81.857670225,40.9288351125}'),
    ('a million units', 81857588.37, '{fee_schedule,units}', '{32.3465,999999}', '{81.857670225,81857588.367329775}'),
    ('a higher charge', 81.86, '{fee_schedule}', '{32.3465}', '{81.857670225}'),
    ('a charge of a fraction of a cent more', 81.86, '{fee_schedule}', '{32.3465}', '{81.857670225}'),
    ('a charge of a fraction of a cent less', 81.85, '{fee_schedule,charge}', '{32.3465,null}', '{81.857670225,81.85}'),
    ('a lower charge', 50.00, '{fee_schedule,charge}', '{32.3465,null}', '{81.857670225,50}'),
    ('a charge below three units', 200.00, '{fee_schedule,units,charge}', '{32.3465,3,null}', '{81.857670225,245.573010675,200}'),
    ('a charge above three units', 245.57, '{fee_schedule,units}', '{32.3465,3}', '{81.857670225,245.573010675}'),
    ('a cent', 0.01, '{fee_schedule,charge}', '{32.3465,null}', '{81.857670225,0.01}')
  $$,
  'units, and then the lower of amount and charge'
);
truncate fixture.lines_to_price;

call pg_temp.add_line('no units', null, 120.00);
call pg_temp.add_line('zero units', 0, 120.00);
call pg_temp.add_line('negative units', -1, 120.00);
call pg_temp.add_line('zero charge', 1, 0);
call pg_temp.add_line('negative charge', 1, -120.00);
call pg_temp.add_line('nothing at all', null, null);
select results_eq(
  'select name, status, reason, allowed_amount from fixture.prices',
  $$ values
    ('no units', 'pended', 'not_above_zero', null::numeric),
    ('zero units', 'pended', 'not_above_zero', null),
    ('negative units', 'pended', 'not_above_zero', null),
    ('zero charge', 'pended', 'not_above_zero', null),
    ('negative charge', 'pended', 'not_above_zero', null),
    ('nothing at all', 'pended', 'not_above_zero', null)
  $$,
  'what is not above zero gives no amount, and a charge does not stand in for one'
);

select finish();
rollback;
