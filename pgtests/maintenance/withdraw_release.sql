-- A release that was a mistake goes out of force, and what it superseded comes back.
begin;
\ir ../_support/fixture.sql
select plan(12);

create temporary table loaded (release_id integer);
create function pg_temp.load(p_name text, p_from date)
returns integer
language plpgsql
as $$
declare
  v_id integer;
begin
  v_id := maintenance.register_release(
    'place_of_service', 'both', p_name, p_from, null, false, p_name,
    sha256(p_name::bytea), 1
  );
  insert into reference.place_of_service_codes values (v_id, '11', false, 'Office');
  perform maintenance.refresh_periods('place_of_service');
  return v_id;
end;
$$;
create function pg_temp.in_force(p_day date)
returns text
language sql
as $$
  select release.name
  from reference.periods_in_force as period
  inner join reference.releases as release on period.release_id = release.release_id
  where
    period.kind = 'place_of_service'
    and period.qpp_status = 'qpp'
    and p_day between period.valid_from and period.valid_to
$$;

select pg_temp.load('first', '2025-01-01');
insert into loaded select pg_temp.load('mistake', '2025-02-01');
select is(pg_temp.in_force('2025-03-01'), 'mistake', 'the newer one is in force');
select is(
  maintenance.withdraw_release((select release_id from loaded), ' wrong file '),
  'place_of_service', 'it is withdrawn'
);
select is(
  pg_temp.in_force('2025-03-01'), 'first', 'and what it superseded is in force again'
);
select row_eq(
  $$
    select
      release.withdrawn_at = now(),
      release.withdrawn_by = session_user,
      release.withdrawn_reason
    from reference.releases as release
    where release.release_id = (select release_id from loaded)
  $$,
  row(true, true, 'wrong file'::text),
  'with when, by whom and why'
);
select isnt_empty(
  $$
    select from reference.place_of_service_codes as code
    where code.release_id = (select release_id from loaded)
  $$,
  'its rows stay'
);
select results_eq(
  $$
    select event.detail ->> 'name', event.detail ->> 'reason'
    from audit.events as event
    where event.action = 'release.withdrawn'
  $$,
  $$ values ('mistake', 'wrong file') $$,
  'that is recorded'
);
select throws_ok(
  'select maintenance.withdraw_release((select release_id from loaded), ''again'')',
  'PL017', null, 'not twice'
);
select throws_ok(
  'select maintenance.withdraw_release(0, ''none'')', 'PL016', null, 'none that is not there'
);
select throws_ok(
  'select maintenance.withdraw_release((select release_id from loaded), E''\n '')',
  'PL018', null, 'not without a reason'
);
select isnt(
  pg_temp.load('mistake', '2025-02-01'), (select release_id from loaded),
  'the same content can be loaded again, as another release'
);
select is(pg_temp.in_force('2025-03-01'), 'mistake', 'which is in force');

select is(
  (select count(*) from maintenance.claims_priced_by((select release_id from loaded))),
  0::bigint, 'nothing was priced by it'
);

select finish();
rollback;
