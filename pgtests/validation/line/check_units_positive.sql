begin;
\ir ../../_support/fixture.sql
select plan(1);

call fixture.add_claim('one', p_units => 1);
call fixture.add_claim('a thousandth', p_units => 0.001);
call fixture.add_claim('none', p_units => 0);
call fixture.add_claim('negative on line 2');
call fixture.add_line('negative on line 2', p_units => -1);

select results_eq(
  $$ select * from fixture.findings('check_units_positive') $$,
  $$ values
    ('negative on line 2', 2, 'V030', 'units', '-1.000'),
    ('none', 1, 'V030', 'units', '0.000') $$,
  'V030: units are above zero'
);

select finish();
rollback;
