create function pipeline.end_worker(p_worker_id text)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update queue.workers as worker
  set heartbeat_at = now(), stopped_at = now(), work = '[]'
  where worker.worker_id = p_worker_id;
  return pipeline.release_leases(p_worker_id);
end;
$$;

comment on function pipeline.end_worker(text)
is 'Says that a worker has stopped, and hands back what it still had; returns how many batches.';
