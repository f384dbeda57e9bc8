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
