-- The keys are destroyed already; this takes away what would still tell that two
-- claims are of one patient. Amounts, dates and codes stay. The batches of staged
-- claims are locked first, so that no stage copies the old row meanwhile; failed
-- claims come before staged ones, because a retry copies from those to these.
create function keys.unlink_patient(
  p_leaves bigint[],
  p_patient_tokens bytea[],
  p_member_tokens bytea[],
  p_claim_ids bigint[]
)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_claims bigint;
  v_claim_ids bigint[];
begin
  perform from queue.batches as batch
  where
    batch.state <> 'transferred'
    and batch.batch_id in (
      select claim.batch_id
      from staging.claims as claim
      where
        (
          claim.patient_token = any(p_patient_tokens)
          or claim.member_token = any(p_member_tokens)
          or claim.claim_id = any(p_claim_ids)
        )
        and keys.patient_leaf(claim.erasure_id) = any(p_leaves)
    )
  order by batch.batch_id
  for update;

  with failed as (
    update staging.failed_claims as failed
    set
      erasure_id = null,
      staged_claim = failed.staged_claim
        || '{"erasure_id": null, "patient_token": null, "member_token": null}'
    where
      (
        failed.staged_claim ->> 'patient_token'
        = any(array(
          select '\x' || encode(token.token, 'hex')
          from unnest(p_patient_tokens) as token (token)
        ))
        or failed.staged_claim ->> 'member_token'
        = any(array(
          select '\x' || encode(token.token, 'hex')
          from unnest(p_member_tokens) as token (token)
        ))
        or failed.claim_id = any(p_claim_ids)
      )
      and keys.patient_leaf(
        coalesce(failed.erasure_id, (failed.staged_claim ->> 'erasure_id')::bigint)
      ) = any(p_leaves)
    returning failed.claim_id
  )

  select array_agg(failed.claim_id) into v_claim_ids
  from failed;

  with staged as (
    update staging.claims as claim
    set erasure_id = null, patient_token = null, member_token = null
    where
      (
        claim.patient_token = any(p_patient_tokens)
        or claim.member_token = any(p_member_tokens)
        or claim.claim_id = any(p_claim_ids)
      )
      and keys.patient_leaf(claim.erasure_id) = any(p_leaves)
    returning claim.claim_id
  )

  select v_claim_ids || array_agg(staged.claim_id) into v_claim_ids
  from staged;

  with moved as (
    update production.claims as claim
    set erasure_id = null, patient_token = null, member_token = null
    where
      (
        claim.patient_token = any(p_patient_tokens)
        or claim.member_token = any(p_member_tokens)
        or claim.claim_id = any(p_claim_ids)
      )
      and keys.patient_leaf(claim.erasure_id) = any(p_leaves)
    returning claim.claim_id
  )

  select v_claim_ids || array_agg(moved.claim_id) into v_claim_ids
  from moved;

  select count(distinct claim.claim_id) into v_claims
  from unnest(v_claim_ids) as claim (claim_id);
  perform auditing.record_event(
    'patient.unlinked', null, null,
    (select min(claim.claim_id) from unnest(v_claim_ids) as claim (claim_id)),
    (select max(claim.claim_id) from unnest(v_claim_ids) as claim (claim_id)),
    jsonb_build_object('claims', v_claims)
  );
  return v_claims;
end;
$$;

comment on function keys.unlink_patient(bigint[], bytea[], bytea[], bigint[])
is 'Takes the tokens and the erasure id from the claims of a patient whose erasure key, one of p_leaves, was destroyed; returns how many claims.';
