-- Whoever looks with \d+, \df+ or \dn+ finds what a thing is for.
begin;
\ir ../_support/catalogue.sql
select plan(7);

select set_eq(
  $$
    select schema.nspname
    from pg_catalog.pg_namespace as schema
    where
      schema.nspname !~ '^pg_'
      and schema.nspname not in ('public', 'information_schema')
  $$,
  'select our_schemas.name from our_schemas',
  'no schema goes unseen by these tests'
);

select is_empty(
  $$
    select schema.name
    from our_schemas as schema
    where obj_description(schema.oid, 'pg_namespace') is null
  $$,
  'every schema has a comment'
);

select is_empty(
  $$
    select relation.name
    from our_relations as relation
    where
      relation.kind <> 'S'
      and not relation.is_partition
      and obj_description(relation.oid, 'pg_class') is null
  $$,
  'every table and view has a comment'
);

select is_empty(
  $$
    select relation.name, attribute.attname
    from our_relations as relation
    inner join pg_catalog.pg_attribute as attribute
      on relation.oid = attribute.attrelid
    where
      relation.kind in ('r', 'p', 'v')
      and not relation.is_partition
      and attribute.attnum > 0
      and not attribute.attisdropped
      and col_description(relation.oid, attribute.attnum) is null
  $$,
  'every column of a table or view has a comment'
);

select is_empty(
  $$
    select relation.name
    from our_relations as relation
    where
      relation.kind = 'S'
      and not relation.is_internal
      and obj_description(relation.oid, 'pg_class') is null
  $$,
  'every sequence has a comment'
);

select is_empty(
  $$
    select routine.name
    from our_routines as routine
    where obj_description(routine.oid, 'pg_proc') is null
  $$,
  'every routine has a comment'
);

select is_empty(
  $$
    select type.name
    from our_types as type
    where obj_description(type.oid, 'pg_type') is null
  $$,
  'every type has a comment'
);

select finish();
rollback;
