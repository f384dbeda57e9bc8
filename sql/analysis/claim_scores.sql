create view analysis.claim_scores with (security_barrier) as
select
  score.claim_id,
  score.service_month,
  score.submitter_id,
  score.score,
  score.threshold,
  score.decision,
  model.version as model_version
from production.claim_scores as score
inner join models.registry as model on score.model_id = model.model_id
where score.submitter_id = any((select analysis.seen_submitters())::integer []);

comment on view analysis.claim_scores
is 'Scores of the claims, the threshold and what the score alone decided, and the model that gave it; no row for a claim that went without. Join on claim_id and service_month.';
comment on column analysis.claim_scores.model_version
is 'version of the model that gave the score';
call maintenance._take_comments('analysis.claim_scores', '{production.claim_scores}');
