-- The submitter is asked for, so that a client reaches no batch of another's; one
-- that is another's is told from one that does not exist by nothing.
create function pipeline.release_batches(p_submitter text, p_batch_ids bigint[])
returns table (batch_id bigint, state text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_submitter_id integer := pipeline._submitter_id(p_submitter);
  v_batch_ids bigint[];
  v_missing bigint;
begin
  select coalesce(array_agg(locked.batch_id), '{}') into v_batch_ids
  from (
    select batch.batch_id
    from queue.batches as batch
    where
      batch.submitter_id = v_submitter_id
      and case
        when p_batch_ids is null
          then batch.hold and batch.state in ('validated', 'scored')
        else batch.batch_id = any(p_batch_ids)
      end
    order by batch.batch_id
    for update
  ) as locked;

  select id.batch_id into v_missing
  from unnest(p_batch_ids) as id (batch_id)
  where id.batch_id <> all(v_batch_ids)
  limit 1;
  if found then
    raise exception using
      errcode = 'PL007',
      message = format('the submitter %L has no batch %s', p_submitter, v_missing),
      hint = 'Take the batch id from the answer to the batch, or from claims status.';
  end if;

  return query
  with released as (
    update queue.batches as batch
    set hold = false
    where batch.batch_id = any(v_batch_ids) and batch.hold
    returning batch.batch_id, batch.first_claim_id, batch.last_claim_id
  ),

  audited as (
    select auditing.record_event(
      'batches.released',
      v_submitter_id,
      array_agg(released.batch_id order by released.batch_id),
      min(released.first_claim_id),
      max(released.last_claim_id),
      '{}'
    ) as event
    from released
    having count(*) > 0
  ),

  notified as (
    select pg_notify('claims_batches', released.batch_id::text) as notice
    from released
  )

  select batch.batch_id, batch.state
  from queue.batches as batch
  cross join (select count(audited.event) from audited) as written
  cross join (select count(notified.notice) from notified) as told
  where batch.batch_id = any(v_batch_ids)
  order by batch.batch_id;
end;
$$;

comment on function pipeline.release_batches(text, bigint[])
is 'Lets held batches of a submitter be transferred: the given ones, or with null all that are validated or scored; returns them with their states. One that was not held stays as it is. PL001, PL007.';
