create function access.revoke_client(p_name text)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_client vault.api_clients;
begin
  update vault.api_clients as client
  set revoked_at = coalesce(client.revoked_at, now())
  where client.name = p_name
  returning client.* into v_client;
  if not found then
    raise exception using
      errcode = 'AC002',
      message = format('there is no client named %L', p_name),
      hint = 'Look at `claims client list`.';
  end if;
  if v_client.revoked_at = now() then
    perform auditing.record_event(
      'client.revoked', v_client.submitter_id, null, null, null,
      jsonb_build_object('client_id', v_client.client_id, 'name', p_name)
    );
  end if;
  return v_client.client_id;
end;
$$;

comment on function access.revoke_client(text)
is 'Revokes an API client; again is harmless. Services refuse it within a second. Returns its id. AC002: no such client.';
