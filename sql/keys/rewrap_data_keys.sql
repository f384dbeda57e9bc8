create function keys.rewrap_data_keys(
  p_data_key_ids integer[],
  p_wrapped_keys bytea[],
  p_wrapping_key_check bytea,
  p_key_checks bytea[]
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtext('vault.data_keys'));
  if exists (
    select from vault.data_keys as data_key
    where data_key.data_key_id <> all(p_data_key_ids)
  ) then
    raise exception using
      errcode = 'KY004',
      message = 'a data key was made since the keys were read',
      hint = 'Nothing was changed; run the command again.';
  end if;

  update vault.data_keys as data_key
  set
    wrapped_key = rewrapped.wrapped_key,
    wrapping_key_check = p_wrapping_key_check,
    key_check = rewrapped.key_check
  from unnest(p_data_key_ids, p_wrapped_keys, p_key_checks)
    as rewrapped (data_key_id, wrapped_key, key_check)
  where data_key.data_key_id = rewrapped.data_key_id;
  perform auditing.record_event(
    'keys.rewrapped', null, null, null, null,
    jsonb_build_object(
      'data_keys', to_jsonb(p_data_key_ids),
      'wrapped_by', encode(p_wrapping_key_check, 'hex')
    )
  );
end;
$$;

comment on function keys.rewrap_data_keys(integer[], bytea[], bytea, bytea[])
is 'Puts all data keys under another wrapping key, all or none; no claim is touched. KY004: there is one more.';
