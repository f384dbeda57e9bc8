create function pipeline.retry_batches(p_batch_ids bigint[])
returns table (batch_id bigint, state text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_batch_ids bigint[];
  v_missing bigint;
begin
  select array_agg(locked.batch_id) into v_batch_ids
  from (
    select batch.batch_id
    from queue.batches as batch
    where
      batch.batch_id = any(p_batch_ids)
      and (batch.state = 'failed' or batch.next_attempt_at is not null)
    order by batch.batch_id
    for update
  ) as locked;

  select id.batch_id into v_missing
  from unnest(p_batch_ids) as id (batch_id)
  where v_batch_ids is null or id.batch_id <> all(v_batch_ids)
  limit 1;
  if found then
    raise exception using
      errcode = 'PL006',
      message = format('batch %s is not failed and waits for no further attempt', v_missing),
      hint = 'claims batches lists those that do.';
  end if;

  return query
  with returned as (
    update queue.batches as batch
    set
      state = coalesce(batch.failed_from, batch.state),
      failed_from = null,
      failed_at = null,
      attempts = 0,
      next_attempt_at = null
    where batch.batch_id = any(v_batch_ids)
    returning
      batch.batch_id,
      batch.state,
      batch.submitter_id,
      batch.first_claim_id,
      batch.last_claim_id
  ),

  audited as (
    select auditing.record_event(
      'batches.retried',
      returned.submitter_id,
      array_agg(returned.batch_id order by returned.batch_id),
      min(returned.first_claim_id),
      max(returned.last_claim_id),
      '{}'
    ) as event
    from returned
    group by returned.submitter_id
  ),

  notified as (
    select pg_notify('claims_batches', returned.batch_id::text) as notice
    from returned
  )

  select returned.batch_id, returned.state
  from returned
  cross join (select count(audited.event) from audited) as written
  cross join (select count(notified.notice) from notified) as told
  order by returned.batch_id;
end;
$$;

comment on function pipeline.retry_batches(bigint[])
is 'Puts failed batches back where they stood, with all attempts before them, and lets those that wait for their next attempt go at once. PL006.';
