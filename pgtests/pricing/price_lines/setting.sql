-- The place of service decides between the practice expense in facilities and that
-- outside. An NA indicator says that the service is rare there; it is priced all the
-- same.
begin;
\ir ../../_support/pricing.sql
select plan(2);

-- 99213 outside: (1.30 × 1.000 + 1.35 × 0.869 + 0.10 × 0.575) × 32.3465 = 81.85767…
-- in a facility: (1.30 × 1.000 + 0.57 × 0.869 + 0.10 × 0.575) × 32.3465 = 59.93256…
call fixture.add_line_to_price('an office');
call fixture.add_line_to_price('a hospital', p_place_of_service => '21');
call fixture.add_procedure('10001', p_facility_na => true, p_non_facility_na => true);
call fixture.add_line_to_price('NA in an office', '10001');
call fixture.add_line_to_price('NA in a hospital', '10001', p_place_of_service => '21');
select results_eq(
  'select name, status, allowed_amount from fixture.prices',
  $$ values
    ('an office', 'priced', 81.86),
    ('a hospital', 'priced', 59.93),
    ('NA in an office', 'priced', 81.86),
    ('NA in a hospital', 'priced', 59.93)
  $$,
  'each setting has its practice expense'
);
truncate fixture.lines_to_price;

call fixture.add_place_of_service('30', null);
call fixture.add_line_to_price('an unassigned place', p_place_of_service => '30');
call fixture.add_line_to_price('an unknown place', p_place_of_service => '98');
call fixture.add_line_to_price('no place', p_place_of_service => null);
select results_eq(
  'select name, status, reason, allowed_amount from fixture.prices',
  $$ values
    ('an unassigned place', 'pended', 'place_of_service_unknown', null::numeric),
    ('an unknown place', 'pended', 'place_of_service_unknown', null),
    ('no place', 'pended', 'place_of_service_unknown', null)
  $$,
  'a place without a setting makes the line wait'
);

select finish();
rollback;
