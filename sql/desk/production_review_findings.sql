create view production.review_findings with (security_barrier) as
select
  finding.claim_id,
  finding.service_month,
  finding.line_number,
  finding.submitter_id,
  finding.rule_code,
  rule.title as rule,
  rule.hint,
  finding.disposition,
  finding.field,
  finding.value
from production.review_queue as queue
inner join production.claim_findings as finding
  on queue.claim_id = finding.claim_id and queue.service_month = finding.service_month
inner join reference.rules as rule on finding.rule_code = rule.rule_code;

comment on view production.review_findings
is 'Findings of the claims in production.review_queue, the rule in words. Never PHI.';
comment on column production.review_findings.rule is 'the rule in words';
comment on column production.review_findings.hint is 'what to do about it';
call maintenance._take_comments(
  'production.review_findings', '{production.claim_findings}'
);
