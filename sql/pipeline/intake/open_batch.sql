-- First statement of the transaction that loads a batch. A second loader of the
-- same batch waits here for the first, and then fails on the idempotency key. Claims
-- of a backlog carry the time at which they were first received, to which timely filing
-- counts; the batch itself is received now, in the partitions of this day.
create function pipeline.open_batch(
  p_batch_id bigint,
  p_submitter text,
  p_idempotency_key text,
  p_data_key_id integer,
  p_claim_count integer,
  p_staged_count integer,
  p_line_count integer,
  p_first_claim_id bigint,
  p_last_claim_id bigint,
  p_hold boolean default false,
  p_first_received_at timestamptz default null
)
returns table (submitter_id integer, received_on date, received_at timestamptz)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_submitter_id integer := pipeline._submitter_id(p_submitter);
  v_received_on date := (maintenance.clock() at time zone 'UTC')::date;
begin
  if p_first_received_at > maintenance.clock() then
    raise exception using
      errcode = 'PL015',
      message = format('claims cannot be received at %s, which is to come', p_first_received_at),
      hint = 'Give the day on which the claims came in, or none for today.';
  end if;
  if to_regclass('staging.claims_' || to_char(v_received_on, 'YYYYMMDD')) is null then
    call maintenance.ensure_partitions();
  end if;

  insert into queue.batches (
    batch_id, submitter_id, idempotency_key, received_on, data_key_id, claim_count,
    staged_count, line_count, first_claim_id, last_claim_id, claims_failed, hold
  )
  values (
    p_batch_id, v_submitter_id, p_idempotency_key, v_received_on, p_data_key_id,
    p_claim_count, p_staged_count, p_line_count, p_first_claim_id, p_last_claim_id,
    p_claim_count - p_staged_count, p_hold
  );

  return query
  select v_submitter_id, v_received_on, coalesce(p_first_received_at, maintenance.clock());
end;
$$;

comment on function pipeline.open_batch(
  bigint,
  text,
  text,
  integer,
  integer,
  integer,
  integer,
  bigint,
  bigint,
  boolean,
  timestamptz
)
is 'Begins a batch, and returns what its rows carry: submitter, partition, and when the claims were first received; they are copied in the same transaction, which close_batch ends. With p_hold it is not transferred before release_batches. PL001: no such submitter. PL015: received in the future. 23505: already sent.';
