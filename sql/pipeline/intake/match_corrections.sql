-- A claim that failed never entered adjudication, so what takes its place has the same
-- claim number. Of several failed claims with one number the newest is meant: the
-- others are older sendings of the same claim. Called inside the transaction that
-- loads the batch, before close_batch, which then lets the claims take their places.
create function pipeline.match_corrections(p_batch_id bigint)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch queue.batches;
  v_unmatched bigint;
  v_matched integer;
begin
  select batch.* into v_batch
  from queue.batches as batch
  where
    batch.batch_id = p_batch_id
    and batch.state = 'received'
    and batch.received_at = now();
  if not found then
    raise exception using
      errcode = 'PL002',
      message = format('batch %s is not open', p_batch_id),
      hint = 'Call pipeline.open_batch first, in the same transaction.';
  end if;

  update staging.claims as claim
  set replaces_claim_id = failed.claim_id
  from (
    select distinct on (failed.claim_number_token)
      failed.claim_id,
      failed.claim_number_token
    from staging.failed_claims as failed
    where
      failed.submitter_id = v_batch.submitter_id
      and failed.resolution = 'open'
      and failed.batch_id <> p_batch_id
    order by failed.claim_number_token, failed.claim_id desc
  ) as failed
  where
    claim.batch_id = p_batch_id
    and claim.received_on = v_batch.received_on
    and claim.claim_number_token = failed.claim_number_token;
  get diagnostics v_matched = row_count;

  select count(*) into v_unmatched
  from staging.claims as claim
  where
    claim.batch_id = p_batch_id
    and claim.received_on = v_batch.received_on
    and claim.replaces_claim_id is null;
  if v_unmatched > 0 then
    raise exception using
      errcode = 'PL013',
      message = format('%s claims have the number of no failed claim', v_unmatched),
      hint = 'Send corrected claims under the number that failed, and new claims with claims load.';
  end if;
  return v_matched;
end;
$$;

comment on function pipeline.match_corrections(bigint)
is 'Finds by claim number which failed claims those of an open batch correct; returns how many. PL002, PL013: one corrects none.';
