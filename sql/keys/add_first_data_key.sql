-- Of several processes that make the first keys at once, one wins; all then read
-- what stands there.
create function keys.add_first_data_key(
  p_purpose text,
  p_wrapped_key bytea,
  p_wrapping_key_check bytea,
  p_key_check bytea
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into vault.data_keys (purpose, wrapped_key, wrapping_key_check, key_check)
  values (p_purpose, p_wrapped_key, p_wrapping_key_check, p_key_check)
  on conflict (purpose) where retired_at is null do nothing;
  if found then
    perform auditing.record_event(
      'key.made', null, null, null, null,
      jsonb_build_object(
        'purpose', p_purpose, 'wrapped_by', encode(p_wrapping_key_check, 'hex')
      )
    );
  end if;
end;
$$;

comment on function keys.add_first_data_key(text, bytea, bytea, bytea)
is 'Keeps the first data key of a purpose, wrapped; does nothing when there is an active one.';
