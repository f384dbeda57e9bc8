-- A cursor, because it locks only the rows it fetches: a second worker that skips
-- locked rows then finds the batches that this one left. A loop over batches, and
-- what follows runs in the same transaction.
--
-- A batch that failed counts four times as much with each attempt, so that it comes
-- in an ever smaller company: what kills a call is not put on others for long.
create function pipeline._take_batches(p_stage text, p_max_claims integer)
returns bigint[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_states text[] := pipeline._due_states(p_stage);
  c_waiting cursor for
    select batch.batch_id, batch.claim_count, batch.attempts
    from queue.batches as batch
    where
      batch.state = any(v_states)
      and (p_stage <> 'transfer' or not batch.hold)
      and (batch.leased_until is null or batch.leased_until < maintenance.clock())
      and (batch.next_attempt_at is null or batch.next_attempt_at <= maintenance.clock())
    order by batch.batch_id
    for update skip locked;
  v_batch record;
  v_batch_ids bigint[] := '{}';
  v_weight bigint;
  v_claims bigint := 0;
begin
  open c_waiting;
  loop
    fetch c_waiting into v_batch;
    exit when not found;
    v_weight := v_batch.claim_count::bigint << least(2 * v_batch.attempts, 30);
    exit when
      v_batch.attempts > 0 and v_claims > 0 and v_claims + v_weight > p_max_claims;
    v_batch_ids := v_batch_ids || v_batch.batch_id;
    v_claims := v_claims + v_weight;
    exit when v_claims >= p_max_claims;
  end loop;
  close c_waiting;
  return v_batch_ids;
end;
$$;

comment on function pipeline._take_batches(text, integer)
is 'Locks the batches that are due for a stage, oldest first, until they hold p_max_claims claims; skips those that others have locked or leased, that wait for their next attempt, and, for transfer, that are held. PL004.';
