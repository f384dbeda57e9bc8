-- Who gets which batches, and what happens to those of a worker that died.
begin;
\ir ../../_support/fixture.sql
select plan(16);

update fixture.batches set name = 'a' where name = 'batch';
call fixture.add_batch('b');
call fixture.add_batch('c');
call fixture.add_batch('held', p_state => 'validated');
call fixture.add_batch('ready', p_state => 'validated');
update queue.batches set claim_count = 10, staged_count = 10;
update queue.batches set hold = true where batch_id = fixture.batch_id('held');

create function pg_temp.lease(
  p_worker text, p_stages text[], p_claims integer, p_attempts integer default 5
)
returns text
language sql
as $$
  select string_agg(leased.stage || ' ' || named.name, ', ' order by named.name)
  from pipeline.lease_batches(
    p_worker, p_stages, p_claims, interval '1 minute', p_attempts
  ) as leased
  inner join fixture.batches as named on leased.batch_id = named.batch_id
$$;

select is(
  pg_temp.lease('one', '{transfer,validation}', 100), 'transfer ready',
  'the first stage that has any due, and no held batch'
);
select is(
  pg_temp.lease('one', '{transfer,validation}', 15), 'validation a, validation b',
  'then the next stage, oldest first, until there are enough claims'
);
select is(
  pg_temp.lease('two', '{transfer,validation}', 100), 'validation c',
  'another worker gets what is left'
);
select is(pg_temp.lease('two', '{transfer,validation}', 100), null, 'then nothing is due');
select is(
  pipeline._take_batches('validation', 100), '{}'::bigint[],
  'process_pending takes none that a worker has in hand'
);
select is(pipeline.release_leases('one', array[fixture.batch_id('a')]), 1, 'handed back');
select is(
  pg_temp.lease('two', '{validation}', 100), 'validation a', '... it is free again'
);
select is(
  (select attempts from queue.batches where batch_id = fixture.batch_id('a')), 0::smallint,
  '... and no attempt was counted'
);

-- A lease that ended by itself; those of b and ready are of a worker that takes an hour.
update queue.batches set leased_until = leased_until + interval '1 hour'
where batch_id = any(array[fixture.batch_id('b'), fixture.batch_id('ready')]);
call fixture.move_clock('61 seconds');
select is(
  pg_temp.lease('three', '{validation}', 100), null,
  'what a dead worker had is not taken at once'
);
select results_eq(
  $$
    select named.name, batch.attempts, batch.last_sqlstate, batch.leased_by,
      batch.next_attempt_at between now() + interval '61.4 s'
      and clock_timestamp() + interval '62.1 s'
    from queue.batches as batch
    inner join fixture.batches as named on batch.batch_id = named.batch_id
    where batch.attempts > 0
    order by named.name
  $$,
  $$ values
    ('a', 1::smallint, 'PL005', null::text, true),
    ('c', 1::smallint, 'PL005', null, true)
  $$,
  '... it counts as a failed attempt, and the next one is due in a second or so'
);
call fixture.move_clock('63 seconds');
select is(
  pg_temp.lease('three', '{validation}', 79), 'validation a',
  'a batch that failed counts four times as many claims'
);
select is(
  pg_temp.lease('four', '{validation}', 80), 'validation c', '... for whoever takes it'
);
call fixture.move_clock('130 seconds');
update queue.batches set attempts = 4
where batch_id = any(array[fixture.batch_id('a'), fixture.batch_id('c')]);
select pg_temp.lease('five', '{validation}', 100);
select is(pg_temp.lease('five', '{validation}', 100), null, 'the fifth time it is failed');
select results_eq(
  $$
    select named.name, batch.state, batch.failed_from, batch.failed_at is not null
    from queue.batches as batch
    inner join fixture.batches as named on batch.batch_id = named.batch_id
    where batch.state = 'failed'
    order by named.name
  $$,
  $$ values ('a', 'failed', 'received', true), ('c', 'failed', 'received', true) $$,
  '... and says from where'
);
select throws_ok(
  $$ select pipeline.lease_batches('one', '{transfer,scroing}') $$,
  'PL004', null,
  'PL004: there is no such stage'
);

-- A stage that succeeds ends the lease.
select pipeline.run_stage('validation', array[fixture.batch_id('b')]);
select results_eq(
  $$
    select batch.state, batch.leased_by, batch.leased_until
    from queue.batches as batch
    where batch.batch_id = fixture.batch_id('b')
  $$,
  $$ values ('validated', null::text, null::timestamptz) $$,
  'a stage that succeeds ends the lease'
);

select finish();
rollback;
