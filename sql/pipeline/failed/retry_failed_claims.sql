create function pipeline.retry_failed_claims(p_submitter text, p_claim_ids bigint[])
returns table (claim_id bigint, batch_id bigint)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_claim_ids bigint[];
  v_not_decoded bigint;
begin
  select array_agg(distinct id.claim_id) into v_claim_ids
  from unnest(p_claim_ids) as id (claim_id);
  if v_claim_ids is null then
    return;
  end if;
  perform pipeline._lock_failed_claims(
    pipeline._submitter_id(p_submitter), v_claim_ids
  );

  select failed.claim_id into v_not_decoded
  from staging.failed_claims as failed
  where failed.claim_id = any(v_claim_ids) and failed.staged_claim is null
  order by failed.claim_id
  limit 1;
  if found then
    raise exception using
      errcode = 'PL011',
      message = format(
        'the failed claim %s could not be decoded, so there is nothing to retry',
        v_not_decoded
      ),
      hint = 'Correct the claim and send it again.';
  end if;
  return query
  select * from pipeline._retry_claims(v_claim_ids, 'asked for');
end;
$$;

comment on function pipeline.retry_failed_claims(text, bigint[])
is 'Puts open failed claims of a submitter on their way again, all or none; returns which claim is in which batch. PL001, PL009, PL010, PL011: not decoded.';
