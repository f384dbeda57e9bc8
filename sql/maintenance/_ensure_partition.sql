-- LIKE and ATTACH instead of PARTITION OF: attaching does not block readers.
-- Identity stays with the parent, and so does its sequence. LIKE leaves the statistics
-- targets of the columns behind. In UTC, whatever the session's time zone: two
-- partitions of timestamps would else overlap or leave hours between them.
create function maintenance._ensure_partition(
  p_parent regclass,
  p_suffix text,
  p_from date,
  p_to date
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  v_schema text;
  v_parent text;
  v_partition text;
  v_column record;
begin
  select namespace.nspname, relation.relname
  into strict v_schema, v_parent
  from pg_catalog.pg_class as relation
  inner join pg_catalog.pg_namespace as namespace
    on relation.relnamespace = namespace.oid
  where relation.oid = p_parent;
  v_partition := v_parent || '_' || p_suffix;

  if to_regclass(format('%I.%I', v_schema, v_partition)) is not null then
    return false;
  end if;
  execute format(
    'create table %1$I.%2$I (like %1$I.%3$I including all excluding identity)',
    v_schema, v_partition, v_parent
  );
  for v_column in
    select attribute.attname as name, attribute.attstattarget as target
    from pg_catalog.pg_attribute as attribute
    where
      attribute.attrelid = p_parent
      and attribute.attnum > 0
      and attribute.attstattarget >= 0
      and not attribute.attisdropped
  loop
    execute format(
      'alter table %I.%I alter column %I set statistics %s',
      v_schema, v_partition, v_column.name, v_column.target
    );
  end loop;
  execute format(
    'alter table %1$I.%3$I attach partition %1$I.%2$I for values from (%4$L) to (%5$L)',
    v_schema, v_partition, v_parent, p_from, p_to
  );
  return true;
end;
$$;

comment on function maintenance._ensure_partition(regclass, text, date, date)
is 'Makes the partition of a table for the dates from p_from up to, not including, p_to; false when it stands already.';
