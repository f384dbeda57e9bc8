-- Public has nothing; each role has what it needs and no more. What an older version
-- granted goes first: the schemas of data are not made anew as those of code are.
revoke all on schema
reference, staging, production, queue, vault, audit, models
from claims_app, claims_worker, claims_operator, claims_analyst, claims_reviewer,
claims_auditor, claims_sealer;
revoke all on all tables in schema
reference, staging, production, queue, vault, audit, models
from claims_app, claims_worker, claims_operator, claims_analyst, claims_reviewer,
claims_auditor, claims_sealer;
revoke all on all sequences in schema queue
from claims_app, claims_worker, claims_operator, claims_analyst, claims_reviewer,
claims_auditor, claims_sealer;
revoke all on all routines in schema
pipeline, validation, pricing, transfer, scoring, maintenance, auditing, access,
keys, analysis
from public;
revoke all on type
pricing.line_to_price, scoring.claim_feature, keys.found_claim
from public;

-- Intake: begins and ends batches, copies into staging, reads back nothing.
grant usage on schema pipeline, staging, queue, vault, keys to claims_app;
grant execute on function
pipeline.reserve_batch_id(),
pipeline.reserve_claim_ids(integer),
pipeline.find_batch(text, text),
pipeline.open_batch(
  bigint,
  text,
  text,
  integer,
  integer,
  integer,
  integer,
  bigint,
  bigint,
  boolean,
  timestamptz
),
pipeline.match_corrections(bigint),
pipeline.close_batch(bigint),
pipeline.release_batches(text, bigint[]),
pipeline.retry_failed_claims(text, bigint[]),
pipeline.retry_failed_claims_by_rule(text, text, integer),
keys.add_first_data_key(text, bytea, bytea, bytea),
keys.register_erasure_keys(uuid, text),
keys.hold_keys(integer, integer)
to claims_app;
grant select on pipeline.backlog, pipeline.workers to claims_app;
grant usage on sequence queue.batch_ids, queue.claim_ids to claims_app;
grant select on queue.batches, queue.submitters to claims_app;
grant insert on staging.claims,
staging.claim_lines,
staging.failed_claims to claims_app;
grant select on vault.data_keys, vault.erasure_keys to claims_app;

-- The HTTP service: reads what the submitter of its client may see, records who saw
-- it, and prices lines.
grant usage on schema
access, auditing, pricing, reference, scoring, models
to claims_app;
grant select on all tables in schema access, reference to claims_app;
grant select on queue.settings,
models.registry,
models.review_reasons,
scoring.feature_list to claims_app;
grant execute on function
scoring.feature_version(),
pipeline._due_states(text),
access.may_see(integer),
access.find_client(integer),
access.touch_client(integer),
auditing.record_access(text, integer, bigint, bigint, jsonb),
access.note_request(bigint, integer, bytea),
access.store_request(
  integer, text, text, bytea, bigint, text, text, integer, integer, bigint, bigint,
  boolean, bigint, jsonb, jsonb, jsonb
),
access.find_request(text),
access.reference_version(),
access.read_results(bigint, bigint, bigint[], bigint),
access.find_claims(text, bytea, bigint, integer, jsonb),
pricing.price_lines(pricing.line_to_price []),
scoring.feature_version()
to claims_app;
grant usage on type pricing.line_to_price to claims_app;

-- Processing: the stages and the procedures that call them; no table of claims to
-- read, and scores only to write.
grant usage on schema
pipeline, validation, transfer, scoring, maintenance, queue, staging, models
to claims_worker;
grant execute on function
scoring.feature_version(),
scoring.take_features(bigint[]),
scoring.record_scores(bigint[], real),
scoring.register_model(text, bytea, bytea, integer, text[], jsonb),
scoring.measure_drift(integer, text),
maintenance.refresh_history()
to claims_worker;
grant insert on staging.claim_scores to claims_worker;
grant select on scoring.feature_list, models.registry to claims_worker;
grant execute on function
pipeline._take_batches(text, integer),
pipeline.run_stage(text, bigint[]),
pipeline.lease_batches(text, text[], integer, interval, integer),
pipeline.release_leases(text, bigint[]),
pipeline.record_stage_failure(text, bigint[], text, text, text, integer),
pipeline.retry_due_failed_claims(integer),
pipeline.record_heartbeat(text, text, integer, text, jsonb),
pipeline.end_worker(text),
validation.validate_batches(bigint[]),
transfer.move_batches(bigint[]),
maintenance.analyze_staging(date[])
to claims_worker;
grant execute on procedure
pipeline.process_pending(integer),
maintenance.ensure_partitions()
to claims_worker;
grant select on pipeline.status,
pipeline.accounting,
pipeline.backlog,
pipeline.workers to claims_worker;
grant select on queue.batches, queue.settings to claims_worker;

-- Operating: what a DBA calls, reference loading, prices and reports.
grant usage on schema
pipeline, validation, pricing, transfer, scoring, maintenance, auditing, queue,
reference, staging, production, vault, models, keys
to claims_operator;
grant execute on function
scoring.feature_version(),
scoring.claim_features(bigint[], date[]),
scoring.take_features(bigint[]),
scoring.record_scores(bigint[], real),
scoring.register_model(text, bytea, bytea, integer, text[], jsonb),
scoring.measure_drift(integer, text),
maintenance.refresh_history()
to claims_operator;
grant execute on function
pipeline.find_batch(text, text),
pipeline._take_batches(text, integer),
pipeline.run_stage(text, bigint[]),
pipeline.retry_batches(bigint[]),
pipeline.release_batches(text, bigint[]),
pipeline.retry_failed_claims(text, bigint[]),
pipeline.retry_failed_claims_by_rule(text, text, integer),
pipeline.retry_due_failed_claims(integer),
validation.validate_batches(bigint[]),
pricing.price_lines(pricing.line_to_price []),
transfer.move_batches(bigint[]),
maintenance.analyze_staging(date[]),
maintenance.register_release(
  text, text, text, date, date, boolean, text, bytea, integer
),
maintenance.refresh_periods(text),
auditing.record_access(text, integer, bigint, bigint, jsonb)
to claims_operator;
grant execute on all functions in schema keys to claims_operator;
-- Who searches leaves a trace, and goes by search_claims.
revoke execute on function keys.find_claims(text, bytea, integer, bigint, integer)
from claims_operator;
grant execute on all procedures in schema pipeline, maintenance to claims_operator;
grant execute on procedure scoring.activate_model(text) to claims_operator;
grant usage on type
pricing.line_to_price, scoring.claim_feature
to claims_operator;
grant select on all tables in schema
pipeline, queue, reference, scoring, models
to claims_operator;
grant update on queue.settings to claims_operator;
grant insert on
reference.procedure_rvus,
reference.geographic_indices,
reference.anesthesia_conversion_factors,
reference.zip_localities,
reference.opps_caps,
reference.diagnosis_codes,
reference.place_of_service_codes
to claims_operator;
grant select on auditing.actions, auditing.purposes to claims_operator;
grant select on
vault.data_keys, vault.erasure_keys, vault.login_submitters
to claims_operator;
grant usage on schema access to claims_operator;
grant select on all tables in schema access to claims_operator;
grant execute on function
access.may_see(integer),
access.add_client(text, text, text[], bytea, timestamptz),
access.revoke_client(text)
to claims_operator;
grant select (
  client_id, name, submitter_id, scopes, created_at, expires_at, revoked_at,
  last_used_at
) on vault.api_clients to claims_operator;
grant select on
staging.claims,
staging.claim_lines,
staging.claim_findings,
staging.claim_scores,
staging.failed_claims,
production.claims,
production.claim_lines,
production.claim_findings,
production.claim_scores,
production.claim_registry,
production.review_queue
to claims_operator;

-- Reviewing: what waits for a person, and what a person says.
grant usage on schema production, scoring, models to claims_reviewer;
grant select on production.review_queue, models.review_reasons to claims_reviewer;
grant execute on procedure scoring.record_review(bigint, text, text) to claims_reviewer;

-- Analysts read production without the encrypted columns.
grant usage on schema
production, reference, pipeline, scoring, models
to claims_analyst;
grant select on all tables in schema reference to claims_analyst;
grant select on
production.claim_lines,
production.claim_findings,
production.claim_scores,
production.review_queue,
models.review_verdicts,
scoring.feature_list
to claims_analyst;
grant execute on function
scoring.feature_version(),
scoring.measure_drift(integer, text)
to claims_analyst;
grant select (
  claim_id, service_month, batch_id, submitter_id, received_at, member_token,
  patient_token, frequency_code, payer_id, billing_npi, billing_taxonomy,
  rendering_npi, rendering_taxonomy, patient_age, patient_sex, service_zip, carrier,
  locality, diagnoses, total_charge, first_service_date, line_count, decision,
  allowed_amount, pended_line_count, denied_line_count, transferred_at
) on production.claims to claims_analyst;
grant select on pipeline.reference_releases, pipeline.pended_reasons to claims_analyst;

-- ... or its views, where every column may be read.
grant usage on schema analysis to claims_analyst;
-- A view reads tables as its owner, but calls functions as whoever reads it.
grant execute on function analysis.seen_submitters()
to claims_analyst, claims_operator, claims_reviewer;
grant select on all tables in schema analysis to claims_analyst;

-- Auditing: reads the trail and its seals, and of claims learns their ids alone. What
-- it gave to whom is recorded, too.
grant usage on schema audit, auditing to claims_auditor;
grant select on audit.events, audit.seals to claims_auditor;
grant select on auditing.actions, auditing.purposes to claims_auditor;
grant execute on function
auditing.record_access(text, integer, bigint, bigint, jsonb),
auditing.find_claims_of_patient(bytea),
auditing.find_patient_of_claim(bigint),
auditing.find_events_of_claims(bigint[])
to claims_auditor;

-- Sealing: reads the trail and appends seals.
grant usage on schema audit to claims_sealer;
grant select on audit.events to claims_sealer;
grant select, insert on audit.seals to claims_sealer;
