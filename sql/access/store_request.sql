-- A small request in one call: for one claim the ten round trips of a large request
-- (keys, open_batch, COPY for each table, note_request, close_batch) cost several times
-- what they carry. The rows are those that COPY would bring, as JSON objects without
-- what the batch decides.
create function access.store_request(
  p_client_id integer,
  p_client text,
  p_origin text,
  p_request_sha256 bytea,
  p_batch_id bigint,
  p_submitter text,
  p_idempotency_key text,
  p_data_key_id integer,
  p_erasure_generation integer,
  p_first_claim_id bigint,
  p_last_claim_id bigint,
  p_hold boolean,
  p_replaces_claim_id bigint,
  p_claims jsonb,
  p_lines jsonb,
  p_failed jsonb
)
returns timestamptz
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_opened record;
  v_claim staging.claims;
  v_line staging.claim_lines;
begin
  perform
    set_config('claims.client', p_client, true),
    set_config('claims.origin', p_origin, true);
  perform keys.hold_keys(p_data_key_id, p_erasure_generation);
  select opened.* into v_opened
  from pipeline.open_batch(
    p_batch_id, p_submitter, p_idempotency_key, p_data_key_id,
    (p_last_claim_id - p_first_claim_id + 1)::integer, jsonb_array_length(p_claims),
    jsonb_array_length(p_lines), p_first_claim_id, p_last_claim_id, p_hold
  ) as opened;

  v_claim.batch_id := p_batch_id;
  v_claim.submitter_id := v_opened.submitter_id;
  v_claim.received_on := v_opened.received_on;
  v_claim.received_at := v_opened.received_at;
  v_claim.replaces_claim_id := p_replaces_claim_id;
  insert into staging.claims
  select claim.* from jsonb_populate_recordset(v_claim, p_claims) as claim;

  v_line.batch_id := p_batch_id;
  v_line.submitter_id := v_opened.submitter_id;
  v_line.received_on := v_opened.received_on;
  insert into staging.claim_lines
  select line.* from jsonb_populate_recordset(v_line, p_lines) as line;

  if p_failed <> '[]' then
    insert into staging.failed_claims (
      claim_id, batch_id, submitter_id, received_at, stage, rule_codes,
      encrypted_batch_id, erasure_id, position_in_batch, reasons, claim_number_token,
      original
    )
    select
      failed.claim_id,
      p_batch_id,
      v_opened.submitter_id,
      v_opened.received_at,
      'decode',
      array['D000'],
      failed.encrypted_batch_id,
      failed.erasure_id,
      failed.position_in_batch,
      failed.reasons,
      failed.claim_number_token,
      failed.original
    from jsonb_populate_recordset(null::staging.failed_claims, p_failed) as failed;
  end if;

  perform access.note_request(p_batch_id, p_client_id, p_request_sha256);
  perform pipeline.close_batch(p_batch_id);
  return v_opened.received_at;
end;
$$;

comment on function access.store_request(
  integer, text, text, bytea, bigint, text, text, integer, integer, bigint, bigint,
  boolean, bigint, jsonb, jsonb, jsonb
)
is 'Stores a small request of an API client whole, as open_batch, COPY and close_batch do; returns when it was received. What these raise: PL001, PL003, PL009, KY001, KY002, and 23505 when it was sent already.';
