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
left join catalogue.pricing_reasons as reason on line.reason_code = reason.reason_code
left join reference.rules as rule on line.reason_code = rule.rule_code
where line.pricing_status = 'pended'
group by line.reason_code, reason.title, reason.hint, rule.title, rule.hint;

comment on view pipeline.pended_reasons
is 'Lines in production that wait for a person, by pricing reason or by the rule that pended them.';
comment on column pipeline.pended_reasons.reason_code
is 'pricing reason, or rule that pended the lines';
comment on column pipeline.pended_reasons.title is 'the reason in words';
comment on column pipeline.pended_reasons.hint is 'what to do about it';
comment on column pipeline.pended_reasons.lines is 'lines that wait for it';
comment on column pipeline.pended_reasons.claims is 'claims that have such a line';
comment on column pipeline.pended_reasons.example_claim_id is 'one of them';
