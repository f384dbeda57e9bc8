-- One owner, who cannot log in: what a revision, the installer or a routine makes
-- belongs to no person and to no program.
begin;
\ir ../_support/catalogue.sql
select plan(5);

select is_empty(
  $$
    select schema.name, schema.owner::regrole
    from our_schemas as schema
    where schema.owner <> 'claims_owner'::regrole
  $$,
  'claims_owner owns every schema'
);

select is_empty(
  $$
    select relation.name, relation.owner::regrole
    from our_relations as relation
    where relation.owner <> 'claims_owner'::regrole
  $$,
  'claims_owner owns every table, partition, view and sequence'
);

select is_empty(
  $$
    select routine.name, routine.owner::regrole
    from our_routines as routine
    where routine.owner <> 'claims_owner'::regrole
  $$,
  'claims_owner owns every routine'
);

select is_empty(
  $$
    select type.name, type.owner::regrole
    from our_types as type
    where type.owner <> 'claims_owner'::regrole
  $$,
  'claims_owner owns every type'
);

select set_eq(
  $$
    select
      role.rolname,
      role.rolcanlogin,
      role.rolsuper or role.rolcreaterole or role.rolcreatedb or role.rolreplication
      or role.rolbypassrls
    from pg_catalog.pg_roles as role
    where role.rolname like 'claims%'
  $$,
  $$ values
    ('claims_owner', false, false),
    ('claims_app', true, false),
    ('claims_worker', true, false),
    ('claims_operator', true, false),
    ('claims_analyst', true, false),
    ('claims_reviewer', true, false),
    ('claims_auditor', true, false),
    ('claims_sealer', true, false)
  $$,
  'the roles log in, the owner does not, and none has power over the server'
);

select finish();
rollback;
