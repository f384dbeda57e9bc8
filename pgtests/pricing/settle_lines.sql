-- Factors and ceilings change an amount in the order of the catalogue, whatever order
-- the rules have told them in, and nothing is rounded before the end.
begin;
\ir ../_support/fixture.sql
select plan(6);

create temporary table line (line pricing.line_to_settle);
create temporary table effect (effect pricing.line_effect);
create temporary view settled as
select settled.*
from pricing.settle_lines(
  array(select given.line from line as given),
  array(select given.effect from effect as given)
) as settled;

-- 33.335 dollars, no charge; half of a cent goes up.
insert into line values (row(1, 33.335, 32.3465, 1, null));
select results_eq(
  'select allowed_amount, step_codes, step_factors, step_amounts from settled',
  $$ values (
    33.34, '{fee_schedule}'::text[], '{32.3465}'::numeric[], '{33.335}'::numeric[]
  ) $$,
  'without effects the amount is the fee'
);

-- Bilateral 150 % of 33.335 is 50.0025; the second rank half of it, 25.00125; that is
-- below the cap of 40 dollars, and the charge of 25 dollars is below that.
truncate line, effect;
insert into line values (row(1, 33.335, 32.3465, 1, 25.00));
insert into effect values
(row(1, 'opps_cap', null, 40, null)),
(row(1, 'multiple_procedures', 0.5, null, null)),
(row(1, 'bilateral', 1.5, null, null));
select results_eq(
  'select allowed_amount, step_codes, step_factors, step_amounts from settled',
  $$ values (
    25.00,
    '{fee_schedule,bilateral,multiple_procedures,charge}'::text[],
    '{32.3465,1.5,0.5,null}'::numeric[],
    '{33.335,50.0025,25.00125,25.00}'::numeric[]
  ) $$,
  'each factor meets the amount before it, and a ceiling that does not bind is not told'
);

-- The cap meets the reduced amount: least(100 x 0.5, 60) is 50, where the cap first
-- would have given 30.
truncate line, effect;
insert into line values (row(1, 100, 32.3465, 1, null));
insert into effect values
(row(1, 'opps_cap', null, 60, null)),
(row(1, 'multiple_procedures', 0.5, null, null));
select results_eq(
  'select allowed_amount, step_amounts from settled',
  $$ values (50.00, '{100,50}'::numeric[]) $$,
  'a ceiling limits what the steps before it left'
);

-- A third of a third, nine decimals and more: no logarithm gives this.
truncate line, effect;
insert into line values (row(1, 81.123456789, 32.3465, 3, null));
insert into effect values
(row(1, 'bilateral', 0.123456789, null, null)),
(row(1, 'multiple_procedures', 0.85, null, null));
select results_eq(
  'select step_amounts from settled',
  $$ values (
    array[
      81.123456789,
      81.123456789 * 3,
      81.123456789 * 3 * 0.123456789,
      81.123456789 * 3 * 0.123456789 * 0.85
    ]
  ) $$,
  'products are exact'
);

truncate line, effect;
insert into line
select row(number.number, number.number, 32.3465, 2, 5)::pricing.line_to_settle
from generate_series(1, 4) as number (number);
insert into effect values
(row(2, 'bilateral', 2, null, null)),
(row(3, 'bilateral', 1, null, null));
select results_eq(
  $$
    select line_position, allowed_amount, step_codes from settled order by line_position
  $$,
  $$ values
    (1::bigint, 2.00, '{fee_schedule,units}'::text[]),
    (2::bigint, 5.00, '{fee_schedule,units,bilateral,charge}'::text[]),
    (3::bigint, 5.00, '{fee_schedule,units,charge}'::text[]),
    (4::bigint, 5.00, '{fee_schedule,units,charge}'::text[])
  $$,
  'every line has its own effects, and a factor of one is not told'
);
select is_empty(
  'select * from pricing.settle_lines(null, null)', 'no lines come to no lines'
);

select finish();
rollback;
