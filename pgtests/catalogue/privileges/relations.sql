-- Who may do what with each table, view and sequence. A new one, or a new grant, is
-- a decision to write down here.
begin;
\ir ../../_support/catalogue.sql
select plan(3);

-- r read, a append, w update, d delete, D truncate, x reference, t trigger, U use a
-- sequence; (r) some columns alone; - nothing. Of each role in turn.
create temporary table decided (
  relation text primary key,
  app text,
  worker text,
  operator text,
  analyst text,
  reviewer text default '-'
);
insert into decided (relation, app, worker, operator, analyst)
values
-- What is loaded is never changed or deleted, and what is derived never edited.
('reference.releases', 'r', '-', 'r', 'r'),
('reference.procedure_rvus', 'r', '-', 'ar', 'r'),
('reference.geographic_indices', 'r', '-', 'ar', 'r'),
('reference.anesthesia_conversion_factors', 'r', '-', 'ar', 'r'),
('reference.zip_localities', 'r', '-', 'ar', 'r'),
('reference.opps_caps', 'r', '-', 'ar', 'r'),
('reference.diagnosis_codes', 'r', '-', 'ar', 'r'),
('reference.place_of_service_codes', 'r', '-', 'ar', 'r'),
('reference.periods_in_force', 'r', '-', 'r', 'r'),
('catalogue.work_floor_periods', 'r', '-', 'r', 'r'),
('reference.rules', 'r', '-', 'r', 'r'),
('catalogue.payment_modifiers', 'r', '-', 'r', 'r'),
('catalogue.pricing_steps', 'r', '-', 'r', 'r'),
('catalogue.pricing_reasons', 'r', '-', 'r', 'r'),
-- The app copies claims in and reads none of them back; the worker touches none.
('staging.claims', 'a', '-', 'r', '-'),
('staging.claim_lines', 'a', '-', 'r', '-'),
('staging.failed_claims', 'a', '-', 'r', '-'),
('staging.claim_findings', '-', '-', 'r', '-'),
-- Only a transfer writes to production. Analysts see no encrypted column.
('production.claims', '-', '-', 'r', '(r)'),
('production.claim_lines', '-', '-', 'r', 'r'),
('production.claim_findings', '-', '-', 'r', 'r'),
('queue.claim_registry', '-', '-', 'r', '-'),
('queue.batches', 'r', 'r', 'r', '-'),
('queue.submitters', 'r', '-', 'r', '-'),
('queue.settings', 'r', 'r', 'rw', '-'),
('queue.requests', '-', '-', 'r', '-'),
('queue.workers', '-', '-', 'r', '-'),
('queue.staging_statistics', '-', '-', 'r', '-'),
('queue.batch_ids', 'U', '-', '-', '-'),
('queue.claim_ids', 'U', '-', '-', '-'),
-- Keys are wrapped by one that never enters the database.
('vault.data_keys', 'r', '-', 'r', '-'),
('vault.erasure_keys', 'r', '-', 'r', '-'),
-- Nobody reads the hashes of tokens but the function that looks a client up.
('vault.api_clients', '-', '-', '(r)', '-'),
('vault.login_submitters', '-', '-', 'r', '-'),
-- The trail is written by record_event alone.
('audit.events', '-', '-', '-', '-'),
('audit.seals', '-', '-', '-', '-'),
('auditing.actions', '-', '-', 'r', '-'),
('auditing.purposes', '-', '-', 'r', '-'),
('analysis.claims', '-', '-', '-', 'r'),
('analysis.claim_lines', '-', '-', '-', 'r'),
('analysis.claim_findings', '-', '-', '-', 'r'),
('analysis.claim_scores', '-', '-', '-', 'r'),
('analysis.rejections', '-', '-', '-', 'r'),
('pipeline.status', '-', 'r', 'r', '-'),
('pipeline.accounting', '-', 'r', 'r', '-'),
('pipeline.backlog', 'r', 'r', 'r', '-'),
('pipeline.workers', 'r', 'r', 'r', '-'),
('pipeline.figures', 'r', 'r', 'r', '-'),
('pipeline.schedules', 'r', 'r', 'r', '-'),
('pipeline.claim_states', '-', '-', 'r', '-'),
('pipeline.failed_reasons', '-', '-', 'r', '-'),
('pipeline.pended_reasons', '-', '-', 'r', 'r'),
('pipeline.reference_releases', '-', '-', 'r', 'r'),
-- What the service reads: of each table the rows of one submitter.
('access.batches', 'r', '-', 'r', '-'),
('access.staged_claims', 'r', '-', 'r', '-'),
('access.staged_lines', 'r', '-', 'r', '-'),
('access.staged_findings', 'r', '-', 'r', '-'),
('access.failed_claims', 'r', '-', 'r', '-'),
('access.claims', 'r', '-', 'r', '-'),
('access.claim_lines', 'r', '-', 'r', '-'),
('access.claim_findings', 'r', '-', 'r', '-'),
('access.staged_scores', 'r', '-', 'r', '-'),
('access.claim_scores', 'r', '-', 'r', '-'),
('access.review_verdicts', 'r', '-', 'r', '-'),
('access.claim_states', 'r', '-', 'r', '-'),
-- The worker copies scores in, reads none of them back, and knows the models.
('staging.claim_scores', '-', 'a', 'r', '-'),
('production.claim_scores', '-', '-', 'r', 'r'),
('production.review_queue', '-', '-', 'r', 'r'),
('production.review_lines', '-', '-', '-', '-'),
('production.review_findings', '-', '-', '-', '-'),
('production.review_steps', '-', '-', '-', '-'),
('models.registry', 'r', 'r', 'r', '-'),
('models.review_reasons', 'r', '-', 'r', '-'),
('models.review_verdicts', '-', '-', 'r', 'r'),
('models.provider_history', '-', '-', 'r', '-'),
('models.procedure_history', '-', '-', 'r', '-'),
('scoring.feature_list', 'r', 'r', 'r', 'r'),
('scoring.labelled_claims', '-', '-', 'r', '-'),
('scoring.review_queue', '-', '-', 'r', '-');
-- Reviewers see what waits for them and the reasons they may give.
update decided set reviewer = 'r'
where decided.relation in (
  'production.review_queue', 'production.review_lines', 'production.review_findings',
  'production.review_steps', 'models.review_reasons'
);

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
      pg_temp.has('claims_analyst', relation.oid, relation.kind) as analyst,
      pg_temp.has('claims_reviewer', relation.oid, relation.kind) as reviewer
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
      ('claims_app'), ('claims_worker'), ('claims_operator'), ('claims_analyst'),
      ('claims_reviewer')
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
      ('claims_app'), ('claims_worker'), ('claims_operator'), ('claims_analyst'),
      ('claims_reviewer')
    ) as role (role)
    where has_schema_privilege(role.role, schema.oid, 'usage')
    union all
    select role.role, schema.name || ', to create in it'
    from our_schemas as schema
    cross join (values
      ('claims_app'), ('claims_worker'), ('claims_operator'), ('claims_analyst'),
      ('claims_reviewer')
    ) as role (role)
    where has_schema_privilege(role.role, schema.oid, 'create')
  $$,
  $$ values
    ('claims_app', 'access'),
    ('claims_app', 'pricing'),
    ('claims_app', 'reference'),
    ('claims_app', 'scoring'),
    ('claims_app', 'models'),
    ('claims_operator', 'access'),
    ('claims_app', 'pipeline'),
    ('claims_app', 'staging'),
    ('claims_app', 'queue'),
    ('claims_app', 'vault'),
    ('claims_app', 'keys'),
    ('claims_app', 'auditing'),
    ('claims_app', 'catalogue'),
    ('claims_worker', 'pipeline'),
    ('claims_worker', 'validation'),
    ('claims_worker', 'transfer'),
    ('claims_worker', 'maintenance'),
    ('claims_worker', 'queue'),
    ('claims_worker', 'scoring'),
    ('claims_worker', 'staging'),
    ('claims_worker', 'models'),
    ('claims_operator', 'scoring'),
    ('claims_operator', 'models'),
    ('claims_operator', 'pipeline'),
    ('claims_operator', 'validation'),
    ('claims_operator', 'pricing'),
    ('claims_operator', 'transfer'),
    ('claims_operator', 'maintenance'),
    ('claims_operator', 'auditing'),
    ('claims_operator', 'queue'),
    ('claims_operator', 'reference'),
    ('claims_operator', 'catalogue'),
    ('claims_operator', 'staging'),
    ('claims_operator', 'production'),
    ('claims_operator', 'vault'),
    ('claims_operator', 'keys'),
    ('claims_analyst', 'production'),
    ('claims_analyst', 'reference'),
    ('claims_analyst', 'catalogue'),
    ('claims_analyst', 'pipeline'),
    ('claims_analyst', 'scoring'),
    ('claims_analyst', 'models'),
    ('claims_analyst', 'analysis'),
    ('claims_reviewer', 'production'),
    ('claims_reviewer', 'scoring'),
    ('claims_reviewer', 'models')
  $$,
  'each role uses the schemas that were decided, and none creates in any'
);

select finish();
rollback;
