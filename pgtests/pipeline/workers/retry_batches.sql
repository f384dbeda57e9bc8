-- A failed batch goes back to where it stood.
begin;
\ir ../../_support/fixture.sql
select plan(6);

call fixture.add_batch('failed', p_state => 'validated');
call fixture.add_batch('waiting');
call fixture.add_batch('well');
update queue.batches
set state = 'failed', failed_from = 'validated', failed_at = now(), attempts = 5
where batch_id = fixture.batch_id('failed');
update queue.batches set next_attempt_at = now() + interval '1 hour', attempts = 2
where batch_id = fixture.batch_id('waiting');

select throws_ok(
  $$ select pipeline.retry_batches(array[fixture.batch_id('failed'), fixture.batch_id('well')]) $$,
  'PL006', null,
  'PL006: one that is well needs no retry'
);
select results_eq(
  $$
    select named.name, retried.state
    from pipeline.retry_batches(
      array[fixture.batch_id('failed'), fixture.batch_id('waiting')]
    ) as retried
    inner join fixture.batches as named on retried.batch_id = named.batch_id
    order by named.name
  $$,
  $$ values ('failed', 'validated'), ('waiting', 'received') $$,
  'each goes back to the state it had'
);
select is_empty(
  $$
    select from queue.batches as batch
    where batch.attempts > 0 or batch.next_attempt_at is not null
      or batch.failed_at is not null or batch.failed_from is not null
  $$,
  '... with all attempts before it'
);
select is(
  pipeline._take_batches('transfer', 100), array[fixture.batch_id('failed')],
  '... and is taken at once'
);
select isnt_empty(
  $$ select from audit.events as event where event.action = 'batches.retried' $$,
  '... which the audit trail says'
);
select is_empty('select pipeline.retry_batches(''{}'')', 'none is none');

select finish();
rollback;
