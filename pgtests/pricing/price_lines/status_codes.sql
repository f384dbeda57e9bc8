-- What the status code of the row says goes before all arithmetic.
begin;
\ir ../../_support/pricing.sql
select plan(3);

do $$
declare
  v_status_code text;
begin
  foreach v_status_code in array string_to_array('A R T B P C J X E I N M D F G H Q', ' ')
  loop
    call fixture.add_procedure('1000' || v_status_code, p_status_code => v_status_code);
    call fixture.add_line_to_price(v_status_code, '1000' || v_status_code);
    call fixture.add_procedure(
      '2000' || v_status_code, p_status_code => v_status_code, p_work_rvu => 0,
      p_non_facility_pe_rvu => 0, p_facility_pe_rvu => 0, p_malpractice_rvu => 0
    );
    call fixture.add_line_to_price(
      v_status_code || ' without relative values', '2000' || v_status_code
    );
  end loop;
end;
$$;

select results_eq(
  $$
    select name, status, reason, allowed_amount
    from fixture.prices
    where name not like '% without %'
  $$,
  $$ values
    ('A', 'priced', null, 81.86),
    ('R', 'priced', null, 81.86),
    ('T', 'priced', null, 81.86),
    ('B', 'bundled', 'bundled', 0.00),
    ('P', 'bundled', 'bundled', 0.00),
    ('C', 'pended', 'contractor_priced', null),
    ('J', 'pended', 'anesthesia', null),
    ('X', 'pended', 'other_schedule', null),
    ('E', 'pended', 'other_schedule', null),
    ('I', 'not_covered', 'not_valid_for_medicare', 0.00),
    ('N', 'not_covered', 'not_covered', 0.00),
    ('M', 'not_covered', 'reporting_only', 0.00),
    ('D', 'not_covered', 'legacy_status', 0.00),
    ('F', 'not_covered', 'legacy_status', 0.00),
    ('G', 'not_covered', 'legacy_status', 0.00),
    ('H', 'not_covered', 'legacy_status', 0.00),
    ('Q', 'not_covered', 'legacy_status', 0.00)
  $$,
  'each status code is paid, waits, or comes to nothing'
);

-- An amount of zero would be invented: a payable code without relative values waits.
select results_eq(
  $$
    select name, status, reason, allowed_amount
    from fixture.prices
    where name like '% without %'
  $$,
  $$ values
    ('A without relative values', 'pended', 'no_relative_values', null),
    ('R without relative values', 'pended', 'contractor_priced', null),
    ('T without relative values', 'pended', 'no_relative_values', null),
    ('B without relative values', 'bundled', 'bundled', 0.00),
    ('P without relative values', 'bundled', 'bundled', 0.00),
    ('C without relative values', 'pended', 'contractor_priced', null),
    ('J without relative values', 'pended', 'anesthesia', null),
    ('X without relative values', 'pended', 'other_schedule', null),
    ('E without relative values', 'pended', 'other_schedule', null),
    ('I without relative values', 'not_covered', 'not_valid_for_medicare', 0.00),
    ('N without relative values', 'not_covered', 'not_covered', 0.00),
    ('M without relative values', 'not_covered', 'reporting_only', 0.00),
    ('D without relative values', 'not_covered', 'legacy_status', 0.00),
    ('F without relative values', 'not_covered', 'legacy_status', 0.00),
    ('G without relative values', 'not_covered', 'legacy_status', 0.00),
    ('H without relative values', 'not_covered', 'legacy_status', 0.00),
    ('Q without relative values', 'not_covered', 'legacy_status', 0.00)
  $$,
  'without relative values, a restricted code is the contractor''s, and another waits'
);

select throws_ok(
  $$ call fixture.add_procedure('10009', p_status_code => 'Z') $$,
  '23514', null,
  'a status code that has no treatment here cannot be loaded'
);

select finish();
rollback;
