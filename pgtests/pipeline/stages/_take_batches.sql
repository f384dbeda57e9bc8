-- What waits is taken oldest first, as many claims as were asked for or a little more:
-- a batch is never split.
begin;
\ir ../../_support/fixture.sql
select plan(10);

create procedure pg_temp.add_batch(p_batch text, p_claims integer, p_state text)
language plpgsql
as $$
begin
  call fixture.add_batch(p_batch, p_state => p_state);
  update queue.batches set claim_count = p_claims where idempotency_key = p_batch;
end;
$$;
update queue.batches set state = 'transferred' where idempotency_key = 'batch';
call pg_temp.add_batch('a', 10, 'received');
call pg_temp.add_batch('b', 10, 'validated');
call pg_temp.add_batch('c', 10, 'received');
call pg_temp.add_batch('d', 0, 'received');
call pg_temp.add_batch('e', 100, 'received');

create function pg_temp.taken(p_stage text, p_max_claims integer)
returns text[]
language sql
as $$
  select array(
    select batch.idempotency_key
    from unnest(pipeline._take_batches(p_stage, p_max_claims))
      with ordinality as taken (batch_id, position)
    inner join queue.batches as batch on taken.batch_id = batch.batch_id
    order by taken.position
  )
$$;
select is(pg_temp.taken('validation', 1), array['a'], 'one claim is had with a batch');
select is(pg_temp.taken('validation', 10), array['a'], 'ten are enough with ten');
select is(pg_temp.taken('validation', 11), array['a', 'c'], 'eleven need another batch');
select is(
  pg_temp.taken('validation', 21), array['a', 'c', 'd', 'e'],
  'a batch is taken whole, an empty one along with it'
);
select is(
  pg_temp.taken('validation', 1000), array['a', 'c', 'd', 'e'],
  'when fewer wait, all are taken'
);
select is(pg_temp.taken('transfer', 1000), array['b'], 'each stage for itself');
select is(
  pipeline._take_batches('scoring', 10), '{}',
  'when none waits, as for scores that nobody requires, an empty array comes back'
);
select throws_ok(
  $$ select pipeline._take_batches('nothing', 10) $$, 'PL004', null,
  'an unknown stage is an error'
);
select is(
  (select count(*) from queue.batches as batch where batch.xmax::text <> '0'),
  5::bigint,
  'what is taken is locked'
);

-- The index of unfinished batches, however many are finished.
insert into queue.batches
select
  (
    jsonb_populate_record(
      batch,
      jsonb_build_object(
        'batch_id', 1000000 + number.number,
        'idempotency_key', number.number,
        'state', 'transferred'
      )
    )
  ).*
from queue.batches as batch
cross join generate_series(1, 5000) as number (number)
where batch.idempotency_key = 'a';
analyze queue.batches;
select seq_scan as before
from pg_catalog.pg_stat_xact_user_tables
where relid = 'queue.batches'::regclass \gset scans_
select pipeline._take_batches('validation', 1) as ids \gset taken_
select is(
  (
    select statistics.seq_scan
    from pg_catalog.pg_stat_xact_user_tables as statistics
    where statistics.relid = 'queue.batches'::regclass
  ),
  :scans_before::bigint,
  'what is finished is not read to find it'
);

select finish();
rollback;
