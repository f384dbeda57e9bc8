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
  ) as claims_waiting_for_scores
from queue.batches as batch
cross join queue.settings as settings
group by batch.state;

comment on view pipeline.status
is 'Batches and claims by state, those of retries included; what is not transferred is waiting, and what is validated waits for scores where they are required.';

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

-- What came in must be somewhere: difference is always zero.
create view pipeline.accounting as
select
  counted.loaded,
  counted.in_progress,
  counted.transferred,
  failed.open as failed,
  failed.superseded,
  counted.pended,
  counted.loaded - counted.in_progress - counted.transferred - failed.open
  - failed.superseded as difference,
  counted.below_threshold
from (
  select
    coalesce(sum(batch.claim_count - batch.retried_count), 0)::bigint as loaded,
    coalesce(
      sum(batch.claim_count - batch.claims_failed)
      filter (where batch.state <> 'transferred'),
      0
    )::bigint as in_progress,
    coalesce(sum(batch.claims_moved), 0)::bigint as transferred,
    coalesce(sum(batch.claims_pended), 0)::bigint as pended,
    coalesce(sum(batch.claims_below_threshold), 0)::bigint as below_threshold
  from queue.batches as batch
) as counted
cross join (
  select
    count(*) filter (where failed.resolution = 'open') as open,
    count(*) filter (where failed.resolution = 'superseded') as superseded
  from staging.failed_claims as failed
) as failed;

comment on view pipeline.accounting
is 'Claims loaded, each once however often it was retried = in progress + transferred + failed + superseded; pended counts the transferred ones with a line that waits for a person, below_threshold those that wait because of their score alone.';

create view pipeline.claim_states as
select
  claim.claim_id,
  claim.submitter_id,
  claim.batch_id,
  claim.claim_number_token,
  'transferred' as state,
  claim.decision
from production.claims as claim
union all
select
  failed.claim_id,
  failed.submitter_id,
  failed.batch_id,
  failed.claim_number_token,
  'failed' as state,
  failed.resolution as decision
from staging.failed_claims as failed
where failed.resolution in ('open', 'superseded')
union all
select
  claim.claim_id,
  claim.submitter_id,
  claim.batch_id,
  claim.claim_number_token,
  case batch.state when 'failed' then 'batch_failed' else batch.state end as state,
  null as decision
from staging.claims as claim
inner join queue.batches as batch on claim.batch_id = batch.batch_id
where
  batch.state <> 'transferred'
  and not exists (
    select from staging.failed_claims as failed
    where
      failed.claim_id = claim.claim_id
      and failed.resolution in ('open', 'superseded')
  );

comment on view pipeline.claim_states
is 'Where each claim stands, once each: the state of a claim follows from the rows that exist for it. batch_failed: its batch failed too often, and waits to be retried.';

create view pipeline.failed_reasons as
select
  reason.rule_code,
  coalesce(rule.title, 'the claim could not be decoded') as title,
  coalesce(
    rule.hint, 'Correct the field that the reason names, and send the claim again.'
  )
    as hint,
  count(*) as claims,
  min(failed.claim_id) as example_claim_id
from staging.failed_claims as failed
cross join lateral unnest(failed.rule_codes) as reason (rule_code)
left join reference.rules as rule on reason.rule_code = rule.rule_code
where failed.resolution = 'open'
group by reason.rule_code, rule.title, rule.hint;

comment on view pipeline.failed_reasons
is 'Open failed claims by the rule that failed them; a claim counts once for each of its rules.';

-- With the rights of whoever reads it, so that it counts the lines that they may see.
create view pipeline.pended_reasons with (security_invoker) as
select
  line.reason_code,
  coalesce(reason.title, rule.title) as title,
  coalesce(reason.hint, rule.hint) as hint,
  count(*) as lines,
  count(distinct line.claim_id) as claims,
  min(line.claim_id) as example_claim_id
from production.claim_lines as line
left join reference.pricing_reasons as reason on line.reason_code = reason.reason_code
left join reference.rules as rule on line.reason_code = rule.rule_code
where line.pricing_status = 'pended'
group by line.reason_code, reason.title, reason.hint, rule.title, rule.hint;

comment on view pipeline.pended_reasons
is 'Lines in production that wait for a person, by pricing reason or by the rule that pended them.';

create view pipeline.reference_releases as
select
  release.release_id,
  release.kind,
  release.qpp_status,
  release.name,
  release.valid_from,
  release.valid_to,
  held.in_force,
  winning.superseded_by,
  release.row_count,
  release.is_starter,
  release.file_name,
  release.file_sha256,
  release.loaded_at
from reference.releases as release
left join lateral (
  select
    range_agg(
      daterange(period.valid_from, nullif(period.valid_to, 'infinity'), '[]')
    ) as in_force
  from reference.periods_in_force as period
  where period.release_id = release.release_id
) as held on true
left join lateral (
  select
    array_agg(distinct period.release_id order by period.release_id)
      as superseded_by
  from reference.periods_in_force as period
  where
    period.kind = release.kind
    and release.qpp_status in ('both', period.qpp_status)
    and period.release_id <> release.release_id
    and period.valid_from <= coalesce(release.valid_to, 'infinity')
    and period.valid_to >= release.valid_from
) as winning on true;

comment on view pipeline.reference_releases
is 'Every release loaded, the dates it is in force on, and the releases that took dates from it.';

create view scoring.review_queue as
select
  claim.claim_id,
  claim.service_month,
  claim.submitter_id,
  claim.batch_id,
  claim.received_at,
  claim.transferred_at,
  claim.billing_npi,
  claim.first_service_date,
  claim.line_count,
  claim.total_charge,
  claim.allowed_amount,
  array_remove(
    array[
      case when score.decision = 'review' then 'score' end,
      case when claim.pended_line_count > 0 then 'pended_lines' end
    ],
    null
  ) as reasons,
  score.score,
  score.threshold,
  model.version as model_version,
  claim.pended_line_count
from production.claims as claim
left join production.claim_scores as score
  on
    claim.claim_id = score.claim_id
    and claim.service_month = score.service_month
left join models.registry as model on score.model_id = model.model_id
where
  claim.decision = 'review'
  and not exists (
    select from models.review_verdicts as verdict
    where verdict.claim_id = claim.claim_id
  );

comment on view scoring.review_queue
is 'Claims in production that wait for a person, why (score, pended_lines), and their scores.';

-- Under the name by which reviewers know it. It stands on a view of a code schema, so
-- that it goes and comes with it.
create view production.review_queue with (security_barrier) as
select
  queue.claim_id,
  queue.service_month,
  queue.submitter_id,
  queue.batch_id,
  queue.received_at,
  queue.transferred_at,
  queue.billing_npi,
  queue.first_service_date,
  queue.line_count,
  queue.total_charge,
  queue.allowed_amount,
  queue.reasons,
  queue.score,
  queue.threshold,
  queue.model_version,
  queue.pended_line_count
from scoring.review_queue as queue
where queue.submitter_id = any((select analysis.seen_submitters())::integer []);

comment on view production.review_queue
is 'Claims in production that wait for a person, why (score, pended_lines), and their scores.';
