create function auditing.find_claims_of_patient(p_patient_token bytea)
returns table (claim_id bigint)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
begin atomic
  select claim.claim_id
  from production.claims as claim
  where claim.patient_token = p_patient_token
  union
  select claim.claim_id
  from staging.claims as claim
  where claim.patient_token = p_patient_token
  union
  select failed.claim_id
  from staging.failed_claims as failed
  where
    failed.staged_claim ->> 'patient_token'
    = '\x' || encode(p_patient_token, 'hex');
end;

comment on function auditing.find_claims_of_patient(bytea)
is 'The claims of a patient, wherever they stand, by the keyed hash of names and birth date.';
