create function access.add_client(
  p_name text,
  p_submitter text,
  p_scopes text[],
  p_token_hash bytea,
  p_expires_at timestamptz
)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_submitter_id integer;
  v_client_id integer;
begin
  select submitter.submitter_id
  into v_submitter_id
  from queue.submitters as submitter
  where submitter.name = p_submitter;
  if not found then
    raise exception using
      errcode = 'PL001',
      message = format('the submitter %L does not exist', p_submitter),
      hint = 'Add it first: call maintenance.add_submitter(''name'').';
  end if;
  insert into vault.api_clients (name, submitter_id, scopes, token_hash, expires_at)
  values (p_name, v_submitter_id, p_scopes, p_token_hash, p_expires_at)
  on conflict (name) do nothing
  returning client_id into v_client_id;
  if not found then
    raise exception using
      errcode = 'AC001',
      message = format('there is, or was, a client named %L', p_name),
      hint = 'Choose another name: names are not used again, so that the audit trail stays clear.';
  end if;
  perform auditing.record_event(
    'client.added', v_submitter_id, null, null, null,
    jsonb_build_object(
      'client_id', v_client_id, 'name', p_name, 'scopes', p_scopes,
      'expires_at', p_expires_at
    )
  );
  return v_client_id;
end;
$$;

comment on function access.add_client(text, text, text[], bytea, timestamptz)
is 'Adds an API client with the hash of its secret; returns its id. PL001: no such submitter. AC001: the name was used.';
