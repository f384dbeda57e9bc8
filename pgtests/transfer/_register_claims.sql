begin;
\ir ../_support/fixture.sql
select plan(4);

call fixture.add_batch('validated', p_state => 'validated');
call fixture.add_claim('first', p_batch => 'validated', p_claim_number => 'A');
call fixture.add_claim('second', p_batch => 'validated', p_claim_number => 'A');
call fixture.add_claim('another', p_batch => 'validated', p_claim_number => 'B');
call fixture.add_claim('failed', p_batch => 'validated', p_claim_number => 'C');

create function pg_temp.register_claims()
returns bigint[]
language sql
begin atomic
  select transfer._register_claims(
    array[fixture.batch_id('validated')],
    '{2025-07-16}',
    array[fixture.claim_id('failed')]
  );
end;
select is(
  pg_temp.register_claims(), array[fixture.claim_id('second')],
  'of two claims with one key the later one is returned'
);
select results_eq(
  $$
    select named.name, registry.service_month
    from queue.claim_registry as registry
    inner join fixture.claims as named on registry.claim_id = named.claim_id
    order by named.name
  $$,
  $$ values ('another', date '2025-07-01'), ('first', '2025-07-01') $$,
  'the others have their keys, and what failed has none'
);

delete from queue.claim_registry
where claim_id = fixture.claim_id('another');
select is(
  pg_temp.register_claims(),
  array[fixture.claim_id('first'), fixture.claim_id('second')],
  'a key that was taken before is lost'
);
select is(
  transfer._register_claims('{}', '{}', '{}'), '{}'::bigint[],
  'without claims none is lost'
);

select finish();
rollback;
