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
