create function auditing.find_patient_of_claim(p_claim_id bigint)
returns bytea
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
begin atomic
  select found.patient_token
  from (
    select claim.patient_token
    from production.claims as claim
    where claim.claim_id = p_claim_id
    union all
    select claim.patient_token
    from staging.claims as claim
    where claim.claim_id = p_claim_id
    union all
    select (failed.staged_claim ->> 'patient_token')::bytea
    from staging.failed_claims as failed
    where failed.claim_id = p_claim_id
  ) as found
  where found.patient_token is not null
  limit 1;
end;

comment on function auditing.find_patient_of_claim(bigint)
is 'The patient token of a claim; null when there is no such claim or it names no patient.';
