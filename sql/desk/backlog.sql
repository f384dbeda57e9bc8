-- From the index of unfinished batches alone, so that it stays cheap to ask.
create view pipeline.backlog as
select
  batch.state,
  count(*) as batches,
  sum(batch.claim_count - batch.claims_failed) as claims,
  count(*) filter (where batch.hold) as held_batches,
  count(*) filter (where batch.leased_until >= now()) as leased_batches,
  count(*) filter (where batch.next_attempt_at is not null) as batches_to_retry,
  min(batch.received_at) filter (where not batch.hold) as oldest_received_at
from queue.batches as batch
where batch.state <> 'transferred'
group by batch.state;

comment on view pipeline.backlog
is 'Unfinished batches by state: how many, their claims, how many of them are held, in hand or to be tried again, and since when the oldest waits that is not held.';
comment on column pipeline.backlog.state is 'state of the batches';
comment on column pipeline.backlog.batches is 'batches in that state';
comment on column pipeline.backlog.claims is 'their claims, but for those that failed';
comment on column pipeline.backlog.held_batches
is 'batches that are not transferred until they are released';
comment on column pipeline.backlog.leased_batches
is 'batches that a worker has in hand';
comment on column pipeline.backlog.batches_to_retry
is 'batches that wait for their next attempt';
comment on column pipeline.backlog.oldest_received_at
is 'since when the oldest of them waits that is not held';
