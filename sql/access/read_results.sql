-- A page of the results of a batch, as JSON made here, so that what streams them
-- passes texts on. A page is a stretch of claim ids: those of a batch follow on one
-- another, and a claim keeps its id when a retry takes it to another batch. The ids
-- of a batch of retried claims have gaps; it names them.
create function access.read_results(
  p_first bigint, p_last bigint, p_claim_ids bigint[], p_first_of_batch bigint
)
returns table (claim_id bigint, result text)
language sql
stable
begin atomic
  with found as materialized (
    select state.*
    from access.claim_states as state
    where
      state.claim_id between p_first and p_last
      and (p_claim_ids is null or state.claim_id = any(p_claim_ids))
  ),

  finding as (
    select
      found.claim_id,
      found.rule_code,
      found.line_number,
      found.field,
      found.value,
      found.disposition
    from access.claim_findings as found
    where found.claim_id between p_first and p_last
    union all
    select
      staged.claim_id,
      staged.rule_code,
      staged.line_number,
      staged.field,
      staged.value,
      staged.disposition
    from found
    inner join access.staged_findings as staged
      on found.batch_id = staged.batch_id and found.claim_id = staged.claim_id
    where found.state not in ('transferred', 'failed')
    union all
    select
      failed.claim_id,
      reason.rule as rule_code,
      coalesce(reason.line, 0)::smallint as line_number,
      reason.field,
      coalesce(reason.value, reason.reason) as value,
      null as disposition
    from access.failed_claims as failed
    inner join found on failed.claim_id = found.claim_id and found.state = 'failed'
    cross join
      lateral jsonb_to_recordset(failed.reasons)
        as reason (rule text, line integer, field text, value text, reason text)
    where failed.claim_id between p_first and p_last
  ),

  findings as (
    select
      finding.claim_id,
      json_agg(
        json_build_object(
          'rule_code', finding.rule_code,
          'line_number', finding.line_number,
          'field', finding.field,
          'value', finding.value,
          'reason', coalesce(rule.title, 'the claim could not be decoded'),
          'hint', coalesce(
            rule.hint,
            'Correct the field that the reason names, and send the claim again.'
          ),
          'disposition', coalesce(finding.disposition, rule.disposition, 'reject_claim')
        )
        order by finding.line_number, finding.rule_code, finding.field
      ) as list
    from finding
    left join reference.rules as rule on finding.rule_code = rule.rule_code
    group by finding.claim_id
  ),

  lines as (
    select
      line.claim_id,
      json_agg(
        json_build_object(
          'line_number', line.line_number,
          'pricing_status', line.pricing_status,
          'allowed_amount', line.allowed_amount,
          'reason_code', line.reason_code
        )
        order by line.line_number
      ) as list
    from access.claim_lines as line
    where line.claim_id between p_first and p_last
    group by line.claim_id
  )

  select
    found.claim_id,
    json_build_object(
      'claim_id', found.claim_id,
      'position', found.claim_id - p_first_of_batch + 1,
      'batch_id', found.batch_id,
      'state', found.state,
      'decision', found.decision,
      'allowed_amount', claim.allowed_amount,
      'findings', coalesce(findings.list, '[]'),
      'lines', coalesce(lines.list, '[]')
    )::text as result
  from found
  left join access.claims as claim
    on found.claim_id = claim.claim_id and claim.claim_id between p_first and p_last
  left join findings on found.claim_id = findings.claim_id
  left join lines on found.claim_id = lines.claim_id
  order by found.claim_id;
end;

comment on function access.read_results(bigint, bigint, bigint[], bigint)
is 'One JSON object for each claim with an id between p_first and p_last and, where given, among p_claim_ids; positions count from p_first_of_batch, null for none. Never PHI.';
