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
