-- The audit trail: who did what, written in the transaction of the change, and append
-- only for everyone who works with the database.
begin;
\ir ../_support/catalogue.sql
select plan(18);

set local application_name = 'a test';
select auditing.record_event(
  'first', 1, '{7,8}', 70, 89, '{"claims": 2}'
) as done \gset first_
select auditing.record_event(
  'second', null, null, null, null, '{}'
) as done \gset second_
select results_eq(
  $$
    select
      event.action, event.submitter_id, event.batch_ids, event.first_claim_id,
      event.last_claim_id, event.detail
    from audit.events as event
    where event.transaction_id = pg_current_xact_id()
    order by event.event_id
  $$,
  $$ values
    ('first', 1, '{7,8}'::bigint[], 70::bigint, 89::bigint, '{"claims": 2}'::jsonb),
    ('second', null, null, null, null, '{}')
  $$,
  'an event says what was done, to which batches and claims'
);
select is_empty(
  $$
    select event.*
    from audit.events as event
    where
      event.transaction_id = pg_current_xact_id()
      and (
        event.database_role <> session_user
        or event.application <> 'a test'
        or event.client_address is not null
        or event.occurred_at not between now() and clock_timestamp()
      )
  $$,
  'by whom, with what program, from where and when'
);

set local role claims_operator;
select auditing.record_event(
  'under a role', null, null, null, null, '{}'
) as done \gset third_
reset role;
select is(
  (
    select event.database_role
    from audit.events as event
    where event.action = 'under a role'
  ),
  session_user::text,
  'whoever takes a role on is told by the name of the login'
);

savepoint change;
select auditing.record_event(
  'taken back', null, null, null, null, '{}'
) as done \gset fourth_
rollback to change;
select is_empty(
  $$ select from audit.events as event where event.action = 'taken back' $$,
  'an event goes with the change that is taken back'
);

select throws_ok(
  $$ select auditing.record_event(null, null, null, null, null, '{}') $$, '23502', null,
  'an event without an action is refused'
);
select throws_ok(
  $$ select auditing.record_event('no detail', null, null, null, null, null) $$,
  '23502', null,
  'and so is one whose detail is missing'
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
  ('claims_app'), ('claims_worker'), ('claims_operator'), ('claims_analyst')
) as role (name)
cross join (values
  ('update audit.events set action = '''''),
  ('delete from audit.events'),
  ('truncate audit.events')
) as statement (text);

select finish();
rollback;
