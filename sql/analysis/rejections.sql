-- Why claims came back, in numbers: the rows themselves hold what was sent, and stay
-- with those who mend it. A claim counts once for each of its rules.
create view analysis.rejections with (security_barrier) as
select
  failed.submitter_id,
  submitter.name as submitter,
  date_trunc('month', failed.received_at at time zone 'UTC')::date as received_month,
  failed.stage,
  reason.rule_code,
  coalesce(rule.title, 'the claim could not be decoded') as rule,
  count(*) as claims,
  count(*) filter (where failed.resolution = 'open') as open_claims,
  count(*) filter (where failed.resolution = 'retried') as retried_claims,
  count(*) filter (where failed.resolution = 'resolved') as resolved_claims,
  count(*) filter (where failed.resolution = 'superseded') as superseded_claims
from staging.failed_claims as failed
inner join queue.submitters as submitter
  on failed.submitter_id = submitter.submitter_id
cross join lateral unnest(failed.rule_codes) as reason (rule_code)
left join reference.rules as rule on reason.rule_code = rule.rule_code
where failed.submitter_id = any((select analysis.seen_submitters())::integer [])
group by
  failed.submitter_id,
  submitter.name,
  date_trunc('month', failed.received_at at time zone 'UTC'),
  failed.stage,
  reason.rule_code,
  rule.title;

comment on view analysis.rejections
is 'Claims that failed, by submitter, month received (UTC), stage and rule, and what became of them; a claim counts once for each of its rules.';
comment on column analysis.rejections.submitter_id is 'whose claims';
comment on column analysis.rejections.submitter is 'name of the submitter';
comment on column analysis.rejections.received_month
is 'first day of the month in which they were first received';
comment on column analysis.rejections.stage is 'stage that failed them';
comment on column analysis.rejections.rule_code
is 'rule that failed them; D000 for those that could not be decoded';
comment on column analysis.rejections.rule is 'the rule in words';
comment on column analysis.rejections.claims is 'claims that the rule failed';
comment on column analysis.rejections.open_claims is 'of them, those that nobody has mended';
comment on column analysis.rejections.retried_claims is 'of them, those under way again';
comment on column analysis.rejections.resolved_claims
is 'of them, those that a retry brought to production';
comment on column analysis.rejections.superseded_claims
is 'of them, those whose place a corrected claim took';
