begin;
\ir ../../_support/fixture.sql
select plan(2);

-- The window of the settings: 36 months before that of receipt.
call fixture.add_claim('the first day kept', p_service_date => '2022-07-01');
call fixture.add_claim('the day before', p_service_date => '2022-06-30');
call fixture.add_claim('another century', p_service_date => '1900-01-01');
call fixture.add_claim('malformed, found at intake', p_service_date => null);
call fixture.add_claim('line 2 too old');
call fixture.add_line('line 2 too old', p_service_date => '2022-06-30');

select results_eq(
  $$ select * from fixture.findings('check_service_date_in_window') $$,
  $$ values
    ('another century', 1, 'V014', 'date_of_service', '1900-01-01'),
    ('line 2 too old', 2, 'V014', 'date_of_service', '2022-06-30'),
    ('the day before', 1, 'V014', 'date_of_service', '2022-06-30') $$,
  'V014: the date of service is in a month that is kept'
);

update queue.settings set service_months_back = 37;
select results_eq(
  $$ select claim from fixture.findings('check_service_date_in_window') $$,
  $$ values ('another century') $$,
  'V014: how many months are kept is a setting'
);

select finish();
rollback;
