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
comment on column pipeline.failed_reasons.rule_code
is 'rule that failed the claims; D000 for those that could not be decoded';
comment on column pipeline.failed_reasons.title is 'the rule in words';
comment on column pipeline.failed_reasons.hint is 'what to do about it';
comment on column pipeline.failed_reasons.claims
is 'open failed claims that the rule failed';
comment on column pipeline.failed_reasons.example_claim_id is 'one of them';
