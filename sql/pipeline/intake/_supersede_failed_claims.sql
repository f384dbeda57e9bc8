create function pipeline._supersede_failed_claims(
  p_batch_id bigint,
  p_received_on date
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_submitter_id integer;
  v_claim_ids bigint[];
  v_replaced bigint[];
  v_twice bigint;
  v_other record;
begin
  select
    min(claim.submitter_id),
    array_agg(claim.claim_id order by claim.claim_id),
    array_agg(claim.replaces_claim_id order by claim.claim_id)
  into v_submitter_id, v_claim_ids, v_replaced
  from staging.claims as claim
  where
    claim.batch_id = p_batch_id
    and claim.received_on = p_received_on
    and claim.replaces_claim_id is not null;
  perform pipeline._lock_failed_claims(v_submitter_id, v_replaced);

  select old.claim_id into v_twice
  from unnest(v_replaced) as old (claim_id)
  group by old.claim_id
  having count(*) > 1
  limit 1;
  if found then
    raise exception using
      errcode = 'PL010',
      message = format('the failed claim %s is corrected twice in batch %s', v_twice, p_batch_id),
      hint = 'Send one corrected claim for each failed one.';
  end if;

  -- Of a text that could not be decoded the number may be all that is known, or not even
  -- that: then it is taken for what the sender says it is.
  select correction.claim_id, failed.claim_id as failed_claim_id into v_other
  from staging.failed_claims as failed
  inner join staging.claims as correction
    on failed.claim_id = correction.replaces_claim_id
  where
    failed.claim_id = any(v_replaced)
    and correction.batch_id = p_batch_id
    and correction.received_on = p_received_on
    and failed.claim_number_token <> correction.claim_number_token
    and failed.staged_claim ->> 'patient_token'
    is distinct from '\x' || encode(correction.patient_token, 'hex')
  order by correction.claim_id
  limit 1;
  if found then
    raise exception using
      errcode = 'PL019',
      message = format(
        'what was sent does not correct the failed claim %s: it has another claim number (claim_number) and another patient (patient.last_name, first_name, birth_date)',
        v_other.failed_claim_id
      ),
      hint = 'Nothing was kept. Send the corrected claim under the number that failed, or of the same patient under another; another claim is sent as a new one.';
  end if;

  update staging.failed_claims as failed
  set
    resolution = 'superseded',
    resolved_at = now(),
    replaced_by_claim_id = correction.claim_id,
    next_retry_at = null
  from unnest(v_claim_ids, v_replaced) as correction (claim_id, replaces_claim_id)
  where failed.claim_id = correction.replaces_claim_id;

  perform auditing.record_event(
    'claims.corrected', v_submitter_id, array[p_batch_id],
    v_claim_ids[1], v_claim_ids[cardinality(v_claim_ids)],
    jsonb_build_object('replaced', to_jsonb(v_replaced))
  );
end;
$$;

comment on function pipeline._supersede_failed_claims(bigint, date)
is 'Lets the claims of a batch that have replaces_claim_id take the place of the failed claims they name. PL009, PL010, PL019.';
