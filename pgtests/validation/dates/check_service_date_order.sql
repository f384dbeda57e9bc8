begin;
\ir ../../_support/fixture.sql
select plan(1);

call fixture.add_claim('no end', p_service_date_to => null);
call fixture.add_claim('ends the same day', p_service_date_to => '2025-07-01');
call fixture.add_claim('ends the day after', p_service_date_to => '2025-07-02');
call fixture.add_claim(
  'no begin, found at intake',
  p_service_date => null,
  p_service_date_to => '2025-07-01'
);
call fixture.add_claim('ends the day before', p_service_date_to => '2025-06-30');
call fixture.add_claim('line 2 ends the year before');
call fixture.add_line(
  'line 2 ends the year before', p_service_date_to => '2024-07-01'
);

select results_eq(
  $$ select * from fixture.findings('check_service_date_order') $$,
  $$ values
    ('ends the day before', 1, 'V012', 'date_of_service_to', '2025-06-30'),
    ('line 2 ends the year before', 2, 'V012', 'date_of_service_to', '2024-07-01') $$,
  'V012: the service does not end before it begins'
);

select finish();
rollback;
