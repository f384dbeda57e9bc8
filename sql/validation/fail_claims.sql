-- The one way into failed_claims for a claim that was decoded. The staging rows go
-- along as they are, PHI still encrypted, because the staging day is dropped while
-- the failed claim lives until it is resolved.
create function validation.fail_claims(
  p_batch_ids bigint[],
  p_received_on date[],
  p_claim_ids bigint[],
  p_stage text
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_failed integer;
begin
  -- Materialized, so that no plan computes them once for each claim: the findings
  -- were inserted in this transaction, and nothing knows yet how many they are.
  with found as materialized (
    select
      finding.claim_id,
      array_agg(distinct finding.rule_code)
        filter (where finding.disposition = 'reject_claim') as rule_codes,
      jsonb_agg(
        jsonb_build_object(
          'rule', finding.rule_code,
          'line', finding.line_number,
          'field', finding.field,
          'value', finding.value
        )
        order by finding.line_number, finding.rule_code, finding.field
      ) as reasons
    from staging.claim_findings as finding
    where
      finding.batch_id = any(p_batch_ids)
      and finding.received_on = any(p_received_on)
      and finding.claim_id = any(p_claim_ids)
    group by finding.claim_id
  ),

  staged_lines as materialized (
    select
      line.claim_id,
      jsonb_agg(to_jsonb(line) order by line.line_number) as lines
    from staging.claim_lines as line
    where
      line.batch_id = any(p_batch_ids)
      and line.received_on = any(p_received_on)
      and line.claim_id = any(p_claim_ids)
    group by line.claim_id
  )

  insert into staging.failed_claims (
    claim_id, batch_id, submitter_id, received_at, stage, rule_codes, reasons,
    encrypted_batch_id, claim_number_token, staged_claim, staged_lines
  )
  select
    claim.claim_id,
    claim.batch_id,
    claim.submitter_id,
    claim.received_at,
    p_stage,
    found.rule_codes,
    found.reasons,
    claim.encrypted_batch_id,
    claim.claim_number_token,
    to_jsonb(claim),
    coalesce(staged_lines.lines, '[]')
  from staging.claims as claim
  inner join found on claim.claim_id = found.claim_id
  left join staged_lines on claim.claim_id = staged_lines.claim_id
  where
    claim.batch_id = any(p_batch_ids)
    and claim.received_on = any(p_received_on)
    and claim.claim_id = any(p_claim_ids);
  get diagnostics v_failed = row_count;
  return v_failed;
end;
$$;

comment on function validation.fail_claims(bigint[], date[], bigint[], text)
is 'Puts staged claims with their findings into failed_claims; returns how many.';
