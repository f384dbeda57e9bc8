-- As replace_production_phi. A failed claim holds either the original text or its
-- staging row: p_replaced is the ciphertext of the one, or the other's claim number.
create function keys.replace_failed_phi(
  p_claim_ids bigint[],
  p_replaced bytea[],
  p_erasure_ids bigint[],
  p_original bytea[],
  p_staged jsonb[]
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
  update staging.failed_claims as failed
  set
    erasure_id = case when fresh.original is not null then fresh.erasure_id end,
    original = fresh.original,
    staged_claim = failed.staged_claim || fresh.staged
  from unnest(p_claim_ids, p_replaced, p_erasure_ids, p_original, p_staged)
    as fresh (claim_id, replaced, erasure_id, original, staged)
  where
    failed.claim_id = fresh.claim_id
    and coalesce(failed.original, (failed.staged_claim ->> 'claim_number')::bytea)
    = fresh.replaced;
  get diagnostics v_replaced = row_count;
  perform auditing.record_event(
    'claims.reencrypted', null, null,
    (select min(claim.claim_id) from unnest(p_claim_ids) as claim (claim_id)),
    (select max(claim.claim_id) from unnest(p_claim_ids) as claim (claim_id)),
    jsonb_build_object('table', 'staging.failed_claims', 'claims', v_replaced)
  );
  return v_replaced;
end;
$$;

comment on function keys.replace_failed_phi(bigint[], bytea[], bigint[], bytea[], jsonb[])
is 'Puts ciphertexts under another data key in place of those of failed claims: the original text, or the PHI columns of the staging row. Returns how many claims.';
