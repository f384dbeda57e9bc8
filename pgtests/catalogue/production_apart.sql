-- Production can stand in a database of its own, and that in a cluster that keeps rows by
-- claim_id: docs/decisions/distribution-key.md.
begin;
\ir ../_support/catalogue.sql
select plan(7);

create temporary table produced on commit drop as
select relation.oid, relation.relname, relation.relkind
from pg_catalog.pg_class as relation
inner join pg_catalog.pg_namespace as schema on relation.relnamespace = schema.oid
where schema.nspname = 'production' and relation.relkind in ('r', 'p');

select isnt_empty('select * from produced', 'there are tables');

select is_empty(
  $$
    select constrained.conrelid::regclass, constrained.conname
    from pg_catalog.pg_constraint as constrained
    inner join produced
      on produced.oid in (constrained.conrelid, constrained.confrelid)
    where constrained.contype = 'f'
  $$,
  'no foreign key leads out of a table or into one'
);

select is_empty(
  $$
    select attribute.attrelid::regclass, attribute.attname
    from pg_catalog.pg_attribute as attribute
    inner join produced on attribute.attrelid = produced.oid
    left join pg_catalog.pg_attrdef as preset
      on attribute.attrelid = preset.adrelid and attribute.attnum = preset.adnum
    where
      attribute.attidentity <> ''
      or pg_get_expr(preset.adbin, preset.adrelid) ~ 'nextval'
  $$,
  'no column takes its value from a sequence of its own'
);

select is_empty(
  $$
    select trigger.tgrelid::regclass, trigger.tgname
    from pg_catalog.pg_trigger as trigger
    inner join produced on trigger.tgrelid = produced.oid
  $$,
  'no table has a trigger'
);

select is_empty(
  $$
    select index.indexrelid::regclass
    from pg_catalog.pg_index as index
    inner join produced on index.indrelid = produced.oid
    where
      index.indisunique
      and not exists (
        select from pg_catalog.pg_attribute as attribute
        where
          attribute.attrelid = index.indrelid
          and attribute.attname = 'claim_id'
          and attribute.atttypid = 'bigint'::regtype
          and attribute.attnum = any(index.indkey)
      )
  $$,
  'claim_id, a bigint, is in every key'
);

select is_empty(
  $$
    select policy.polrelid::regclass, policy.polname
    from pg_catalog.pg_policy as policy
    inner join produced on policy.polrelid = produced.oid
    where concat(policy.polqual, policy.polwithcheck) ~ 'SUBLINK|FUNCEXPR'
  $$,
  'no policy looks at another table, or calls a function that might'
);

-- One that is set on a parent goes to the partitions of that moment alone.
select is_empty(
  $$
    select attribute.attrelid::regclass, attribute.attname
    from pg_catalog.pg_attribute as attribute
    inner join produced on attribute.attrelid = produced.oid
    where
      produced.relkind = 'p'
      and attribute.attnum > 0
      and coalesce(attribute.attstattarget, -1) <> -1
  $$,
  'no statistics target is set through a parent'
);

select finish();
rollback;
