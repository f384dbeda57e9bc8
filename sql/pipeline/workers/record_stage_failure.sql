-- Called in a transaction of its own, after the one that failed has rolled back. What
-- PostgreSQL says about an error can hold the values of a row, so its words are kept
-- only where they are ours: SQLSTATE classes VL, PX, TX, PL and SC, and the codes of
-- the program, which are longer than a SQLSTATE.
create function pipeline.record_stage_failure(
  p_worker_id text,
  p_batch_ids bigint[],
  p_stage text,
  p_code text,
  p_message text default null,
  p_max_attempts integer default 5
)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch_ids bigint[];
begin
  select array_agg(locked.batch_id) into v_batch_ids
  from (
    select batch.batch_id
    from queue.batches as batch
    where batch.batch_id = any(p_batch_ids) and batch.leased_by = p_worker_id
    order by batch.batch_id
    for update
  ) as locked;
  return pipeline._record_failure(
    v_batch_ids,
    p_stage,
    p_code,
    case
      when length(p_code) > 5 or left(p_code, 2) in ('VL', 'PX', 'TX', 'PL', 'SC')
        then p_message
    end,
    p_max_attempts
  );
end;
$$;

comment on function pipeline.record_stage_failure(
  text, bigint[], text, text, text, integer
)
is 'Ends a worker''s lease of batches whose stage failed: counts the attempt and sets when the next is due, or makes the batches failed; returns how many became failed.';
