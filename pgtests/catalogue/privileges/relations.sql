-- Who may do what with each table, view and sequence. A new one, or a new grant, is
-- a decision to write down here.
begin;
\ir ../../_support/catalogue.sql
select plan(3);

-- r read, a append, w update, d delete, D truncate, x reference, t trigger, U use a
-- sequence; (r) some columns alone; - nothing. Of each role in turn.
create temporary table decided (
  relation text primary key, app text, worker text, operator text, analyst text
);
insert into decided
values
-- What is loaded is never changed or deleted, and what is derived never edited.
('reference.releases', '-', '-', 'ar', 'r'),
('reference.procedure_rvus', '-', '-', 'ar', 'r'),
('reference.geographic_indices', '-', '-', 'ar', 'r'),
('reference.anesthesia_conversion_factors', '-', '-', 'ar', 'r'),
('reference.zip_localities', '-', '-', 'ar', 'r'),
('reference.opps_caps', '-', '-', 'ar', 'r'),
('reference.diagnosis_codes', '-', '-', 'ar', 'r'),
('reference.place_of_service_codes', '-', '-', 'ar', 'r'),
('reference.periods_in_force', '-', '-', 'r', 'r'),
('reference.work_floor_periods', '-', '-', 'r', 'r'),
('reference.rules', '-', '-', 'r', 'r'),
('reference.payment_modifiers', '-', '-', 'r', 'r'),
('reference.pricing_reasons', '-', '-', 'r', 'r'),
-- The app copies claims in and reads none of them back; the worker touches none.
('staging.claims', 'a', '-', 'r', '-'),
('staging.claim_lines', 'a', '-', 'r', '-'),
('staging.failed_claims', 'a', '-', 'r', '-'),
('staging.claim_findings', '-', '-', 'r', '-'),
-- Only a transfer writes to production. Analysts see no encrypted column.
('production.claims', '-', '-', 'r', '(r)'),
('production.claim_lines', '-', '-', 'r', 'r'),
('production.claim_findings', '-', '-', 'r', 'r'),
('production.claim_registry', '-', '-', 'r', '-'),
('queue.batches', 'r', 'r', 'r', '-'),
('queue.submitters', 'r', '-', 'r', '-'),
('queue.settings', '-', 'r', 'rw', '-'),
('queue.batch_ids', 'U', '-', '-', '-'),
('queue.claim_ids', 'U', '-', '-', '-'),
-- Keys are wrapped by one that never enters the database.
('vault.data_keys', 'ar', '-', 'r', '-'),
('audit.events', '-', '-', '-', '-'),
('audit.seals', '-', '-', '-', '-'),
('auditing.actions', '-', '-', 'r', '-'),
('auditing.purposes', '-', '-', 'r', '-'),
('analysis.claims', '-', '-', '-', 'r'),
('analysis.claim_lines', '-', '-', '-', 'r'),
('analysis.claim_findings', '-', '-', '-', 'r'),
('pipeline.status', '-', 'r', 'r', '-'),
('pipeline.accounting', '-', 'r', 'r', '-'),
('pipeline.claim_states', '-', '-', 'r', '-'),
('pipeline.failed_reasons', '-', '-', 'r', '-'),
('pipeline.pended_reasons', '-', '-', 'r', 'r'),
('pipeline.reference_releases', '-', '-', 'r', 'r');

create function pg_temp.has(p_role name, p_relation oid, p_kind "char")
returns text
language sql
as $$
  select coalesce(string_agg(held.letter, '' order by held.letter collate "C"), '-')
  from (
    select
      case
        when has_table_privilege(p_role, p_relation, privilege.name)
          then privilege.letter
        when
          privilege.of_columns
          and has_any_column_privilege(p_role, p_relation, privilege.name)
          then '(' || privilege.letter || ')'
      end as letter
    from (values
      ('select', 'r', true),
      ('insert', 'a', true),
      ('update', 'w', true),
      ('references', 'x', true),
      ('delete', 'd', false),
      ('truncate', 'D', false),
      ('trigger', 't', false)
    ) as privilege (name, letter, of_columns)
    where p_kind <> 'S'
    union all
    select privilege.letter
    from (values ('usage', 'U'), ('select', 'r'), ('update', 'w'))
      as privilege (name, letter)
    where
      p_kind = 'S' and has_sequence_privilege(p_role, p_relation, privilege.name)
  ) as held
$$;

select set_eq(
  $$
    select
      relation.name,
      pg_temp.has('claims_app', relation.oid, relation.kind) as app,
      pg_temp.has('claims_worker', relation.oid, relation.kind) as worker,
      pg_temp.has('claims_operator', relation.oid, relation.kind) as operator,
      pg_temp.has('claims_analyst', relation.oid, relation.kind) as analyst
    from our_relations as relation
    where not relation.is_partition and not relation.is_internal
  $$,
  'select * from decided',
  'each role may do with each table, view and sequence what was decided'
);

-- The sequence behind an identity column serves whoever inserts, without a grant.
select is_empty(
  $$
    select relation.name, role.role
    from our_relations as relation
    cross join (values
      ('claims_app'), ('claims_worker'), ('claims_operator'), ('claims_analyst')
    ) as role (role)
    where
      relation.is_internal
      and pg_temp.has(role.role, relation.oid, relation.kind) <> '-'
  $$,
  'no role uses the sequence of an identity column'
);

select bag_eq(
  $$
    select role.role, schema.name
    from our_schemas as schema
    cross join (values
      ('claims_app'), ('claims_worker'), ('claims_operator'), ('claims_analyst')
    ) as role (role)
    where has_schema_privilege(role.role, schema.oid, 'usage')
    union all
    select role.role, schema.name || ', to create in it'
    from our_schemas as schema
    cross join (values
      ('claims_app'), ('claims_worker'), ('claims_operator'), ('claims_analyst')
    ) as role (role)
    where has_schema_privilege(role.role, schema.oid, 'create')
  $$,
  $$ values
    ('claims_app', 'pipeline'),
    ('claims_app', 'staging'),
    ('claims_app', 'queue'),
    ('claims_app', 'vault'),
    ('claims_app', 'auditing'),
    ('claims_worker', 'pipeline'),
    ('claims_worker', 'validation'),
    ('claims_worker', 'transfer'),
    ('claims_worker', 'maintenance'),
    ('claims_worker', 'queue'),
    ('claims_operator', 'pipeline'),
    ('claims_operator', 'validation'),
    ('claims_operator', 'pricing'),
    ('claims_operator', 'transfer'),
    ('claims_operator', 'maintenance'),
    ('claims_operator', 'auditing'),
    ('claims_operator', 'queue'),
    ('claims_operator', 'reference'),
    ('claims_operator', 'staging'),
    ('claims_operator', 'production'),
    ('claims_operator', 'vault'),
    ('claims_analyst', 'production'),
    ('claims_analyst', 'reference'),
    ('claims_analyst', 'pipeline'),
    ('claims_analyst', 'analysis')
  $$,
  'each role uses the schemas that were decided, and none creates in any'
);

select finish();
rollback;
