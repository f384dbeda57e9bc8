-- First statement of the transaction that loads a batch. A second loader of the
-- same batch waits here for the first, and then fails on the idempotency key.
create function pipeline.open_batch(
  p_batch_id bigint,
  p_submitter text,
  p_idempotency_key text,
  p_data_key_id integer,
  p_claim_count integer,
  p_staged_count integer,
  p_line_count integer,
  p_first_claim_id bigint,
  p_last_claim_id bigint
)
returns table (submitter_id integer, received_on date, received_at timestamptz)
language plpgsql
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  v_submitter_id integer;
  v_received_on date := (now() at time zone 'UTC')::date;
begin
  select submitter.submitter_id
  into v_submitter_id
  from queue.submitters as submitter
  where submitter.name = p_submitter;
  if not found then
    raise exception using
      errcode = 'PL001',
      message = format('the submitter %L does not exist', p_submitter),
      hint = 'Set CLAIMS_SUBMITTER to one that does, or add it: call maintenance.add_submitter(''name'').';
  end if;

  if to_regclass('staging.claims_' || to_char(v_received_on, 'YYYYMMDD')) is null then
    call maintenance.ensure_partitions();
  end if;

  insert into queue.batches (
    batch_id, submitter_id, idempotency_key, received_on, data_key_id, claim_count,
    staged_count, line_count, first_claim_id, last_claim_id, claims_failed
  )
  values (
    p_batch_id, v_submitter_id, p_idempotency_key, v_received_on, p_data_key_id,
    p_claim_count, p_staged_count, p_line_count, p_first_claim_id, p_last_claim_id,
    p_claim_count - p_staged_count
  );

  return query select v_submitter_id, v_received_on, now();
end;
$$;

comment on function pipeline.open_batch(
  bigint, text, text, integer, integer, integer, integer, bigint, bigint
)
is 'Begins a batch; its claims are copied in the same transaction, which close_batch ends. PL001: no such submitter. 23505: already sent.';
