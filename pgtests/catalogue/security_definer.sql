-- A security definer routine lends the owner's powers to its caller. Each is here
-- with its reason; one more or one less is a decision to write down here.
begin;
\ir ../_support/catalogue.sql
select plan(6);

create temporary table lent (routine text, reason text not null);
insert into lent
values
('pipeline.open_batch', 'the app writes no batches but through it'),
('pipeline.match_corrections', 'the app reads no failed claim'),
('pipeline.close_batch', 'the app reads back nothing that it copied'),
('keys.hold_keys', 'the app holds keys without a right to change them'),
('keys.add_first_data_key', 'keys are made with an audit event or not at all'),
('keys.rotate_data_key', 'nobody changes a data key but by a routine that records it'),
('keys.rewrap_data_keys', 'nobody changes a data key but by a routine that records it'),
('keys.register_erasure_keys', 'erasure keys are made with an audit event or not at all'),
('keys.begin_erasure', 'an erasure is done as the owner of what it changes'),
('keys.announce_erasure', 'nobody says which erasure keys are newest but by an erasure'),
('keys.end_erasure', 'nobody says which erasure keys are newest but by an erasure'),
('keys.unlink_patient', 'the operator changes no claim'),
('keys.unlink_months', 'the operator changes no claim'),
('keys.replace_production_phi', 'the operator changes no claim'),
('keys.replace_staged_phi', 'the operator changes no claim'),
('keys.replace_failed_phi', 'the operator changes no claim'),
('keys.find_claims', 'who searches by token reads no table of claims'),
('keys.search_claims', 'claims are searched with an audit event or not at all'),
('access.find_claims', 'the app finds claims of one submitter alone'),
('maintenance.register_release', 'a release comes with an audit event or not at all'),
('pipeline._take_batches', 'the worker has no right to lock or change batches'),
('pipeline.run_stage', 'it takes what makes a stage fail out of staging'),
('pipeline.lease_batches', 'the worker has no right to change batches'),
('pipeline.release_leases', 'the worker has no right to change batches'),
('pipeline.record_stage_failure', 'the worker has no right to change batches'),
('pipeline.record_heartbeat', 'a worker writes about itself alone'),
('pipeline.end_worker', 'a worker writes about itself alone'),
('pipeline.retry_batches', 'batches change with an audit event or not at all'),
('pipeline.release_batches', 'the app changes no batch but through it'),
('pipeline.retry_failed_claims', 'the app moves no claim but through it'),
('pipeline.retry_failed_claims_by_rule', 'the app moves no claim but through it'),
('pipeline.retry_due_failed_claims', 'the worker moves no claim but through it'),
('validation.validate_batches', 'the worker reads and writes no table of claims'),
('transfer.move_batches', 'the worker reads and writes no table of claims'),
('scoring.take_features', 'the worker has no right to lock batches or read claims'),
('scoring.record_scores', 'the worker has no right to change batches'),
('scoring.register_model', 'a model is registered with an audit event or not at all'),
('scoring.activate_model', 'a model is made active with an audit event or not at all'),
('scoring.record_review', 'a verdict is recorded with an audit event or not at all'),
('scoring.measure_drift', 'the worker reads no scores, only how they are distributed'),
('maintenance.refresh_history', 'the history follows from production: nobody edits it'),
('maintenance.ensure_partitions', 'partitions belong to the owner of the table'),
('maintenance.drop_finished_days', 'only the owner of a table detaches and drops'),
('maintenance.analyze_staging', 'only the owner of a table analyses it'),
('maintenance.withdraw_release', 'a release goes with an audit event or not at all'),
('maintenance.refresh_periods', 'periods follow from the releases: nobody edits them'),
('maintenance.add_submitter', 'submitters are added with an audit event or not at all'),
('maintenance.restrict_login', 'what a login sees changes with an audit event or not at all'),
('analysis.seen_submitters', 'analysts read no table of logins'),
('access.add_client', 'clients are added with an audit event or not at all'),
('access.revoke_client', 'clients are revoked with an audit event or not at all'),
('access.find_client', 'nobody reads the hashes of tokens but through it, one at a time'),
('access.touch_client', 'the app changes no client but the time of its last use'),
('access.note_request', 'the app writes no table of the queue'),
('access.store_request', 'it does what the app may do in several calls, and reads nothing back'),
('access.find_request', 'the app reads of requests those of one submitter'),
('access.reference_version', 'it reads what anybody may know, whoever calls'),
('maintenance.archive_audit_month', 'only the owner of a table detaches a partition'),
('auditing.record_event', 'nobody inserts into the trail but through it'),
('auditing.record_access', 'as record_event, for actions of programs alone'),
('auditing.record_settings_change', 'whoever changes a setting need not write the trail'),
('auditing.find_claims_of_patient', 'the auditor reads no claim, and learns ids alone'),
('auditing.find_patient_of_claim', 'the auditor reads no claim, and learns a token alone'),
('auditing.find_events_of_claims', 'the auditor reads neither claims nor batches');

select set_eq(
  $$
    select split_part(routine.name, '(', 1)
    from our_routines as routine
    where routine.is_definer
  $$,
  'select lent.routine from lent',
  'the security definer routines are those that have a reason'
);

select is_empty(
  $$
    select routine.name
    from our_routines as routine
    where
      routine.is_definer
      and 'search_path=pg_catalog, pg_temp' <> all(coalesce(routine.settings, '{}'))
  $$,
  'every security definer routine pins a search_path that nobody can plant anything in'
);

select is_empty(
  $$
    select routine.name
    from our_routines as routine
    where
      routine.source ~* '\mcommit\M'
      and (routine.is_definer or routine.settings is not null)
  $$,
  'a routine that commits is neither security definer nor has settings of its own'
);

select set_eq(
  $$
    select routine.name
    from our_routines as routine
    where
      routine.language = 'plpgsql'
      and 'search_path=pg_catalog, pg_temp' <> all(coalesce(routine.settings, '{}'))
  $$,
  $$ values ('pipeline.process_pending(integer)') $$,
  'every PL/pgSQL routine pins it, but the one that commits'
);

-- A commit ends what SET LOCAL began, and a loop comes round to its beginning.
select is_empty(
  $$
    select routine.name, after[1]
    from our_routines as routine
    cross join
      lateral regexp_matches(
        routine.source,
        '(?:\mbegin|\mcommit;|\mloop)\s+(?!\s|set local search_path = pg_catalog, pg_temp;|loop\M|end\M)(.{20})',
        'g'
      ) as after
    where routine.source ~* '\mcommit\M'
  $$,
  'a routine that commits pins it anew in each of its transactions'
);

-- An empty search_path is no such path: types are looked for in the caller's temporary
-- schema before all others, and the check of a domain runs as whoever casts to it.
set local role claims_worker;
create function pg_temp.tell_who_runs_it(p_value pg_catalog.date)
returns boolean
language plpgsql
as $$
begin
  raise exception 'the check of a domain of the caller runs as %', current_user;
end;
$$;
create domain pg_temp.date as pg_catalog.date check (pg_temp.tell_who_runs_it(value));
select lives_ok(
  'call maintenance.ensure_partitions()',
  'a type among the temporary objects of the caller is taken for none of PostgreSQL'
);
reset role;

select finish();
rollback;
