-- Reasons stand in the rules and, with what they mean, in the catalogue: a line for each
-- reason of the catalogue, and no line has a reason that the catalogue lacks.
begin;
\ir ../../_support/pricing.sql
select plan(6);

call fixture.set_work_floor('2025-01-01', '2025-07-31');
do $$
declare
  v_status text;
begin
  foreach v_status in array string_to_array('B P I N M D F G H Q C J X E', ' ')
  loop
    call fixture.add_procedure('1000' || v_status, p_status_code => v_status);
    call fixture.add_line_to_price('status ' || v_status, '1000' || v_status);
  end loop;
  for v_status in
    select special.modifier
    from catalogue.payment_modifiers as special
    where special.effect = 'reason'
  loop
    call fixture.add_line_to_price(v_status, p_modifiers => array[v_status]);
  end loop;
end;
$$;
call fixture.add_procedure('1000T', p_status_code => 'T');
call fixture.add_procedure('10002', p_multiple_procedure => '2');
call fixture.add_procedure(
  '10003', p_work_rvu => 0, p_non_facility_pe_rvu => 0, p_facility_pe_rvu => 0,
  p_malpractice_rvu => 0
);
call fixture.add_locality('11111', '01', null, 1.000, 1, 1);
call fixture.add_zip('40001', '11111', '02', p_plus_four_required => true);
call fixture.add_release('rvu', '2026', '2026-01-01');
call fixture.add_procedure('99213', p_release => '2026');
call fixture.add_release('gpci', '2026', '2026-01-01');
call fixture.add_release('place_of_service', '2026', '2026-01-01');
call fixture.add_place_of_service('11', false, '2026');

call fixture.add_line_to_price('no release', p_service_date => '2019-01-01');
call fixture.add_line_to_price('no code', '99999');
call fixture.add_line_to_price('no row', p_modifiers => '{26}');
call fixture.add_line_to_price('no values', '10003');
call fixture.add_line_to_price('injection', '1000T', p_claim => 1);
call fixture.add_line_to_price('visit', p_claim => 1);
call fixture.add_line_to_price(
  'nurse practitioner', p_rendering_taxonomy => '363L00000X'
);
call fixture.add_line_to_price('no units', p_units => 0);
call fixture.add_line_to_price('no place', p_place_of_service => '98');
call fixture.add_line_to_price('no locality', p_carrier => '99999');
call fixture.add_line_to_price(
  'four digits', p_carrier => null, p_locality => null, p_service_zip => '40001'
);
call fixture.add_line_to_price(
  'nine digits', p_carrier => null, p_locality => null, p_service_zip => '400010001'
);
call fixture.add_line_to_price(
  'no list', p_carrier => null, p_locality => null, p_service_zip => '40001',
  p_service_date => '2026-07-01'
);
call fixture.add_line_to_price(
  'no index', p_carrier => '11111', p_locality => '01', p_service_date => '2025-08-01'
);
call fixture.add_line_to_price('two surgeries', '10002', p_units => 2);

select set_eq(
  'select reason from fixture.prices where reason is not null',
  'select reason.reason_code from catalogue.pricing_reasons as reason',
  'rules give the reasons of the catalogue, all of them and no other'
);
select is_empty(
  'select name from fixture.prices where status is null',
  'and each line has the status that the catalogue gives its reason'
);
select set_eq(
  $$
    select distinct step.code
    from fixture.prices
    cross join lateral unnest(prices.step_codes) as step (code)
    where not exists (
      select from catalogue.pricing_steps as known where known.step_code = step.code
    )
  $$,
  array[]::text[],
  'the steps of amounts are those of the catalogue'
);
select is_empty(
  $$
    select step.step_code
    from catalogue.pricing_steps as step
    group by grouping sets ((step.step_code), (step.place), (step.precedence))
    having count(*) > 1
  $$,
  'each step has a place and a precedence of its own'
);
select is_empty(
  $$
    select reason.reason_code
    from catalogue.pricing_reasons as reason
    where
      (reason.pricing_status = 'pended')
      <> (reason.group_code is null and reason.carc is null)
  $$,
  'what is adjusted to zero is reported on a remittance, and what waits is not yet'
);
select is_empty(
  $$
    select reason.reason_code
    from catalogue.pricing_reasons as reason
    where reason.title ~ '(^[A-Z]|\.$)' or reason.hint !~ '^[A-Z].*\.$'
  $$,
  'titles are phrases and hints are sentences'
);

select finish();
rollback;
