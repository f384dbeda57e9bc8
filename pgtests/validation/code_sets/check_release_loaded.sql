-- The releases named standard are in force from 2025-01-01 to 2025-12-31.
begin;
\ir ../../_support/fixture.sql
select plan(4);

call fixture.add_claim('the first day', p_service_date => '2025-01-01');
call fixture.add_claim('the last day', p_service_date => '2025-12-31');
call fixture.add_claim('malformed, found at intake', p_service_date => null);
call fixture.add_claim('the day before', p_service_date => '2024-12-31');
call fixture.add_claim('line 2 a day after', p_service_date => '2025-12-31');
call fixture.add_line('line 2 a day after', p_service_date => '2026-01-01');

select results_eq(
  $$ select * from fixture.findings('check_release_loaded') $$,
  $$ values
    ('line 2 a day after', 2, 'V026', 'hcpcs', '2026-01-01'),
    ('line 2 a day after', 2, 'V026', 'place_of_service', '2026-01-01'),
    ('the day before', 0, 'V026', 'diagnoses', '2024-12-31'),
    ('the day before', 1, 'V026', 'hcpcs', '2024-12-31'),
    ('the day before', 1, 'V026', 'place_of_service', '2024-12-31') $$,
  'V026: every code that no release can judge is reported'
);

-- Only the fee schedule goes on, and only for those who are no qualifying participants.
call fixture.add_release('rvu', '2026', '2026-01-01', null, 'non_qpp');
select results_eq(
  $$
    select field, value
    from fixture.findings('check_release_loaded')
    where claim = 'line 2 a day after'
  $$,
  $$ values ('place_of_service', '2026-01-01') $$,
  'V026: lists are looked at one by one'
);

update queue.settings set qpp_status = 'qpp';
select results_eq(
  $$
    select field, value
    from fixture.findings('check_release_loaded')
    where claim = 'line 2 a day after'
  $$,
  $$ values ('hcpcs', '2026-01-01'), ('place_of_service', '2026-01-01') $$,
  'V026: a release for others does not count'
);

truncate reference.releases cascade;
select is(
  (
    select count(*)::integer
    from fixture.findings('check_release_loaded')
    where claim = 'the first day'
  ),
  3,
  'V026: with nothing loaded at all, each list is reported'
);

select finish();
rollback;
