create function validation.check_diagnosis_pointers(
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
    line.claim_id,
    line.line_number,
    'V034' as rule_code,
    'diagnosis_pointers' as field,
    array_to_string(line.diagnosis_pointers, ',') as value
  from staging.claim_lines as line
  inner join staging.claims as claim
    on line.claim_id = claim.claim_id and line.received_on = claim.received_on
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and claim.batch_id = any(p_batch_ids)
    and claim.received_on = any(p_received_on)
    and not (
      1 <= all(line.diagnosis_pointers)
      and coalesce(cardinality(claim.diagnoses), 0) >= all(line.diagnosis_pointers)
    );
end;

comment on function validation.check_diagnosis_pointers(bigint[], date[])
is 'V034: every diagnosis pointer points at a diagnosis of the claim.';
