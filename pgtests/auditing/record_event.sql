-- An event says who, what, which, when, from where, why and how it ended.
begin;
\ir ../_support/fixture.sql
\ir ../_support/catalogue.sql
select plan(41);

create temporary view newest as
select event.*
from audit.events as event
order by event.event_id desc
limit 1;

-- No role may call it but by the routines of its owner; here one may, to be seen.
grant execute on function
auditing.record_event(text, integer, bigint[], bigint, bigint, jsonb)
to claims_operator;
set local application_name = 'a test';
set local claims.client = 'clinic-api';
set local claims.origin = '10.0.0.7';
set local claims.purpose = 'payment';
set local claims.recipient = 'claims office';
set local role claims_operator;
do $$
begin
  perform auditing.record_event('batches.validated', 1, '{3,4}', 5, 6, '{"claims": 2}');
end;
$$;
reset role;
select row_eq(
  $$
    select
      action, outcome, client, origin, purpose, recipient, submitter_id, batch_ids,
      first_claim_id, last_claim_id, detail, database_role, acting_role
    from newest
  $$,
  row(
    'batches.validated'::text, 'succeeded'::text, 'clinic-api'::text, '10.0.0.7'::text,
    'payment'::text, 'claims office'::text, 1, '{3,4}'::bigint[], 5::bigint, 6::bigint,
    '{"claims": 2}'::jsonb, session_user::text collate "default", 'claims_operator'::text
  ),
  'what was said for the transaction stands in its events, and so does the role taken on'
);
select is(
  (select transaction_id from newest), pg_current_xact_id(),
  'an event belongs to the transaction of the change'
);
select is(
  (select system_identifier from newest),
  (select control.system_identifier from pg_control_system() as control),
  'an event names the server whose transaction it was'
);

set local claims.client = '';
set local claims.purpose = '';
do $$ begin perform auditing.record_event('login.refused', null, null, null, null, '{}'); end $$;
select row_eq(
  'select outcome, client, purpose, acting_role, detail from newest',
  row('refused'::text, null::text, null::text, null::text, '{}'::jsonb),
  'the outcome follows from the action; what was not said is null'
);

select is_empty(
  $$
    select event.*
    from audit.events as event
    where
      event.transaction_id = pg_current_xact_id()
      and event.action in ('batches.validated', 'login.refused')
      and (
        event.application <> 'a test'
        or event.client_address is not null
        or event.occurred_at not between now() and clock_timestamp()
      )
  $$,
  'and with what program, from where and when'
);

savepoint change;
do $$ begin perform auditing.record_event('batches.scored', null, null, null, null, '{}'); end $$;
rollback to change;
select is_empty(
  $$ select from audit.events as event where event.action = 'batches.scored' $$,
  'an event goes with the change that is taken back'
);

select throws_ok(
  $$ select auditing.record_event(null, null, null, null, null, '{}') $$, 'AU001', null,
  'an event without an action is refused'
);
select throws_ok(
  $$ select auditing.record_event('batches.scored', null, null, null, null, null) $$,
  '23502', null,
  'and so is one whose detail is missing'
);
select throws_ok(
  $$ select auditing.record_event('batches.valdiated', null, null, null, null, '{}') $$,
  'AU001', 'there is no action ''batches.valdiated''',
  'a typo in an action is an error'
);
set local claims.purpose = 'curiosity';
select throws_ok(
  $$ select auditing.record_event('claim.phi_shown', null, null, null, null, '{}') $$,
  'AU002', 'there is no purpose ''curiosity''',
  'an unknown purpose is an error'
);
set local claims.purpose = '';

-- Every literal action that a routine passes is in the list, before anyone runs it.
select isnt_empty(
  $$ select from our_routines as routine where routine.source ~ 'record_event\(' $$,
  'routines that record events are found'
);
select is_empty(
  $$
    select routine.name, found.action[1]
    from our_routines as routine
    cross join
      lateral regexp_matches(
        routine.source, 'record_(?:event|access)\(\s*''([^'']*)''', 'g'
      ) as found (action)
    where found.action[1] not in (select action.action from auditing.actions as action)
  $$,
  'every action that a routine names is in the list'
);
select is_empty(
  $$
    select action.action
    from auditing.actions as action
    group by action.action
    having count(*) > 1
  $$,
  'no action is listed twice'
);
select is_empty(
  $$
    select action.action, action.outcome
    from auditing.actions as action
    where action.outcome not in ('succeeded', 'refused', 'failed')
  $$,
  'every action ends in one of three ways'
);

-- What programs record by themselves, and what they may not.
set local role claims_app;
do $$ begin perform auditing.record_access('claim.phi_shown', 1, 2, 3, '{}'); end $$;
reset role;
select row_eq(
  'select action, submitter_id, batch_ids, first_claim_id, last_claim_id from newest',
  row('claim.phi_shown'::text, 1, '{2}'::bigint[], 3::bigint, 3::bigint),
  'a program records that it showed PHI'
);
select throws_ok(
  $$
    set local role claims_app;
    do $do$ begin perform auditing.record_access('batches.validated', 1, 2, 3, '{}'); end $do$
  $$,
  'AU003', null,
  'a program may not record what a routine does'
);
select throws_ok(
  $$
    set local role claims_worker;
    do $do$ begin perform auditing.record_access('claim.phi_shown', 1, 2, 3, '{}'); end $do$
  $$,
  '42501', null,
  'the worker records nothing by itself'
);

-- Settings.
set local role claims_operator;
update queue.settings set staging_retention_days = 21, qpp_status = qpp_status;
reset role;
select row_eq(
  'select action, detail, acting_role from newest',
  row(
    'settings.changed'::text,
    '{"staging_retention_days": {"from": 14, "to": 21}}'::jsonb,
    'claims_operator'::text
  ),
  'a changed setting leaves an event that says from what to what'
);
select max(event_id) as last from audit.events \gset before_
update queue.settings set staging_retention_days = 21;
select is(
  (select count(*) from audit.events as event where event.event_id > :before_last),
  0::bigint,
  'a setting that stays as it was leaves none'
);

create function pg_temp.refuses(p_role name, p_statement text)
returns text
language plpgsql
as $$
begin
  return throws_ok(
    format('set local role %I; %s', p_role, p_statement), '42501', null,
    format('%s may not: %s', p_role, p_statement)
  );
end;
$$;
select
  pg_temp.refuses(role.name, statement.text)
from (values
  ('claims_app'), ('claims_worker'), ('claims_operator'), ('claims_analyst'),
  ('claims_reviewer'), ('claims_auditor'), ('claims_sealer')
) as role (name)
cross join (values
  ('update audit.events set action = '''''),
  ('delete from audit.events'),
  ('truncate audit.events')
) as statement (text);
select pg_temp.refuses(
  role.name, 'insert into audit.events (action, outcome) values (''batches.scored'', ''failed'')'
)
from (values ('claims_operator')) as role (name);

select finish();
rollback;
