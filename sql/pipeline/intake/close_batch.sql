-- Last statement of the transaction that loads a batch: what stands in staging
-- must be what was announced, or nothing of it is kept. The notification is one for
-- the batch, and only wakes: whoever missed it finds the batch by looking.
create function pipeline.close_batch(p_batch_id bigint)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch queue.batches;
  v_claims bigint;
  v_lines bigint;
  v_failed bigint;
  v_corrections bigint;
begin
  select batch.* into v_batch
  from queue.batches as batch
  where batch.batch_id = p_batch_id and batch.state = 'received';
  if not found then
    raise exception using
      errcode = 'PL002',
      message = format('batch %s is not open', p_batch_id),
      hint = 'Call pipeline.open_batch first, in the same transaction.';
  end if;

  select
    count(*), coalesce(sum(claim.line_count), 0), count(claim.replaces_claim_id)
  into v_claims, v_lines, v_corrections
  from staging.claims as claim
  where
    claim.batch_id = p_batch_id
    and claim.received_on = v_batch.received_on
    and claim.claim_id between v_batch.first_claim_id and v_batch.last_claim_id;

  select count(*) into v_failed
  from staging.failed_claims as failed
  where failed.batch_id = p_batch_id;

  if
    v_claims <> v_batch.staged_count
    or v_lines <> v_batch.line_count
    or v_failed <> v_batch.claim_count - v_batch.staged_count
    or v_lines <> (
      select count(*)
      from staging.claim_lines as line
      where line.batch_id = p_batch_id and line.received_on = v_batch.received_on
    )
  then
    raise exception using
      errcode = 'PL003',
      message = format(
        'batch %s was announced with %s claims and %s lines, but %s claims, %s lines and %s failed claims were copied',
        p_batch_id, v_batch.claim_count, v_batch.line_count, v_claims, v_lines, v_failed
      ),
      hint = 'Nothing was kept; send the batch again.';
  end if;

  if v_corrections > 0 then
    perform pipeline._supersede_failed_claims(p_batch_id, v_batch.received_on);
  end if;

  perform auditing.record_event(
    'batch.received', v_batch.submitter_id, array[p_batch_id],
    v_batch.first_claim_id, v_batch.last_claim_id,
    jsonb_strip_nulls(
      jsonb_build_object(
        'claims', v_batch.claim_count, 'lines', v_lines, 'not_decoded', v_failed,
        'corrections', nullif(v_corrections, 0)
      )
    )
  );
  perform pg_notify('claims_batches', p_batch_id::text);
end;
$$;

comment on function pipeline.close_batch(bigint)
is 'Ends a batch: checks what was copied against what was announced, lets claims with replaces_claim_id take the place of the failed ones, writes the audit event and notifies claims_batches. PL002, PL003, PL009.';
