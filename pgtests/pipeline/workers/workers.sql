-- Workers report, and are missed when they do not.
begin;
\ir ../../_support/fixture.sql
select plan(5);

select pipeline.record_heartbeat('a', 'host', 1, '0.1');
select pipeline.record_heartbeat('b', 'host', 2, '0.1', '[{"stage": "transfer"}]');
select pipeline.record_heartbeat('a', 'host', 1, '0.1', '[{"stage": "validation"}]');
select results_eq(
  'select worker_id, work, is_alive from pipeline.workers order by worker_id',
  $$ values
    ('a', '[{"stage": "validation"}]'::jsonb, true),
    ('b', '[{"stage": "transfer"}]'::jsonb, true)
  $$,
  'each has a row with what it has in hand'
);
update queue.workers set heartbeat_at = now() - interval '31 s' where worker_id = 'a';
select results_eq(
  'select worker_id, is_alive from pipeline.workers order by worker_id',
  $$ values ('a', false), ('b', true) $$,
  'one that is silent for half a minute is not alive'
);

select pipeline.lease_batches('b', '{validation}');
select is(pipeline.end_worker('b'), 1, 'one that ends hands back what it has');
select results_eq(
  'select worker_id, is_alive, work from pipeline.workers where worker_id = ''b''',
  $$ values ('b', false, '[]'::jsonb) $$,
  '... and is not alive'
);
call fixture.move_clock('6 days 23:59:50');
select pipeline.record_heartbeat('c', 'host', 3, '0.1');
select results_eq(
  'select worker_id from pipeline.workers order by worker_id',
  $$ values ('b'), ('c') $$,
  'one that is silent for a week is forgotten'
);

select finish();
rollback;
