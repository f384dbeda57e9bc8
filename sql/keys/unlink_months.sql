-- As unlink_patient, for all claims received before a month.
create function keys.unlink_months(p_first_kept bigint)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_claims bigint;
  v_counted bigint;
begin
  perform from queue.batches as batch
  where
    batch.state <> 'transferred'
    and batch.batch_id in (
      select claim.batch_id
      from staging.claims as claim
      where claim.erasure_id < p_first_kept
    )
  order by batch.batch_id
  for update;

  update staging.failed_claims as failed
  set
    erasure_id = null,
    staged_claim = failed.staged_claim
      || '{"erasure_id": null, "patient_token": null, "member_token": null}'
  where
    coalesce(failed.erasure_id, (failed.staged_claim ->> 'erasure_id')::bigint)
    < p_first_kept;
  get diagnostics v_claims = row_count;

  update staging.claims as claim
  set erasure_id = null, patient_token = null, member_token = null
  where claim.erasure_id < p_first_kept;

  update production.claims as claim
  set erasure_id = null, patient_token = null, member_token = null
  where claim.erasure_id < p_first_kept;
  get diagnostics v_counted = row_count;
  v_claims := v_claims + v_counted;

  perform auditing.record_event(
    'months.unlinked', null, null, null, null, jsonb_build_object('claims', v_claims)
  );
  return v_claims;
end;
$$;

comment on function keys.unlink_months(bigint)
is 'Takes the tokens and the erasure id from all claims received before the month whose erasure ids begin at p_first_kept; returns how many failed and transferred claims.';
