-- A release is registered before its rows are copied; the same content for the same
-- kind, status and period is loaded once.
begin;
\ir ../_support/fixture.sql
select plan(10);

create function pg_temp.register(
  p_kind text default 'rvu',
  p_qpp_status text default 'both',
  p_valid_from date default '2024-01-01',
  p_valid_to date default '2024-03-31',
  p_content text default 'content',
  p_row_count integer default 12,
  p_name text default 'RVU24A',
  p_is_starter boolean default false
)
returns integer
language sql
as $$
  select maintenance.register_release(
    p_kind, p_qpp_status, p_name, p_valid_from, p_valid_to, p_is_starter,
    'PPRRVU24_JAN.csv', sha256(p_content::bytea), p_row_count
  )
$$;

create temporary table first as select pg_temp.register() as release_id;
select results_eq(
  $$
    select
      release.kind, release.qpp_status, release.name, release.valid_from,
      release.valid_to, release.is_starter, release.file_name, release.file_sha256,
      release.row_count, release.loaded_at, release.loaded_by = session_user
    from reference.releases as release
    inner join first on release.release_id = first.release_id
  $$,
  $$ values (
    'rvu', 'both', 'RVU24A', date '2024-01-01', date '2024-03-31', false,
    'PPRRVU24_JAN.csv', sha256('content'), 12, now(), true
  ) $$,
  'a release says what it is, whence it came, and who loaded it'
);
select results_eq(
  $$
    select event.detail
    from audit.events as event
    where event.action = 'release.loaded' and event.detail ->> 'name' = 'RVU24A'
  $$,
  $$
    select
      jsonb_build_object(
        'release_id', first.release_id, 'kind', 'rvu', 'name', 'RVU24A',
        'file_sha256', encode(sha256('content'), 'hex'), 'rows', 12
      )
    from first
  $$,
  'with an audit event'
);
select is(pg_temp.register(), null, 'the same content once more is not loaded');
select is(
  pg_temp.register(p_name => 'another name', p_is_starter => true), null,
  'whatever it is called'
);
select isnt(pg_temp.register(p_content => 'other'), null, 'other content is');
select isnt(pg_temp.register(p_qpp_status => 'qpp'), null, 'and so is another status');
select isnt(
  pg_temp.register(p_valid_to => null), null, 'or another period, an open one too'
);
select is(
  pg_temp.register(p_valid_to => null), null, 'of which there is one'
);
select throws_ok(
  $$ select pg_temp.register(p_kind => 'recipes') $$, '23514', null,
  'what is no kind of reference data is refused'
);
select throws_ok(
  $$ select pg_temp.register(p_row_count => 0, p_content => 'none') $$, '23514', null,
  'and so is a release without rows'
);

select finish();
rollback;
