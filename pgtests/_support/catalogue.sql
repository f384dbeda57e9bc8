-- What is ours in the catalogue. Include it first, in the test's transaction.
set client_min_messages = warning;

create temporary view our_schemas as
select
  schema.oid,
  schema.nspname as name,
  schema.nspowner as owner,
  schema.nspacl as acl
from pg_catalog.pg_namespace as schema
where schema.nspname in (
  'reference', 'staging', 'production', 'queue', 'vault', 'audit', 'models',
  'catalogue',
  'pipeline', 'validation', 'pricing', 'adjudication', 'transfer', 'scoring',
  'maintenance', 'auditing', 'access', 'keys', 'analysis'
);

-- Tables, partitions, views and sequences.
create temporary view our_relations as
select
  relation.oid,
  relation.oid::regclass::text as name,
  relation.relkind as kind,
  relation.relispartition as is_partition,
  relation.relowner as owner,
  relation.relacl as acl,
  -- A sequence that an identity column made, which nobody names.
  relation.relkind = 'S' and exists (
    select from pg_catalog.pg_depend as owning
    where
      owning.classid = 'pg_class'::regclass
      and owning.objid = relation.oid
      and owning.deptype = 'i'
  ) as is_internal
from pg_catalog.pg_class as relation
inner join our_schemas as schema on relation.relnamespace = schema.oid
where relation.relkind in ('r', 'p', 'v', 'm', 'f', 'S');

create temporary view our_routines as
select
  routine.oid,
  routine.oid::regprocedure::text as name,
  routine.prokind as kind,
  language.lanname as language,
  routine.prosecdef as is_definer,
  routine.proisstrict as is_strict,
  routine.provolatile as volatility,
  routine.proretset as returns_set,
  routine.proconfig as settings,
  routine.prosrc as source,
  routine.proowner as owner,
  routine.proacl as acl
from pg_catalog.pg_proc as routine
inner join our_schemas as schema on routine.pronamespace = schema.oid
inner join pg_catalog.pg_language as language on routine.prolang = language.oid;

-- Types of their own: row types of tables, arrays and multiranges come along with
-- what they are of.
create temporary view our_types as
select
  type.oid,
  type.oid::regtype::text as name,
  type.typowner as owner,
  type.typacl as acl
from pg_catalog.pg_type as type
inner join our_schemas as schema on type.typnamespace = schema.oid
left join pg_catalog.pg_class as relation on type.typrelid = relation.oid
where
  type.typtype <> 'm'
  and type.typelem = 0
  and (type.typrelid = 0 or relation.relkind = 'c');
