begin;
\ir ../../_support/fixture.sql
select plan(1);

call fixture.add_claim('one', p_units => 1);
call fixture.add_claim('many', p_units => 999999);
call fixture.add_claim('whole with decimals', p_units => 2.000);
call fixture.add_claim('none is for V030', p_units => 0);
call fixture.add_claim('half', p_units => 0.5);
call fixture.add_claim('line 2 a thousandth too many');
call fixture.add_line('line 2 a thousandth too many', p_units => 1.001);
call fixture.add_claim('negative', p_units => -1.5);

select results_eq(
  $$ select * from fixture.findings('check_units_whole') $$,
  $$ values
    ('half', 1, 'V031', 'units', '0.500'),
    ('line 2 a thousandth too many', 2, 'V031', 'units', '1.001'),
    ('negative', 1, 'V031', 'units', '-1.500') $$,
  'V031: units are whole'
);

select finish();
rollback;
