create function access.find_request(p_idempotency_key text)
returns table (batch_id bigint, request_sha256 bytea)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
begin atomic
  select
    batch.batch_id,
    request.request_sha256
  from queue.batches as batch
  inner join queue.requests as request on batch.batch_id = request.batch_id
  where
    batch.submitter_id
    = nullif(current_setting('claims.submitter_id', true), '')::integer
    and batch.idempotency_key = p_idempotency_key;
end;

comment on function access.find_request(text)
is 'The batch that the submitter of the session sent under an idempotency key, and the hash of that request.';
