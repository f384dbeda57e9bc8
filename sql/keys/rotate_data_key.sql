create function keys.rotate_data_key(
  p_retired_key_id integer,
  p_wrapped_key bytea,
  p_wrapping_key_check bytea,
  p_key_check bytea
)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_data_key_id integer;
begin
  -- Waits for what is being stored; what is encrypted under the old key and comes
  -- later is refused by hold_keys.
  perform pg_advisory_xact_lock(hashtext('vault.data_keys'));
  update vault.data_keys as data_key
  set retired_at = now()
  where
    data_key.data_key_id = p_retired_key_id
    and data_key.purpose = 'phi'
    and data_key.retired_at is null;
  if not found then
    raise exception using
      errcode = 'KY003',
      message = format('data key %s is not the one that encrypts new claims', p_retired_key_id),
      hint = 'Another process rotated it. Look at `claims keys list`.';
  end if;

  insert into vault.data_keys (purpose, wrapped_key, wrapping_key_check, key_check)
  values ('phi', p_wrapped_key, p_wrapping_key_check, p_key_check)
  returning data_key_id into v_data_key_id;
  perform auditing.record_event(
    'key.rotated', null, null, null, null,
    jsonb_build_object(
      'retired', p_retired_key_id,
      'made', v_data_key_id,
      'wrapped_by', encode(p_wrapping_key_check, 'hex')
    )
  );
  return v_data_key_id;
end;
$$;

comment on function keys.rotate_data_key(integer, bytea, bytea, bytea)
is 'Retires the data key that encrypts new claims and puts another in its place; returns its id. KY003: it is not the active one.';
