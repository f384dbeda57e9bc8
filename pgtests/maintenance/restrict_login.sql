-- Which submitters' rows a login reads, and that nobody chooses that for itself.
begin;
\ir ../_support/fixture.sql
select plan(9);

call fixture.add_claim('moved');
call fixture.process('batch');
call maintenance.add_submitter('second');

create function pg_temp.seen()
returns bigint
language plpgsql
as $$
declare
  v_seen bigint;
begin
  set local role claims_analyst;
  select count(*) into v_seen from production.claims;
  reset role;
  return v_seen;
end;
$$;

select is(pg_temp.seen(), 1::bigint, 'who is not restricted sees all');
call maintenance.restrict_login(session_user, '{second}');
select is(pg_temp.seen(), 0::bigint, 'who is sees nothing of another submitter');
select results_eq(
  $$
    select event.detail
    from audit.events as event
    where event.action = 'login.restricted'
  $$,
  $$
    select jsonb_build_object('login', session_user, 'submitters', array['second'])
  $$,
  'that is recorded'
);
call maintenance.restrict_login(session_user, '{default,second}');
select is(pg_temp.seen(), 1::bigint, 'the later call holds');
call maintenance.restrict_login(session_user, '{}');
select is(pg_temp.seen(), 1::bigint, 'and can let all be seen again');

select throws_ok(
  'call maintenance.restrict_login(''nobody'', ''{second}'')', 'PL014',
  'there is no login ''nobody''', 'a login that there is not'
);
select throws_ok(
  'call maintenance.restrict_login(session_user, ''{second,third}'')', 'PL001',
  'the submitter ''third'' does not exist', 'a submitter that there is not'
);
select throws_ok(
  $$
    set local role claims_analyst;
    call maintenance.restrict_login('claims_analyst', '{}')
  $$,
  '42501', null, 'an analyst does not choose'
);
select throws_ok(
  $$
    set local role claims_analyst;
    set local row_security = off;
    select count(*) from production.claims
  $$,
  '42501', null, 'nor turns the policies off'
);

select finish();
rollback;
