-- The batch was received on 2025-07-16, UTC. In the first time zone it may have been
-- the 17th already, but nowhere the 18th.
begin;
\ir ../../_support/fixture.sql
select plan(1);

call fixture.add_claim('the day of receipt', p_service_date => '2025-07-16');
call fixture.add_claim('the day after', p_service_date => '2025-07-17');
call fixture.add_claim(
  'ends the day after',
  p_service_date => '2025-07-16',
  p_service_date_to => '2025-07-17'
);
call fixture.add_claim('malformed, found at intake', p_service_date => null);

call fixture.add_claim('two days after', p_service_date => '2025-07-18');
call fixture.add_claim('ends two days after', p_service_date_to => '2025-07-18');
call fixture.add_claim(
  'begins and ends after',
  p_service_date => '2028-07-01',
  p_service_date_to => '2028-07-02'
);
call fixture.add_claim(
  'begins after and has no end', p_service_date => '2025-08-01'
);

select results_eq(
  $$ select * from fixture.findings('check_service_date_not_future') $$,
  $$ values
    ('begins after and has no end', 1, 'V013', 'date_of_service', '2025-08-01'),
    ('begins and ends after', 1, 'V013', 'date_of_service', '2028-07-01'),
    ('begins and ends after', 1, 'V013', 'date_of_service_to', '2028-07-02'),
    ('ends two days after', 1, 'V013', 'date_of_service_to', '2025-07-18'),
    ('two days after', 1, 'V013', 'date_of_service', '2025-07-18') $$,
  'V013: neither date of service is after the day of receipt in any time zone'
);

select finish();
rollback;
