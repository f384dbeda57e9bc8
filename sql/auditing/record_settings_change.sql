create function auditing.record_settings_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform auditing.record_event(
    'settings.changed', null, null, null, null,
    (
      select jsonb_object_agg(
        new_value.key, jsonb_build_object('from', old_value.value, 'to', new_value.value)
      )
      from jsonb_each(to_jsonb(new)) as new_value
      inner join jsonb_each(to_jsonb(old)) as old_value on new_value.key = old_value.key
      where new_value.value is distinct from old_value.value
    )
  );
  return null;
end;
$$;

comment on function auditing.record_settings_change()
is 'Records which settings of the database were changed, from what and to what.';
