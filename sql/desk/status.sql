create view pipeline.status as
select
  batch.state,
  count(*) as batches,
  sum(batch.claim_count) as claims,
  sum(batch.line_count) as lines,
  sum(batch.claims_moved) as claims_moved,
  sum(batch.claims_pended) as claims_pended,
  sum(batch.claims_failed) as claims_failed,
  sum(batch.allowed_total) as allowed_total,
  min(batch.received_at) as oldest_received_at,
  count(*) filter (where batch.hold) as held_batches,
  count(*) filter (where batch.leased_until >= now()) as leased_batches,
  count(*) filter (where batch.next_attempt_at is not null) as batches_to_retry,
  sum(batch.claims_below_threshold) as claims_below_threshold,
  coalesce(
    sum(batch.claim_count - batch.claims_failed)
    filter (where batch.state = 'validated' and settings.scoring_required),
    0
  ) as claims_waiting_for_scores,
  sum(batch.claims_denied) as claims_denied
from queue.batches as batch
cross join queue.settings as settings
group by batch.state;

comment on view pipeline.status
is 'Batches and claims by state, those of retries included; what is not transferred is waiting, and what is validated waits for scores where they are required.';
comment on column pipeline.status.state is 'state of the batches';
comment on column pipeline.status.batches is 'batches in that state';
comment on column pipeline.status.claims is 'their claims, those of retries included';
comment on column pipeline.status.lines is 'their service lines';
comment on column pipeline.status.claims_moved is 'their claims in production';
comment on column pipeline.status.claims_pended
is 'of these, the ones with a line that waits for a person';
comment on column pipeline.status.claims_failed is 'their claims that failed';
comment on column pipeline.status.allowed_total
is 'allowed amounts of their claims in production, dollars';
comment on column pipeline.status.oldest_received_at
is 'when the oldest of them was received';
comment on column pipeline.status.held_batches
is 'batches that are not transferred until they are released';
comment on column pipeline.status.leased_batches is 'batches that a worker has in hand';
comment on column pipeline.status.batches_to_retry
is 'batches that wait for their next attempt';
comment on column pipeline.status.claims_below_threshold
is 'their claims that wait for a person because of their score alone';
comment on column pipeline.status.claims_waiting_for_scores
is 'their claims that cannot go on without a score';
comment on column pipeline.status.claims_denied
is 'their claims in production of which no line is payable';
