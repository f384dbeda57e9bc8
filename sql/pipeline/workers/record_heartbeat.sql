create function pipeline.record_heartbeat(
  p_worker_id text,
  p_host text,
  p_pid integer,
  p_version text,
  p_work jsonb default '[]'
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into queue.workers as worker (worker_id, host, pid, version, work)
  values (p_worker_id, p_host, p_pid, p_version, p_work)
  on conflict (worker_id) do update
    set heartbeat_at = now(), stopped_at = null, work = excluded.work;
  delete from queue.workers as worker
  where worker.heartbeat_at < maintenance.clock() - interval '7 days';
end;
$$;

comment on function pipeline.record_heartbeat(text, text, integer, text, jsonb)
is 'Says that a worker runs and what it has in hand; forgets workers that were silent for a week.';
