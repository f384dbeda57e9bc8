-- Without a release in force on the date of service nothing is priced: neither by the
-- release before nor by the one after.
begin;
\ir ../../_support/pricing.sql
select plan(3);

call fixture.add_line_to_price('the day before', p_service_date => '2024-12-31');
call fixture.add_line_to_price('the first day', p_service_date => '2025-01-01');
call fixture.add_line_to_price('the last day', p_service_date => '2025-12-31');
call fixture.add_line_to_price('the day after', p_service_date => '2026-01-01');
call fixture.add_line_to_price('no date', p_service_date => null);
select results_eq(
  'select name, status, reason, rvu_release_id, gpci_release_id from fixture.prices',
  $$ values
    ('the day before', 'pended', 'no_release', null, null),
    ('the first day', 'priced', null, fixture.release_id('rvu'),
      fixture.release_id('gpci')),
    ('the last day', 'priced', null, fixture.release_id('rvu'),
      fixture.release_id('gpci')),
    ('the day after', 'pended', 'no_release', null, null),
    ('no date', 'pended', 'no_release', null, null)
  $$,
  'a release holds from its first to its last day'
);
truncate fixture.lines_to_price;

-- Each kind in turn is in force for part of the year alone.
call fixture.add_release('rvu', 'spring', '2027-02-01', '2027-05-31');
call fixture.add_procedure('99213', p_release => 'spring');
call fixture.add_release('gpci', 'spring', '2027-03-01', '2027-06-30');
call fixture.add_locality('10112', '00', null, 1.000, 0.869, 0.575, 'spring');
call fixture.set_work_floor('2025-01-01', '2027-12-31');
call fixture.add_release('place_of_service', 'spring', '2027-01-01', '2027-04-30');
call fixture.add_place_of_service('11', false, 'spring');
call fixture.add_line_to_price('places alone', p_service_date => '2027-01-15');
call fixture.add_line_to_price('no indices', p_service_date => '2027-02-15');
call fixture.add_line_to_price('all', p_service_date => '2027-03-15');
call fixture.add_line_to_price('no places', p_service_date => '2027-05-15');
call fixture.add_line_to_price('indices alone', p_service_date => '2027-06-15');
-- The lines before name carrier and locality, and need no ZIP code file.
call fixture.add_line_to_price(
  'no ZIP code file', p_carrier => null, p_locality => null,
  p_service_zip => '35203', p_service_date => '2027-03-15'
);
select results_eq(
  'select name, status, reason from fixture.prices',
  $$ values
    ('places alone', 'pended', 'no_release'),
    ('no indices', 'pended', 'no_release'),
    ('all', 'priced', null),
    ('no places', 'pended', 'no_release'),
    ('indices alone', 'pended', 'no_release'),
    ('no ZIP code file', 'pended', 'zip_list_incomplete')
  $$,
  'relative values, indices and places must all be in force'
);
truncate fixture.lines_to_price;

update reference.periods_in_force
set qpp_status = 'qpp', valid_from = '2028-01-01', valid_to = '2028-12-31'
where kind = 'rvu' and qpp_status = 'qpp' and valid_from = '2025-01-01';
call fixture.add_line_to_price('in force for others', p_service_date => '2028-07-01');
select results_eq(
  'select name, status, reason from fixture.prices',
  $$ values ('in force for others', 'pended', 'no_release') $$,
  'a release for the other QPP status does not stand in'
);

select finish();
rollback;
