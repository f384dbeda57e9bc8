-- A partition has the row trigger from its parent, but a trigger of statements, which
-- TRUNCATE needs, is each table's own.
create function auditing._protect_tables()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_missing record;
begin
  for v_missing in
    select relation.relname as name, trigger.name as trigger_name, trigger.definition
    from pg_catalog.pg_class as relation
    cross join (
      values
      ('refuse_change', 'before update or delete', 'row'),
      ('refuse_truncate', 'before truncate', 'statement')
    ) as declared (name, event, level)
    cross join lateral (
      select
        declared.name,
        format(
          'create trigger %I %s on audit.%I for each %s execute function auditing.refuse_change()',
          declared.name, declared.event, relation.relname, declared.level
        ) as definition
    ) as trigger
    where
      relation.relnamespace = 'audit'::regnamespace
      and relation.relkind in ('r', 'p')
      and not (relation.relispartition and declared.level = 'row')
      and not exists (
        select from pg_catalog.pg_trigger as existing
        where existing.tgrelid = relation.oid and existing.tgname = declared.name
      )
    order by relation.relname, declared.name
  loop
    execute v_missing.definition;
  end loop;
end;
$$;

comment on function auditing._protect_tables()
is 'Gives every table and partition of the audit trail the triggers that refuse a change, where they are missing.';
