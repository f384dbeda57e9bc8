-- What PostgreSQL cannot see because it is encrypted (the birth date, the member
-- id, text that stands where a code belongs) the edge has found and sent along.
-- The values stay encrypted, so that a finding names the field alone.
create function validation.report_intake_findings(
  p_batch_ids bigint[],
  p_received_on date[]
)
returns table (
  claim_id bigint,
  line_number smallint,
  rule_code text,
  field text,
  value text
)
language sql
stable
parallel safe
begin atomic
  select
    claim.claim_id,
    intake.line as line_number,
    intake.rule as rule_code,
    intake.field,
    null::text as value
  from staging.claims as claim
  cross join
    lateral jsonb_to_recordset(claim.intake_findings)
      as intake (rule text, line smallint, field text)
  where
    claim.batch_id = any(p_batch_ids)
    and claim.received_on = any(p_received_on)
    and claim.intake_findings is not null;
end;

comment on function validation.report_intake_findings(bigint[], date[])
is 'V001 to V007 but V006: what the edge found in fields that are encrypted, or that held something else than a code or a date.';
