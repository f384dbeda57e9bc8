-- A batch as a loader sends it: open_batch, the copied rows, close_batch. Include it
-- instead of fixture.sql, which it brings along.
\ir fixture.sql

-- Announces a batch, of one claim with one line unless more is stated.
create procedure fixture.open_batch(
  p_idempotency_key text default 'sent',
  p_submitter text default 'default',
  p_claim_count integer default 1,
  p_staged_count integer default 1,
  p_line_count integer default 1
)
language plpgsql
as $$
declare
  v_batch_id bigint := pipeline.reserve_batch_id();
  v_first_claim_id bigint := (
    select min(block.first_id) from pipeline.reserve_claim_ids(1000) as block (first_id)
  );
begin
  perform pipeline.open_batch(
    v_batch_id, p_submitter, p_idempotency_key,
    (
      select data_key.data_key_id
      from vault.data_keys as data_key
      where data_key.purpose = 'phi'
    ),
    p_claim_count, p_staged_count, p_line_count, v_first_claim_id,
    v_first_claim_id + greatest(p_claim_count, 1) - 1
  );
  insert into fixture.batches (name, batch_id) values (p_idempotency_key, v_batch_id);
end;
$$;

-- Copies a claim with so many lines; p_place is its place among the ids of the batch.
create procedure fixture.copy_claim(
  p_batch text default 'sent',
  p_place integer default 0,
  p_lines integer default 1,
  p_line_count integer default null,
  p_received_on date default null
)
language plpgsql
as $$
declare
  v_batch queue.batches;
begin
  select batch.* into strict v_batch
  from queue.batches as batch
  where batch.batch_id = fixture.batch_id(p_batch);

  insert into staging.claims (
    claim_id, batch_id, received_on, submitter_id, received_at, encrypted_batch_id,
    claim_number_token, frequency_code, total_charge, first_service_date, line_count,
    claim_number, member_id, patient_last_name, patient_first_name, patient_birth_date
  )
  values (
    v_batch.first_claim_id + p_place, v_batch.batch_id,
    coalesce(p_received_on, v_batch.received_on), v_batch.submitter_id,
    v_batch.received_at, v_batch.batch_id, 'token', '1', 120.00 * p_lines, '2025-07-01',
    coalesce(p_line_count, p_lines), '', '', '', '', ''
  );
  insert into staging.claim_lines (
    claim_id, line_number, batch_id, received_on, submitter_id, service_date, hcpcs,
    place_of_service, units, charge, diagnosis_pointers
  )
  select
    v_batch.first_claim_id + p_place, line.number, v_batch.batch_id,
    coalesce(p_received_on, v_batch.received_on), v_batch.submitter_id, '2025-07-01',
    '99213', '11', 1, 120.00, '{1}'
  from generate_series(1, p_lines) as line (number);
end;
$$;

-- Copies a claim that could not be decoded.
create procedure fixture.copy_undecoded(
  p_batch text default 'sent',
  p_place integer default 0
)
language sql
begin atomic
  insert into staging.failed_claims (
    claim_id, batch_id, submitter_id, received_at, stage, position_in_batch,
    rule_codes, reasons, encrypted_batch_id, original
  )
  select
    batch.first_claim_id + p_place, batch.batch_id, batch.submitter_id,
    batch.received_at, 'decode', p_place + 1, '{D000}', '[]', batch.batch_id, 'original'
  from queue.batches as batch
  where batch.batch_id = fixture.batch_id(p_batch);
end;
