-- The audit event is part of the transfer: one for each submitter, with the batches and
-- what became of them.
begin;
\ir ../../_support/fixture.sql
select plan(3);

call maintenance.add_submitter('other');
call fixture.add_procedure('1000C', p_status_code => 'C');
call fixture.add_batch('first', p_state => 'validated');
call fixture.add_claim('visit', p_batch => 'first');
call fixture.add_line('visit', p_hcpcs => '1000C');
call fixture.add_undecoded('not decoded', p_batch => 'first');
call fixture.add_batch('of others', p_state => 'validated', p_submitter => 'other');
call fixture.add_claim('another''s', p_batch => 'of others');
call fixture.add_batch('second', p_state => 'validated');
call fixture.add_claim('visit again', p_batch => 'second');

create temporary table batch_ids as
select array(select named.batch_id from fixture.batches as named) as batch_ids;
select count(*)
from transfer.move_batches((select batch_ids.batch_ids from batch_ids)) \gset moved_
select is(:moved_count, 3, 'three batches of two submitters are moved');

select results_eq(
  $$
    select
      event.action, submitter.name, event.batch_ids, event.first_claim_id,
      event.last_claim_id, event.detail
    from audit.events as event
    inner join queue.submitters as submitter
      on event.submitter_id = submitter.submitter_id
    where event.action = 'batches.transferred'
    order by submitter.submitter_id
  $$,
  $$ values
    (
      'batches.transferred',
      'default',
      array[fixture.batch_id('first'), fixture.batch_id('second')],
      fixture.claim_id('visit'),
      fixture.claim_id('visit again') + 999,
      '{
        "claims": 2, "lines": 3, "pended": 1, "denied": 0, "below_threshold": 0, "failed": 1,
        "allowed_total": 163.72
      }'::jsonb
    ),
    (
      'batches.transferred',
      'other',
      array[fixture.batch_id('of others')],
      fixture.claim_id('another''s'),
      fixture.claim_id('another''s') + 999,
      '{
        "claims": 1, "lines": 1, "pended": 0, "denied": 0, "below_threshold": 0, "failed": 0,
        "allowed_total": 81.86
      }'
    )
  $$,
  'each submitter''s batches have an event with their counts'
);
-- Rows carry the transaction that wrote them.
select is_empty(
  $$
    select event.event_id
    from audit.events as event
    where
      event.action = 'batches.transferred'
      and (
        event.transaction_id <> pg_current_xact_id()
        or event.database_role <> session_user
        or exists (
          select from production.claims as claim
          where claim.xmin::text <> event.transaction_id::text
        )
      )
  $$,
  'the event is of the transaction that wrote the claims'
);

select finish();
rollback;
