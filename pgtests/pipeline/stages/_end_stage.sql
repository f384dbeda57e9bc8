begin;
\ir ../../_support/fixture.sql
select plan(3);

call fixture.add_batch('first');
call fixture.add_batch('second');
call fixture.add_batch('not of this stage');
update queue.batches
set
  attempts = 2,
  next_attempt_at = now(),
  leased_by = 'a worker',
  leased_until = now(),
  last_sqlstate = '40001',
  last_error = 'could not serialize',
  claims_moved = 7,
  claim_count = 9,
  claims_failed = 1;

select results_eq(
  $$
    select named.name, batch.state, batch.claims_failed, batch.claims_moved,
      batch.validate_seconds
    from pipeline._end_stage(
      'validated',
      array[fixture.batch_id('second'), fixture.batch_id('first')],
      array[
        row(fixture.batch_id('first'), 2, null, null, null, null, null, null)
      ]::pipeline.stage_outcome [],
      0.5
    ) as batch
    inner join fixture.batches as named on batch.batch_id = named.batch_id
    order by batch.batch_id
  $$,
  $$ values
    ('first', 'validated', 3, 7, 0.5::real), ('second', 'validated', 1, 7, 0.5)
  $$,
  'failed claims are added, and what the stage does not count stays'
);
select results_eq(
  $$
    select
      batch.state, batch.attempts::integer, batch.next_attempt_at is null,
      batch.leased_by, batch.leased_until is null, batch.last_sqlstate, batch.last_error,
      batch.validated_at = now(), batch.transferred_at is null
    from queue.batches as batch
    where batch.batch_id in (fixture.batch_id('first'), fixture.batch_id('second'))
  $$,
  $$ values
    ('validated', 0, true, null, true, null, null, true, true),
    ('validated', 0, true, null, true, null, null, true, true)
  $$,
  'lease and failed attempts are gone'
);
select results_eq(
  $$
    select batch.state, batch.attempts::integer, batch.leased_by
    from queue.batches as batch
    where batch.batch_id = fixture.batch_id('not of this stage')
  $$,
  $$ values ('received', 2, 'a worker') $$,
  'another batch is left alone'
);

select finish();
rollback;
