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
comment on column analysis.claim_findings.rule is 'the rule in words';
call maintenance._take_comments(
  'analysis.claim_findings', '{production.claim_findings}'
);
