-- The same claims under the same ids in a new batch, one for each submitter and data
-- key. They keep when they were received and what they are encrypted from, so that
-- timely filing and decryption go on as before. Their rows in staging, where that
-- day still stands, move: the claim is in one batch at a time.
create function pipeline._retry_claims(p_claim_ids bigint[], p_reason text)
returns table (claim_id bigint, batch_id bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
  v_today date := (maintenance.clock() at time zone 'UTC')::date;
  v_old_batch_ids bigint[];
  v_old_days date[];
  v_batch_ids bigint[];
begin
  if to_regclass('staging.claims_' || to_char(v_today, 'YYYYMMDD')) is null then
    call maintenance.ensure_partitions();
  end if;

  select array_agg(distinct batch.batch_id), array_agg(distinct batch.received_on)
  into v_old_batch_ids, v_old_days
  from staging.failed_claims as failed
  inner join queue.batches as batch on failed.batch_id = batch.batch_id
  where failed.claim_id = any(p_claim_ids);
  perform pipeline._unstage_claims(v_old_batch_ids, v_old_days, p_claim_ids);

  with chosen as (
    select
      failed.claim_id,
      failed.submitter_id,
      encrypted.data_key_id,
      jsonb_array_length(failed.staged_lines) as line_count
    from staging.failed_claims as failed
    inner join queue.batches as encrypted
      on failed.encrypted_batch_id = encrypted.batch_id
    where failed.claim_id = any(p_claim_ids)
  ),

  gathered as materialized (
    select
      nextval('queue.batch_ids') as batch_id,
      grouped.*
    from (
      select
        chosen.submitter_id,
        chosen.data_key_id,
        count(*)::integer as claims,
        sum(chosen.line_count)::integer as lines,
        min(chosen.claim_id) as first_claim_id,
        max(chosen.claim_id) as last_claim_id
      from chosen
      group by chosen.submitter_id, chosen.data_key_id
    ) as grouped
  ),

  opened as (
    insert into queue.batches (
      batch_id, submitter_id, idempotency_key, received_on, data_key_id, claim_count,
      retried_count, staged_count, line_count, first_claim_id, last_claim_id
    )
    select
      gathered.batch_id,
      gathered.submitter_id,
      'retry:' || gathered.batch_id,
      v_today,
      gathered.data_key_id,
      gathered.claims,
      gathered.claims,
      gathered.claims,
      gathered.lines,
      gathered.first_claim_id,
      gathered.last_claim_id
    from gathered
  ),

  put_back as (
    update staging.failed_claims as failed
    set
      resolution = 'retried',
      retried_batch_id = gathered.batch_id,
      retry_count = failed.retry_count + 1,
      next_retry_at = null
    from chosen
    inner join gathered
      on
        chosen.submitter_id = gathered.submitter_id
        and chosen.data_key_id = gathered.data_key_id
    where failed.claim_id = chosen.claim_id
    returning failed.claim_id
  )

  select array_agg(gathered.batch_id order by gathered.batch_id)
  into v_batch_ids
  from gathered
  cross join (select count(put_back.claim_id) from put_back) as written;

  insert into staging.claims
  select restored.*
  from staging.failed_claims as failed
  cross join lateral jsonb_populate_record(
    null::staging.claims,
    failed.staged_claim
    || jsonb_build_object('batch_id', failed.retried_batch_id, 'received_on', v_today)
  ) as restored
  where failed.claim_id = any(p_claim_ids);

  insert into staging.claim_lines
  select restored.*
  from staging.failed_claims as failed
  cross join lateral jsonb_array_elements(failed.staged_lines) as line (staged)
  cross join lateral jsonb_populate_record(
    null::staging.claim_lines,
    line.staged
    || jsonb_build_object('batch_id', failed.retried_batch_id, 'received_on', v_today)
  ) as restored
  where failed.claim_id = any(p_claim_ids);

  perform auditing.record_event(
    'claims.retried', batch.submitter_id, array[batch.batch_id],
    batch.first_claim_id, batch.last_claim_id,
    jsonb_build_object('claims', batch.claim_count, 'reason', p_reason)
  )
  from queue.batches as batch
  where batch.batch_id = any(v_batch_ids)
  order by batch.batch_id;
  perform pg_notify('claims_batches', new.batch_id::text)
  from unnest(v_batch_ids) as new (batch_id);

  return query
  select failed.claim_id, failed.retried_batch_id
  from staging.failed_claims as failed
  where failed.claim_id = any(p_claim_ids)
  order by failed.claim_id;
end;
$$;

comment on function pipeline._retry_claims(bigint[], text)
is 'Puts open failed claims, which the caller has locked, on their way again in new batches; returns which claim is in which.';
