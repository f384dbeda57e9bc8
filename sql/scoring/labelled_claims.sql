-- What a model learns from: the vectors as they were when the claims were scored, and
-- what became of the claims. A claim on review has no label until a person gave a
-- verdict; one that was approved without a person counts as approved as billed,
-- unless a rule denied one of its lines; one that was denied counts as not approved.
create view scoring.labelled_claims as
select
  claim.claim_id,
  claim.service_month,
  claim.received_at,
  claim.patient_age,
  claim.patient_sex,
  model.feature_version,
  score.features,
  coalesce(
    reviewed.approved, claim.decision = 'approved' and claim.denied_line_count = 0
  ) as approved,
  reviewed.approved is not null as by_reviewer
from production.claims as claim
inner join production.claim_scores as score
  on
    claim.claim_id = score.claim_id
    and claim.service_month = score.service_month
inner join models.registry as model on score.model_id = model.model_id
left join (
  select distinct on (verdict.claim_id)
    verdict.claim_id,
    verdict.verdict = 'approved' as approved
  from models.review_verdicts as verdict
  order by verdict.claim_id asc, verdict.verdict_id desc
) as reviewed on claim.claim_id = reviewed.claim_id
where claim.decision <> 'review' or reviewed.approved is not null;

comment on view scoring.labelled_claims
is 'Claims in production with their feature vectors and whether they were approved as billed: by a reviewer, else by adjudication.';
comment on column scoring.labelled_claims.approved
is 'whether it was approved as billed';
comment on column scoring.labelled_claims.by_reviewer
is 'whether a reviewer said so, and not adjudication';
comment on column scoring.labelled_claims.feature_version
is 'version of the list of features that the vector goes by';
call maintenance._take_comments(
  'scoring.labelled_claims', '{production.claims,production.claim_scores}'
);
