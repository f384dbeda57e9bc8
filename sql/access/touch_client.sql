create function access.touch_client(p_client_id integer)
returns void
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
begin atomic
  update vault.api_clients
  set last_used_at = now()
  where
    client_id = p_client_id
    and coalesce(last_used_at < now() - interval '1 minute', true);
end;

comment on function access.touch_client(integer)
is 'Notes that a client was let in, once a minute at most.';
