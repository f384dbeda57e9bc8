-- Exactly once: only a batch that is validated is moved, and then it is not any more.
begin;
\ir ../../_support/fixture.sql
select plan(8);

call fixture.add_claim('received');
call fixture.add_batch('validated', p_state => 'validated');
call fixture.add_claim('validated', p_batch => 'validated');

create temporary view production_rows as
select 'claim' as kind, to_jsonb(claim) as moved from production.claims as claim
union all
select 'line', to_jsonb(line) from production.claim_lines as line
union all
select 'key', to_jsonb(registry) from queue.claim_registry as registry
union all
select 'batch', to_jsonb(batch) from queue.batches as batch
union all
select 'event', to_jsonb(event) from audit.events as event;

create temporary table before as select * from production_rows;
select is_empty(
  $$ select * from transfer.move_batches(array[fixture.batch_id()]) $$,
  'a batch that is only received is not moved'
);
select is_empty(
  'select * from transfer.move_batches(''{}'')', 'no batches come to nothing'
);
select is_empty('select * from transfer.move_batches(null)', 'nor does null');
select is_empty(
  'select * from transfer.move_batches(''{-1}'')', 'nor a batch that is not there'
);
select bag_eq(
  'table production_rows', 'table before',
  'and nothing has changed, no audit event either'
);

select is(
  (
    select count(*)
    from transfer.move_batches(
      array[
        fixture.batch_id(), fixture.batch_id('validated'), fixture.batch_id('validated')
      ]
    )
  ),
  1::bigint,
  'of several batches the validated one is moved, named twice or not'
);
create temporary table after as select * from production_rows;
select is_empty(
  $$ select * from transfer.move_batches(array[fixture.batch_id('validated')]) $$,
  'a second call moves nothing'
);
select bag_eq('table production_rows', 'table after', 'and changes nothing');

select finish();
rollback;
