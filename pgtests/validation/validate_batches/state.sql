-- What a call leaves on its batches and in the audit trail.
begin;
\ir ../../_support/fixture.sql
select plan(9);

call maintenance.add_submitter('other');
call fixture.add_batch('two days before', '2025-07-14 12:00 UTC');
call fixture.add_batch('empty');
call fixture.add_batch('not decoded');
call fixture.add_batch('of another submitter', p_submitter => 'other');
call fixture.add_batch('not asked for');

call fixture.add_claim('good');
call fixture.add_claim('denied line', p_service_date => '2024-07-15');
call fixture.add_claim('failed', p_units => 0, p_patient_sex => 'X');
call fixture.add_undecoded('not decoded 1');
call fixture.add_claim('good, two days before', 'two days before');
call fixture.add_undecoded('not decoded 2', 'not decoded');
call fixture.add_undecoded('not decoded 3', 'not decoded');
call fixture.add_claim('failed, of another', 'of another submitter', p_units => 0);
call fixture.add_claim('failed, not asked for', 'not asked for', p_units => 0);

create function pg_temp.asked()
returns bigint[]
language sql
begin atomic
  select array_agg(batch.batch_id order by batch.batch_id desc)
  from fixture.batches as batch
  where batch.name <> 'not asked for';
end;

create view pg_temp.batches as
select
  named.name,
  batch.state,
  batch.claims_failed,
  batch.validated_at,
  batch.validate_seconds
from queue.batches as batch
inner join fixture.batches as named on batch.batch_id = named.batch_id
order by batch.batch_id;

select results_eq(
  $$
    select named.name, answer.claims_checked, answer.claims_failed, answer.findings
    from validation.validate_batches(pg_temp.asked()) with ordinality as answer
      (batch_id, claims_checked, claims_failed, findings, position)
    inner join fixture.batches as named on answer.batch_id = named.batch_id
    order by answer.position
  $$,
  $$ values
    ('batch', 3, 2, 6),
    ('two days before', 1, 0, 0),
    ('empty', 0, 0, 0),
    ('not decoded', 0, 2, 0),
    ('of another submitter', 1, 1, 1) $$,
  'the answer has each batch in order; what was not decoded counts as failed'
);

select results_eq(
  'select name, state, claims_failed from pg_temp.batches',
  $$ values
    ('batch', 'validated', 2),
    ('two days before', 'validated', 0),
    ('empty', 'validated', 0),
    ('not decoded', 'validated', 2),
    ('of another submitter', 'validated', 1),
    ('not asked for', 'received', 0) $$,
  'the batches asked for are validated, the empty one too, and no other is'
);

select results_eq(
  $$
    select name
    from pg_temp.batches
    where validated_at = now() and validate_seconds between 0 and 60
  $$,
  $$ values
    ('batch'), ('two days before'), ('empty'), ('not decoded'),
    ('of another submitter') $$,
  'they say when, and how long the call took'
);

select results_eq(
  $$
    select named.name, failed.stage, failed.rule_codes
    from staging.failed_claims as failed
    inner join fixture.claims as named on failed.claim_id = named.claim_id
    order by failed.claim_id
  $$,
  $$ values
    ('failed', 'validation', '{V006,V030}'::text[]),
    ('not decoded 1', 'decode', '{D000}'),
    ('not decoded 2', 'decode', '{D000}'),
    ('not decoded 3', 'decode', '{D000}'),
    ('failed, of another', 'validation', '{V030}') $$,
  'a rejected claim fails; one with a denied line goes on'
);

-- The events of this transaction: a batch and its event stand or fall together.
create view pg_temp.events as
select
  event.action,
  submitter.name as submitter,
  event.batch_ids,
  event.first_claim_id,
  event.last_claim_id,
  event.detail
from audit.events as event
inner join queue.submitters as submitter
  on event.submitter_id = submitter.submitter_id
where event.transaction_id = pg_current_xact_id() and event.action ~ '^batches'
order by event.event_id;

select results_eq(
  'select action, submitter, batch_ids, detail from pg_temp.events order by submitter',
  $$ values
    (
      'batches.validated', 'default',
      array[
        fixture.batch_id('batch'), fixture.batch_id('two days before'),
        fixture.batch_id('empty'), fixture.batch_id('not decoded')
      ],
      '{"claims": 4, "failed": 4, "findings": 6}'::jsonb
    ),
    (
      'batches.validated', 'other',
      array[fixture.batch_id('of another submitter')],
      '{"claims": 1, "failed": 1, "findings": 1}'
    ) $$,
  'one event for each submitter names the batches, and says what was found'
);

select results_eq(
  'select first_claim_id, last_claim_id from pg_temp.events order by submitter',
  $$
    select min(batch.first_claim_id), max(batch.last_claim_id)
    from queue.batches as batch
    where batch.state = 'validated'
    group by batch.submitter_id
    order by batch.submitter_id
  $$,
  'an event names the range of its claim ids'
);

-- Once more.
create table pg_temp.before as
select
  (
    select jsonb_agg(to_jsonb(batch) order by batch.batch_id)
    from queue.batches as batch
  ) as batches,
  (select count(*) from staging.claim_findings) as findings,
  (select count(*) from staging.failed_claims) as failed,
  (select count(*) from audit.events) as events;

select is_empty(
  'select * from validation.validate_batches(pg_temp.asked())',
  'a second call finds nothing to do'
);
select results_eq(
  $$
    select
      (
        select jsonb_agg(to_jsonb(batch) order by batch.batch_id)
        from queue.batches as batch
      ),
      (select count(*) from staging.claim_findings),
      (select count(*) from staging.failed_claims),
      (select count(*) from audit.events)
  $$,
  'select * from pg_temp.before',
  'and changes nothing'
);

select results_eq(
  $$
    select answer.batch_id
    from validation.validate_batches(
      array[0, -1] || fixture.batch_id('batch') || fixture.batch_id('not asked for')
      || fixture.batch_id('not asked for') || null::bigint
    ) as answer
  $$,
  $$ values (fixture.batch_id('not asked for')) $$,
  'of ids that do not exist, are done or stand there twice, it takes what is received'
);

select finish();
rollback;
