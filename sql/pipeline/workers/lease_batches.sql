-- The lease is committed before the work begins, so that the worker's other
-- connections, and other workers, see whose the batches are. A lease that ended by
-- itself is a failed attempt: its worker died, perhaps of these very batches.
create function pipeline.lease_batches(
  p_worker_id text,
  p_stages text[],
  p_max_claims integer default null,
  p_lease interval default interval '1 minute',
  p_max_attempts integer default 5
)
returns table (stage text, batch_id bigint, claim_count integer)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_max_claims integer;
  v_stage text;
  v_batch_ids bigint[];
  v_abandoned bigint[];
begin
  select coalesce(p_max_claims, settings.max_claims_per_call) into strict v_max_claims
  from queue.settings as settings;

  foreach v_stage in array p_stages loop
    v_batch_ids := pipeline._take_batches(v_stage, v_max_claims);
    continue when v_batch_ids = '{}';

    select array_agg(batch.batch_id) into v_abandoned
    from queue.batches as batch
    where batch.batch_id = any(v_batch_ids) and batch.leased_by is not null;
    if v_abandoned is not null then
      perform pipeline._record_failure(
        v_abandoned, v_stage, 'PL005',
        'the worker that had it in hand ended without a word', p_max_attempts
      );
    end if;

    return query
    update queue.batches as batch
    set leased_by = p_worker_id, leased_until = maintenance.clock() + p_lease
    where
      batch.batch_id = any(v_batch_ids)
      and (v_abandoned is null or batch.batch_id <> all(v_abandoned))
    returning v_stage, batch.batch_id, batch.claim_count;
    exit when found;
  end loop;
end;
$$;

comment on function pipeline.lease_batches(text, text[], integer, interval, integer)
is 'Gives a worker batches of the first of the stages that has any due, until they hold p_max_claims claims (by default queue.settings.max_claims_per_call). PL004.';
