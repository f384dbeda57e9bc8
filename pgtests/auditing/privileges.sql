-- The auditor reads the trail and nothing else; the sealer reads it and appends seals;
-- nobody changes it.
begin;
\ir ../_support/fixture.sql
\ir ../_support/catalogue.sql
select plan(15);

create temporary view held as
select
  role.name as role,
  relation.name as relation,
  privilege.name as privilege
from our_relations as relation
cross join (values ('claims_auditor'), ('claims_sealer')) as role (name)
cross join (values
  ('select'), ('insert'), ('update'), ('delete'), ('truncate'), ('references'), ('trigger')
) as privilege (name)
where
  relation.kind <> 'S'
  and (
    has_table_privilege(role.name, relation.oid, privilege.name)
    or privilege.name in ('select', 'insert', 'update', 'references')
    and has_any_column_privilege(role.name, relation.oid, privilege.name)
  );

select bag_eq(
  'select * from held',
  $$ values
    ('claims_auditor', 'audit.events', 'select'),
    ('claims_auditor', 'audit.seals', 'select'),
    ('claims_auditor', 'auditing.actions', 'select'),
    ('claims_auditor', 'auditing.purposes', 'select'),
    ('claims_sealer', 'audit.events', 'select'),
    ('claims_sealer', 'audit.seals', 'select'),
    ('claims_sealer', 'audit.seals', 'insert')
  $$,
  'auditor and sealer may do with tables and views what was decided'
);

select bag_eq(
  $$
    select role.name as role, schema.name as schema
    from our_schemas as schema
    cross join (values ('claims_auditor'), ('claims_sealer')) as role (name)
    where
      has_schema_privilege(role.name, schema.oid, 'usage')
      or has_schema_privilege(role.name, schema.oid, 'create')
  $$,
  $$ values
    ('claims_auditor', 'audit'),
    ('claims_auditor', 'auditing'),
    ('claims_sealer', 'audit')
  $$,
  'auditor and sealer use the schemas that were decided'
);

select is_empty(
  $$
    select relation.name, role.rolname, privilege.name
    from our_relations as relation
    cross join pg_catalog.pg_roles as role
    cross join (values ('insert'), ('update'), ('delete'), ('truncate')) as privilege (name)
    where
      relation.name ~ '^audit\.'
      and relation.kind in ('r', 'p')
      and role.rolname like 'claims%'
      and role.rolname <> 'claims_owner'
      and has_table_privilege(role.rolname, relation.oid, privilege.name)
      and (role.rolname, relation.name, privilege.name)
      <> ('claims_sealer', 'audit.seals', 'insert')
  $$,
  'no role writes to the trail or a partition of it but by its routines'
);

select is_empty(
  $$
    select role.rolname
    from pg_catalog.pg_roles as role
    where
      role.rolname like 'claims%'
      and role.rolname <> 'claims_owner'
      and pg_has_role(role.rolname, 'claims_owner', 'member')
  $$,
  'no role may become the owner'
);

-- The owner has every privilege; the triggers stop it, in every table of the trail.
select is_empty(
  $$
    select relation.name, wanted.name
    from our_relations as relation
    cross join (values ('refuse_change'), ('refuse_truncate')) as wanted (name)
    where
      relation.name ~ '^audit\.'
      and relation.kind in ('r', 'p')
      and not exists (
        select from pg_catalog.pg_trigger as trigger
        where
          trigger.tgrelid = relation.oid
          and trigger.tgname = wanted.name
          and trigger.tgenabled = 'O'
      )
  $$,
  'every table and partition of the trail has both triggers'
);

do $$ begin perform auditing.record_event('partitions.made', null, null, null, null, '{}'); end $$;
create function pg_temp.refused(p_statement text)
returns text
language plpgsql
as $$
begin
  return throws_ok('set local role claims_owner; ' || p_statement, 'AU004', null, p_statement);
end;
$$;

select pg_temp.refused('update audit.events set client = ''me''');
select pg_temp.refused('delete from audit.events');
select pg_temp.refused('truncate audit.events');
select pg_temp.refused(
  format('delete from audit.events_%s', to_char(now() at time zone 'UTC', 'YYYYMM'))
);
select pg_temp.refused(
  format('truncate audit.events_%s', to_char(now() at time zone 'UTC', 'YYYYMM'))
);
select pg_temp.refused('truncate audit.seals');

-- A partition that is made later has them, too.
set local role claims_owner;
do $$
begin
  perform maintenance._ensure_partition(
    'audit.events', '203001', '2030-01-01', '2030-02-01'
  );
  perform auditing._protect_tables();
end;
$$;
insert into audit.events (action, outcome, occurred_at)
values ('partitions.made', 'succeeded', '2030-01-15');
reset role;
select pg_temp.refused('delete from audit.events_203001');
select pg_temp.refused('truncate audit.events_203001');

select throws_ok(
  'set local role claims_operator; insert into audit.events (action, outcome) values (''a'', ''failed'')',
  '42501', null,
  'the operator writes no event but through record_event'
);
select throws_ok(
  'set local role claims_sealer; delete from audit.seals',
  '42501', null,
  'the sealer takes back no seal'
);

select finish();
rollback;
