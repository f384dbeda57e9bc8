-- For people who write SQL: what production says, with reasons in words and without
-- any encrypted column, so that `select *` works. Owned as all views are, so that they
-- do not go by the policies on the tables, but say the same themselves.
create view analysis.claims with (security_barrier) as
select
  claim.claim_id,
  claim.service_month,
  claim.batch_id,
  claim.submitter_id,
  submitter.name as submitter,
  claim.received_at,
  claim.transferred_at,
  claim.member_token,
  claim.patient_token,
  claim.patient_age,
  claim.patient_sex,
  claim.frequency_code,
  claim.payer_id,
  claim.billing_npi,
  claim.billing_taxonomy,
  claim.rendering_npi,
  claim.rendering_taxonomy,
  claim.service_zip,
  claim.carrier,
  claim.locality,
  claim.diagnoses,
  claim.first_service_date,
  claim.line_count,
  claim.decision,
  claim.total_charge,
  claim.allowed_amount,
  claim.pended_line_count,
  claim.denied_line_count
from production.claims as claim
inner join queue.submitters as submitter on claim.submitter_id = submitter.submitter_id
where claim.submitter_id = any((select analysis.seen_submitters())::integer []);

comment on view analysis.claims
is 'Adjudicated claims without PHI ciphertext; member_token and patient_token tell people apart without saying who they are. Filter on service_month: it is the partition.';

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

create view analysis.claim_lines with (security_barrier) as
select
  line.claim_id,
  line.service_month,
  line.line_number,
  line.submitter_id,
  line.service_date,
  line.service_date_to,
  line.hcpcs,
  line.modifiers,
  line.place_of_service,
  line.units,
  line.minutes,
  line.diagnosis_pointers,
  line.charge,
  line.pricing_status,
  line.allowed_amount,
  line.reason_code,
  coalesce(reason.title, rule.title) as reason,
  line.group_code,
  line.carc,
  line.rarc,
  rvu_release.name as rvu_release,
  gpci_release.name as gpci_release
from production.claim_lines as line
left join reference.pricing_reasons as reason on line.reason_code = reason.reason_code
left join reference.rules as rule on line.reason_code = rule.rule_code
left join reference.releases as rvu_release
  on line.rvu_release_id = rvu_release.release_id
left join reference.releases as gpci_release
  on line.gpci_release_id = gpci_release.release_id
where line.submitter_id = any((select analysis.seen_submitters())::integer []);

comment on view analysis.claim_lines
is 'Adjudicated lines, the reason for a missing or zero amount in words, and the releases that priced them.';

create view analysis.claim_findings with (security_barrier) as
select
  finding.claim_id,
  finding.service_month,
  finding.line_number,
  finding.submitter_id,
  finding.rule_code,
  rule.title as rule,
  finding.disposition,
  finding.field,
  finding.value
from production.claim_findings as finding
inner join reference.rules as rule on finding.rule_code = rule.rule_code
where finding.submitter_id = any((select analysis.seen_submitters())::integer []);

comment on view analysis.claim_findings
is 'Findings of claims in production, the rule in words.';
