begin;
\ir ../../_support/fixture.sql
select plan(1);

call fixture.add_claim('a cent', p_charge => 0.01);
call fixture.add_claim('the most there can be', p_charge => 9999999999.99);
call fixture.add_claim('nothing', p_charge => 0);
call fixture.add_claim('line 2 negative');
call fixture.add_line('line 2 negative', p_charge => -0.01);

select results_eq(
  $$ select * from fixture.findings('check_charge_positive') $$,
  $$ values
    ('line 2 negative', 2, 'V032', 'charge', '-0.01'),
    ('nothing', 1, 'V032', 'charge', '0.00') $$,
  'V032: a line has a charge'
);

select finish();
rollback;
