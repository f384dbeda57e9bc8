create view pipeline.workers as
select
  worker.worker_id,
  worker.host,
  worker.pid,
  worker.version,
  worker.started_at,
  worker.heartbeat_at,
  worker.stopped_at,
  worker.work,
  worker.stopped_at is null
  and worker.heartbeat_at > now() - interval '30 seconds' as is_alive
from queue.workers as worker;

comment on view pipeline.workers
is 'Workers of the last week; one is alive that has reported in the last 30 seconds and has not stopped.';
comment on column pipeline.workers.is_alive
is 'whether it reported in the last 30 seconds and has not stopped';
call maintenance._take_comments('pipeline.workers', '{queue.workers}');
