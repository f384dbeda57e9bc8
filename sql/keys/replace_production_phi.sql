-- A row is replaced only while it holds the ciphertext that was read: what changed
-- meanwhile is left as it is, and found again by the next pass.
create function keys.replace_production_phi(
  p_service_month date,
  p_claim_ids bigint[],
  p_replaced bytea[],
  p_erasure_ids bigint[],
  p_claim_number bytea[],
  p_member_id bytea[],
  p_patient_last_name bytea[],
  p_patient_first_name bytea[],
  p_patient_middle_name bytea[],
  p_patient_birth_date bytea[],
  p_patient_address_line bytea[],
  p_patient_city bytea[],
  p_patient_state bytea[],
  p_patient_zip bytea[],
  p_patient_phone bytea[]
)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
declare
  v_replaced integer;
begin
  update production.claims as claim
  set
    erasure_id = fresh.erasure_id,
    claim_number = fresh.claim_number,
    member_id = fresh.member_id,
    patient_last_name = fresh.patient_last_name,
    patient_first_name = fresh.patient_first_name,
    patient_middle_name = fresh.patient_middle_name,
    patient_birth_date = fresh.patient_birth_date,
    patient_address_line = fresh.patient_address_line,
    patient_city = fresh.patient_city,
    patient_state = fresh.patient_state,
    patient_zip = fresh.patient_zip,
    patient_phone = fresh.patient_phone
  from unnest(
    p_claim_ids, p_replaced, p_erasure_ids, p_claim_number, p_member_id,
    p_patient_last_name, p_patient_first_name, p_patient_middle_name,
    p_patient_birth_date, p_patient_address_line, p_patient_city, p_patient_state,
    p_patient_zip, p_patient_phone
  )
    as fresh (
      claim_id, replaced, erasure_id, claim_number, member_id, patient_last_name,
      patient_first_name, patient_middle_name, patient_birth_date,
      patient_address_line, patient_city, patient_state, patient_zip,
      patient_phone
    )
  where
    claim.claim_id = fresh.claim_id
    and claim.service_month = p_service_month
    and claim.claim_number = fresh.replaced;
  get diagnostics v_replaced = row_count;
  perform auditing.record_event(
    'claims.reencrypted', null, null,
    (select min(claim.claim_id) from unnest(p_claim_ids) as claim (claim_id)),
    (select max(claim.claim_id) from unnest(p_claim_ids) as claim (claim_id)),
    jsonb_build_object('table', 'production.claims', 'claims', v_replaced)
  );
  return v_replaced;
end;
$$;

comment on function keys.replace_production_phi(
  date, bigint[], bytea[], bigint[], bytea[], bytea[], bytea[], bytea[], bytea[],
  bytea[], bytea[], bytea[], bytea[], bytea[], bytea[]
)
is 'Puts ciphertexts under another data key in place of those of claims in production, an array for each column; p_replaced: the claim numbers that were read. Returns how many claims.';
