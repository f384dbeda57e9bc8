-- An upgraded database must not keep what an older version granted: it is to be the
-- same as a fresh one.
begin;
select plan(2);

-- Written out, because none and the default are the same.
create temporary view privileges as
select relation.oid::regclass::text as name, held.*
from pg_catalog.pg_class as relation
cross join
  lateral aclexplode(
    coalesce(
      relation.relacl,
      acldefault(
        case relation.relkind when 'S' then 's' else 'r' end::"char", relation.relowner
      )
    )
  ) as held
where
  relation.relkind in ('r', 'p', 'S')
  and relation.relnamespace::regnamespace in (
    'reference', 'staging', 'production', 'queue', 'vault', 'audit', 'models'
  )
union all
select relation.oid::regclass || '.' || attribute.attname, held.*
from pg_catalog.pg_class as relation
inner join pg_catalog.pg_attribute as attribute on relation.oid = attribute.attrelid
cross join lateral aclexplode(attribute.attacl) as held
union all
select schema.nspname, held.*
from pg_catalog.pg_namespace as schema
cross join lateral aclexplode(schema.nspacl) as held;

create temporary table before as select * from privileges;

grant select on staging.claims, queue.claim_registry to claims_worker;
grant select (wrapped_key) on vault.data_keys to claims_analyst;
grant update on sequence queue.claim_ids to claims_app;
grant usage on schema vault to claims_analyst;
select isnt_empty(
  'table privileges except table before', 'more is granted than should be'
);

set local role claims_owner;
\ir ../../../sql/grants/contents.sql
reset role;

select bag_eq(
  'table privileges', 'table before', 'the installer takes it back, and nothing else'
);

select finish();
rollback;
