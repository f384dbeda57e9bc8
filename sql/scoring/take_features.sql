-- First statement of the stage: locks the batches in id order and in the expected
-- state, then reads. force_custom_plan, so that the batch ids and days are constants
-- to the planner; no parallel workers, because the cores are shared out by calls.
create function scoring.take_features(p_batch_ids bigint[])
returns setof scoring.claim_feature
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
set jit = off
set max_parallel_workers_per_gather = 0
as $$
declare
  v_batch_ids bigint[];
  v_received_on date[];
begin
  select array_agg(locked.batch_id), array_agg(distinct locked.received_on)
  into v_batch_ids, v_received_on
  from (
    select batch.batch_id, batch.received_on
    from queue.batches as batch
    where batch.batch_id = any(p_batch_ids) and batch.state = 'validated'
    order by batch.batch_id
    for update
  ) as locked;
  if v_batch_ids is null then
    return;
  end if;

  return query
  select feature.*
  from scoring.claim_features(v_batch_ids, v_received_on) as feature;
end;
$$;

comment on function scoring.take_features(bigint[])
is 'Locks those of the given batches that are validated and returns the features of their claims; scoring.record_scores ends what this begins.';
