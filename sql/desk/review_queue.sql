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
comment on column scoring.review_queue.reasons is 'why it waits: score, pended_lines';
comment on column scoring.review_queue.model_version
is 'version of the model that gave the score';
call maintenance._take_comments(
  'scoring.review_queue', '{production.claims,production.claim_scores}'
);
