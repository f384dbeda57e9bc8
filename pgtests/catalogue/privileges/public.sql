-- PUBLIC is everyone who can log in: it gets nothing, neither by a grant nor by
-- what PostgreSQL grants when nobody says otherwise.
begin;
\ir ../../_support/catalogue.sql
select plan(4);

create temporary view granted as
select 'schema' as kind, schema.name, privilege.grantee, privilege.privilege_type
from our_schemas as schema
cross join lateral aclexplode(coalesce(schema.acl, acldefault('n', schema.owner)))
  as privilege
union all
select
  case relation.kind when 'S' then 'sequence' else 'table' end,
  relation.name,
  privilege.grantee,
  privilege.privilege_type
from our_relations as relation
cross join
  lateral aclexplode(
    coalesce(
      relation.acl,
      acldefault(
        case relation.kind when 'S' then 's' else 'r' end::"char", relation.owner
      )
    )
  ) as privilege
union all
select
  'column', relation.name || '.' || attribute.attname, privilege.grantee,
  privilege.privilege_type
from our_relations as relation
inner join pg_catalog.pg_attribute as attribute on relation.oid = attribute.attrelid
cross join lateral aclexplode(attribute.attacl) as privilege
union all
select 'routine', routine.name, privilege.grantee, privilege.privilege_type
from our_routines as routine
cross join lateral aclexplode(coalesce(routine.acl, acldefault('f', routine.owner)))
  as privilege
union all
select 'type', type.name, privilege.grantee, privilege.privilege_type
from our_types as type
cross join lateral aclexplode(coalesce(type.acl, acldefault('T', type.owner)))
  as privilege;

select is_empty(
  $$
    select granted.kind, granted.name, granted.privilege_type
    from granted
    where granted.grantee = 0
  $$,
  'PUBLIC has no privilege on anything of ours'
);

select is_empty(
  $$
    select granted.kind, granted.name, granted.grantee::regrole
    from granted
    where
      granted.grantee <> all(array[
        'claims_owner', 'claims_app', 'claims_worker', 'claims_operator',
        'claims_analyst', 'claims_reviewer', 'claims_auditor', 'claims_sealer'
      ]::regrole[])
  $$,
  'none but our own roles has a privilege on anything of ours'
);

-- Whatever is read through a partition would go round what the table allows.
select is_empty(
  $$
    select relation.name, granted.grantee::regrole, granted.privilege_type
    from our_relations as relation
    inner join granted on granted.kind = 'table' and granted.name = relation.name
    where relation.is_partition and granted.grantee <> 'claims_owner'::regrole
  $$,
  'no role has a privilege on a partition'
);

create role someone;
select throws_ok(
  'set local role someone; select pipeline.reserve_batch_id()',
  '42501',
  'permission denied for schema pipeline',
  'whoever is none of our roles is refused at the schema'
);

select finish();
rollback;
