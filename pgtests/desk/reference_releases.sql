-- Every release that was loaded, when it is in force, and what took dates from it.
begin;
\ir ../_support/fixture.sql
select plan(2);

truncate reference.releases cascade;
truncate fixture.releases;
call fixture.add_release('rvu', 'starter', '2025-01-01', p_is_starter => true);
call fixture.add_release('rvu', 'A', '2025-01-01', '2025-12-31');
call fixture.add_release('rvu', 'B', '2025-04-01', '2025-06-30', 'qpp');
call fixture.add_release('rvu', 'C', '2025-10-01');
call fixture.add_release('gpci', 'A', '2025-01-01', '2025-12-31');

select results_eq(
  $$
    select
      release.kind, release.name, release.qpp_status, release.valid_from,
      release.valid_to, release.in_force, release.superseded_by,
      release.row_count, release.is_starter, release.file_name
    from pipeline.reference_releases as release
    order by release.release_id
  $$,
  $$ values
    ('rvu', 'starter', 'both', date '2025-01-01', null::date, null::datemultirange,
      array[fixture.release_id('rvu', 'A'), fixture.release_id('rvu', 'B'),
      fixture.release_id('rvu', 'C')], 1, true, 'starter.csv'),
    ('rvu', 'A', 'both', '2025-01-01', '2025-12-31', '{[2025-01-01,2025-10-01)}',
      array[fixture.release_id('rvu', 'B'), fixture.release_id('rvu', 'C')], 1, false,
      'A.csv'),
    ('rvu', 'B', 'qpp', '2025-04-01', '2025-06-30', '{[2025-04-01,2025-07-01)}', null,
      1, false, 'B.csv'),
    ('rvu', 'C', 'both', '2025-10-01', null, '{[2025-10-01,)}', null, 1, false,
      'C.csv'),
    ('gpci', 'A', 'both', '2025-01-01', '2025-12-31', '{[2025-01-01,2026-01-01)}',
      null, 1, false, 'A.csv')
  $$,
  'each release shows its dates in force, and by what it was superseded'
);
select is_empty(
  $$
    select release.release_id
    from pipeline.reference_releases as release
    where
      release.file_sha256
      <> sha256(convert_to(release.kind || release.name, 'UTF8'))
  $$,
  'and the file that it came from'
);

select finish();
rollback;
