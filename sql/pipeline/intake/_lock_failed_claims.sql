-- In claim id order, so that two who want the same claims wait and do not deadlock.
create function pipeline._lock_failed_claims(
  p_submitter_id integer,
  p_claim_ids bigint[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_found bigint[];
  v_wrong record;
begin
  select coalesce(array_agg(locked.claim_id), '{}') into v_found
  from (
    select failed.claim_id
    from staging.failed_claims as failed
    where
      failed.claim_id = any(p_claim_ids)
      and failed.submitter_id = p_submitter_id
    order by failed.claim_id
    for update
  ) as locked;

  select id.claim_id into v_wrong
  from unnest(p_claim_ids) as id (claim_id)
  where id.claim_id <> all(v_found)
  limit 1;
  if found then
    raise exception using
      errcode = 'PL009',
      message = format('there is no failed claim %s of this submitter', v_wrong.claim_id),
      hint = 'claims failed --rule RULE lists failed claims.';
  end if;

  select failed.claim_id, failed.resolution into v_wrong
  from staging.failed_claims as failed
  where failed.claim_id = any(v_found) and failed.resolution <> 'open'
  limit 1;
  if found then
    raise exception using
      errcode = 'PL010',
      message = format(
        'the failed claim %s is %s already', v_wrong.claim_id, v_wrong.resolution
      ),
      hint = 'Only a claim that is open can be retried or corrected; claims show CLAIM says where it stands.';
  end if;
end;
$$;

comment on function pipeline._lock_failed_claims(integer, bigint[])
is 'Locks open failed claims of a submitter until the transaction ends. PL009: not there, or another''s. PL010: not open.';
