-- The backstop: a claim that would vanish stops the transfer. It cannot happen, so the
-- test makes it happen behind the routine's back.
begin;
\ir ../../_support/fixture.sql
select plan(3);

call fixture.add_batch('good', p_state => 'validated');
call fixture.add_claim('good', p_batch => 'good');
call fixture.add_batch('damaged', p_state => 'validated');
call fixture.add_claim('damaged', p_batch => 'damaged');
delete from staging.claim_lines as line
where line.claim_id = fixture.claim_id('damaged');

select throws_ok(
  $$
    select * from transfer.move_batches(
      array[fixture.batch_id('good'), fixture.batch_id('damaged')]
    )
  $$,
  'TX001',
  format(
    'claims of batches {%s,%s} are neither moved nor failed',
    fixture.batch_id('good'), fixture.batch_id('damaged')
  ),
  'TX001: claims are moved or failed'
);
select is_empty(
  $$
    select claim.claim_id from production.claims as claim
    union all
    select registry.claim_id from queue.claim_registry as registry
  $$,
  'nothing was moved'
);
select results_eq(
  $$
    select distinct batch.state
    from queue.batches as batch
    where batch.idempotency_key in ('good', 'damaged')
  $$,
  array['validated'],
  'and the batches wait as before'
);

select finish();
rollback;
