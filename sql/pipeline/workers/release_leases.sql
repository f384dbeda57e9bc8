create function pipeline.release_leases(
  p_worker_id text,
  p_batch_ids bigint[] default null
)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_released integer;
begin
  update queue.batches as batch
  set leased_by = null, leased_until = null
  where
    batch.state <> 'transferred'
    and batch.leased_by = p_worker_id
    and (p_batch_ids is null or batch.batch_id = any(p_batch_ids));
  get diagnostics v_released = row_count;
  return v_released;
end;
$$;

comment on function pipeline.release_leases(text, bigint[])
is 'Hands back what a worker has in hand, all of it or the given batches, without counting an attempt; returns how many.';
