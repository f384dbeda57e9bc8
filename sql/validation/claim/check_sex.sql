create function validation.check_sex(
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
    0::smallint as line_number,
    'V006' as rule_code,
    'patient.sex' as field,
    claim.patient_sex as value
  from staging.claims as claim
  where
    claim.batch_id = any(p_batch_ids)
    and claim.received_on = any(p_received_on)
    and claim.patient_sex not in ('F', 'M', 'U');
end;

comment on function validation.check_sex(bigint[], date[])
is 'V006: the sex is F, M or U.';
