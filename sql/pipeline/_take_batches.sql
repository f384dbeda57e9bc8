-- A cursor, because it locks only the rows it fetches: a second worker that skips
-- locked rows then finds the batches that this one left. A loop over batches, and
-- the stage that follows runs in the same transaction.
create function pipeline._take_batches(p_state text, p_max_claims integer)
returns bigint[]
language plpgsql
security definer
set search_path = ''
as $$
declare
  c_waiting cursor for
    select batch.batch_id, batch.claim_count
    from queue.batches as batch
    where batch.state = p_state
    order by batch.batch_id
    for update skip locked;
  v_batch record;
  v_batch_ids bigint[] := '{}';
  v_claims bigint := 0;
begin
  open c_waiting;
  loop
    fetch c_waiting into v_batch;
    exit when not found;
    v_batch_ids := v_batch_ids || v_batch.batch_id;
    v_claims := v_claims + v_batch.claim_count;
    exit when v_claims >= p_max_claims;
  end loop;
  close c_waiting;
  return v_batch_ids;
end;
$$;

comment on function pipeline._take_batches(text, integer)
is 'Locks waiting batches of a state, oldest first, until they hold p_max_claims claims; skips what others have locked.';
