create function keys.register_erasure_keys(p_store_id uuid, p_place text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into vault.erasure_keys (store_id, generation, place)
  values (p_store_id, 1, p_place)
  on conflict (singleton) do nothing;
  if found then
    perform auditing.record_event(
      'erasure_keys.made', null, null, null, null,
      jsonb_build_object('store_id', p_store_id, 'place', p_place)
    );
  end if;
end;
$$;

comment on function keys.register_erasure_keys(uuid, text)
is 'Says which file holds the erasure keys of this database; the first one to say so is the one.';
