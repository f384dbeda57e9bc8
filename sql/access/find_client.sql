-- In PL/pgSQL for its plan, which a session keeps: it runs each second for a client.
create function access.find_client(p_client_id integer)
returns table (
  client_id integer,
  name text,
  submitter_id integer,
  submitter text,
  scopes text[],
  token_hash bytea,
  refusal text,
  is_stale boolean
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  select
    client.client_id,
    client.name,
    client.submitter_id,
    submitter.name as submitter,
    client.scopes,
    client.token_hash,
    case
      when client.revoked_at is not null then 'revoked'
      when client.expires_at <= maintenance.clock() then 'expired'
    end as refusal,
    coalesce(client.last_used_at < maintenance.clock() - interval '1 minute', true) as is_stale
  from vault.api_clients as client
  inner join queue.submitters as submitter
    on client.submitter_id = submitter.submitter_id
  where client.client_id = p_client_id;
end;
$$;

comment on function access.find_client(integer)
is 'What a token is checked against; refusal says why even the right token is refused, is_stale that last_used_at is due.';
