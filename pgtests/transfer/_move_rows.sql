begin;
\ir ../_support/fixture.sql
select plan(3);

call fixture.add_batch('first', p_state => 'validated');
call fixture.add_claim('paid', p_batch => 'first');
call fixture.add_claim('denied', p_batch => 'first');
call fixture.add_line('denied');
call fixture.add_finding('denied', 'V015', 0);
call fixture.add_claim('failed', p_batch => 'first');
call fixture.add_batch('second', p_state => 'validated');
call fixture.add_claim('waits', p_batch => 'second', p_service_zip => '99999');
call fixture.add_batch('all failed', p_state => 'validated');
call fixture.add_claim('failed, too', p_batch => 'all failed');

create function pg_temp.move_rows()
returns setof pipeline.stage_outcome
language plpgsql
as $$
declare
  v_batch_ids bigint[] := array[
    fixture.batch_id('first'), fixture.batch_id('second'), fixture.batch_id('all failed')
  ];
  v_failed bigint[] := array[
    fixture.claim_id('failed'), fixture.claim_id('failed, too')
  ];
begin
  return query
  select outcome.*
  from unnest(
    transfer._move_rows(
      v_batch_ids, '{2025-07-16}', v_failed,
      transfer._choose_lines(v_batch_ids, '{2025-07-16}', v_failed)
    )
  ) as outcome
  order by outcome.batch_id;
end;
$$;
select results_eq(
  'select * from pg_temp.move_rows()',
  $$ values
    (fixture.batch_id('first'), 0, 2, 3, 0, 1, 0, 81.86),
    (fixture.batch_id('second'), 0, 1, 1, 1, 0, 0, 0.00)
  $$,
  'each batch has its counts, and one whose claims all failed has none'
);
select results_eq(
  $$
    select named.name, claim.decision, claim.allowed_amount,
      (
        select count(*)
        from production.claim_lines as line
        where line.claim_id = claim.claim_id
      ),
      (
        select count(*)
        from production.claim_findings as finding
        where finding.claim_id = claim.claim_id
      )
    from production.claims as claim
    inner join fixture.claims as named on claim.claim_id = named.claim_id
    order by claim.claim_id
  $$,
  $$ values
    ('paid', 'approved', 81.86, 1::bigint, 0::bigint),
    ('denied', 'denied', 0.00, 2, 1),
    ('waits', 'review', 0.00, 1, 0)
  $$,
  'the claims that did not fail are in production with lines and findings'
);
select is(
  (
    select array_agg(distinct batch.state)
    from queue.batches as batch
    inner join fixture.batches as named on batch.batch_id = named.batch_id
    where named.name <> 'batch'
  ),
  '{validated}',
  'the batches are as they were'
);

select finish();
rollback;
