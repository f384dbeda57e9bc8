-- In PL/pgSQL for its plan, which a session keeps: it runs for every batch.
create function access.note_request(
  p_batch_id bigint, p_client_id integer, p_request_sha256 bytea
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into queue.requests (batch_id, client_id, request_sha256)
  values (p_batch_id, p_client_id, p_request_sha256);
end;
$$;

comment on function access.note_request(bigint, integer, bytea)
is 'Keeps with a new batch which client sent it and the hash of what it sent.';
