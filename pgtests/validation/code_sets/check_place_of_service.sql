begin;
\ir ../../_support/fixture.sql
select plan(2);

call fixture.add_place_of_service('30', null);
call fixture.add_claim('office', p_place_of_service => '11');
call fixture.add_claim('hospital', p_place_of_service => '21');
call fixture.add_claim('malformed, found at intake', p_place_of_service => null);
call fixture.add_claim(
  'no release', p_place_of_service => '00', p_service_date => '2024-12-31'
);
call fixture.add_claim('unassigned', p_place_of_service => '30');
call fixture.add_claim('line 2 unknown');
call fixture.add_line('line 2 unknown', p_place_of_service => '00');

select results_eq(
  $$ select * from fixture.findings('check_place_of_service') $$,
  $$ values
    ('line 2 unknown', 2, 'V025', 'place_of_service', '00'),
    ('unassigned', 1, 'V025', 'place_of_service', '30') $$,
  'V025: the place of service is assigned'
);
call fixture.remove_claims();

call fixture.add_release('place_of_service', 'July', '2025-07-01');
call fixture.add_place_of_service('27', false, 'July');
call fixture.add_claim(
  'before it was assigned', p_place_of_service => '27', p_service_date => '2025-06-30'
);
call fixture.add_claim(
  'its first day', p_place_of_service => '27', p_service_date => '2025-07-01'
);

select results_eq(
  $$ select claim from fixture.findings('check_place_of_service') $$,
  $$ values ('before it was assigned') $$,
  'V025: the codes are those in force on the date of service of the line'
);

select finish();
rollback;
