begin;
\ir ../../_support/fixture.sql
select plan(1);

call fixture.add_claim('one line', p_charge => 120.00, p_total_charge => 120.00);
call fixture.add_claim('three lines', p_charge => 0.10, p_total_charge => 0.60);
call fixture.add_line('three lines', p_charge => 0.20);
call fixture.add_line('three lines', p_charge => 0.30);

call fixture.add_claim('a cent too much', p_charge => 120.00, p_total_charge => 120.01);
call fixture.add_claim('a cent short', p_charge => 0.10, p_total_charge => 0.59);
call fixture.add_line('a cent short', p_charge => 0.20);
call fixture.add_line('a cent short', p_charge => 0.30);
call fixture.add_claim('the first line alone', p_charge => 5, p_total_charge => 5);
call fixture.add_line('the first line alone', p_charge => 7);
call fixture.add_claim(
  'more than a total can be', p_charge => 9999999999.99, p_total_charge => 0
);
call fixture.add_line('more than a total can be', p_charge => 9999999999.99);

select results_eq(
  $$ select * from fixture.findings('check_charges_add_up') $$,
  $$ values
    ('a cent short', 0, 'V033', 'total_charge', '0.59, lines 0.60'),
    ('a cent too much', 0, 'V033', 'total_charge', '120.01, lines 120.00'),
    ('more than a total can be', 0, 'V033', 'total_charge', '0.00, lines 19999999999.98'),
    ('the first line alone', 0, 'V033', 'total_charge', '5.00, lines 12.00') $$,
  'V033: the line charges add up to the claim charge, to the cent'
);

select finish();
rollback;
