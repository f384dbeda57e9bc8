-- Who may call each routine. A new one, or a new grant, is a decision to write down
-- here. What nobody may call is called by the routines that run as the owner.
begin;
\ir ../../_support/catalogue.sql
select plan(2);

create temporary table decided (routine text, callers text[]);
insert into decided
values
('auditing.record_event', '{}'),
('keys.patient_leaf', '{claims_operator}'),
('keys.hold_keys', '{claims_app,claims_operator}'),
('keys.add_first_data_key', '{claims_app,claims_operator}'),
('keys.rotate_data_key', '{claims_operator}'),
('keys.rewrap_data_keys', '{claims_operator}'),
('keys.register_erasure_keys', '{claims_app,claims_operator}'),
('keys.begin_erasure', '{claims_operator}'),
('keys.announce_erasure', '{claims_operator}'),
('keys.end_erasure', '{claims_operator}'),
('keys.unlink_patient', '{claims_operator}'),
('keys.unlink_months', '{claims_operator}'),
('keys.replace_production_phi', '{claims_operator}'),
('keys.replace_staged_phi', '{claims_operator}'),
('keys.replace_failed_phi', '{claims_operator}'),
('keys.find_claims', '{}'),
('keys.search_claims', '{claims_operator}'),
('auditing.record_access', '{claims_app,claims_auditor,claims_operator}'),
('auditing.record_settings_change', '{}'),
('auditing.refuse_change', '{}'),
('auditing._protect_tables', '{}'),
('auditing.find_claims_of_patient', '{claims_auditor}'),
('auditing.find_patient_of_claim', '{claims_auditor}'),
('auditing.find_events_of_claims', '{claims_auditor}'),
('maintenance.archive_audit_month', '{claims_operator}'),
('maintenance.clock', '{}'),
('maintenance._ensure_partition', '{}'),
('maintenance._take_comments', '{}'),
('maintenance.ensure_partitions', '{claims_operator,claims_worker}'),
('maintenance.drop_finished_days', '{claims_operator}'),
('maintenance.analyze_staging', '{claims_operator,claims_worker}'),
('maintenance.register_release', '{claims_operator}'),
('maintenance.refresh_periods', '{claims_operator}'),
('maintenance.withdraw_release', '{claims_operator}'),
('maintenance.claims_priced_by', '{claims_operator}'),
('maintenance.add_submitter', '{claims_operator}'),
('maintenance.restrict_login', '{claims_operator}'),
('analysis.seen_submitters', '{claims_analyst,claims_operator,claims_reviewer}'),
('analysis._write_policies', '{}'),
('pipeline.reserve_batch_id', '{claims_app}'),
('pipeline.reserve_claim_ids', '{claims_app}'),
('pipeline.find_batch', '{claims_app,claims_operator}'),
('pipeline.open_batch', '{claims_app}'),
('pipeline.match_corrections', '{claims_app}'),
('pipeline.close_batch', '{claims_app}'),
('pipeline._take_batches', '{claims_operator,claims_worker}'),
('pipeline.process_pending', '{claims_operator,claims_worker}'),
('pipeline._due_states', '{claims_app}'),
('pipeline.run_stage', '{claims_operator,claims_worker}'),
('pipeline.lease_batches', '{claims_worker}'),
('pipeline.release_leases', '{claims_worker}'),
('pipeline.record_stage_failure', '{claims_worker}'),
('pipeline.record_heartbeat', '{claims_worker}'),
('pipeline.end_worker', '{claims_worker}'),
('pipeline.retry_batches', '{claims_operator}'),
('pipeline.release_batches', '{claims_app,claims_operator}'),
('pipeline.retry_failed_claims', '{claims_app,claims_operator}'),
('pipeline.retry_failed_claims_by_rule', '{claims_app,claims_operator}'),
('pipeline.retry_due_failed_claims', '{claims_operator,claims_worker}'),
('pipeline._submitter_id', '{}'),
('pipeline._lock_failed_claims', '{}'),
('pipeline._supersede_failed_claims', '{}'),
('pipeline._call_stage', '{}'),
('pipeline._try_claims', '{}'),
('pipeline._isolate_claims', '{}'),
('pipeline._unstage_claims', '{}'),
('pipeline._record_failure', '{}'),
('pipeline._retry_claims', '{}'),
('validation.validate_batches', '{claims_operator,claims_worker}'),
('pipeline._end_stage', '{}'),
('adjudication.decide_lines', '{}'),
('adjudication.decide_claim', '{}'),
('transfer._register_claims', '{}'),
('transfer._fail_duplicates', '{}'),
('transfer._choose_lines', '{}'),
('transfer._move_rows', '{}'),
('access.may_see', '{claims_app,claims_operator}'),
('access.add_client', '{claims_operator}'),
('access.revoke_client', '{claims_operator}'),
('access.find_client', '{claims_app}'),
('access.touch_client', '{claims_app}'),
('access.note_request', '{claims_app}'),
('access.store_request', '{claims_app}'),
('access.find_request', '{claims_app}'),
('access.reference_version', '{claims_app}'),
('access.read_results', '{claims_app}'),
('access.find_claims', '{claims_app}'),
('transfer.move_batches', '{claims_operator,claims_worker}'),
('scoring.feature_version', '{claims_analyst,claims_app,claims_operator,claims_worker}'),
('scoring.claim_features', '{claims_operator}'),
('scoring.take_features', '{claims_operator,claims_worker}'),
('scoring.record_scores', '{claims_operator,claims_worker}'),
('scoring.register_model', '{claims_operator,claims_worker}'),
('scoring.activate_model', '{claims_operator}'),
('scoring.record_review', '{claims_reviewer}'),
('scoring.measure_drift', '{claims_analyst,claims_operator,claims_worker}'),
('maintenance.refresh_history', '{claims_operator,claims_worker}');

-- Who prices lines runs all that pricing is made of, with rights of their own.
insert into decided
select split_part(routine.name, '(', 1), '{claims_app,claims_operator}'
from our_routines as routine
where routine.name ~ '^pricing\.';

-- The rules are for validate_batches alone, those yet to come too.
insert into decided
select split_part(routine.name, '(', 1), '{}'
from our_routines as routine
where
  routine.name ~ '^validation\.' and routine.name !~ '^validation\.validate_batches';

select bag_eq(
  $$
    select
      split_part(routine.name, '(', 1),
      array(
        select role.name
        from (values
          ('claims_analyst'), ('claims_app'), ('claims_auditor'), ('claims_operator'),
          ('claims_reviewer'), ('claims_sealer'), ('claims_worker')
        ) as role (name)
        where has_function_privilege(role.name, routine.oid, 'execute')
        order by role.name
      )
    from our_routines as routine
  $$,
  'select * from decided',
  'each routine is called by those for whom it was decided'
);

select bag_eq(
  $$
    select type.name, role.role
    from our_types as type
    cross join (values
      ('claims_app'), ('claims_worker'), ('claims_operator'), ('claims_analyst'),
      ('claims_reviewer'), ('claims_auditor'), ('claims_sealer')
    ) as role (role)
    where has_type_privilege(role.role, type.oid, 'usage')
  $$,
  $$
    values
    ('pricing.line_to_price', 'claims_app'),
    ('pricing.line_to_price', 'claims_operator'),
    ('scoring.claim_feature', 'claims_operator')
  $$,
  'each type is used by those for whom it was decided'
);

select finish();
rollback;
