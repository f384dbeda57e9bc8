-- The contents page of sql/, and the only order. It drops the code schemas and
-- makes every routine and view anew, in the caller's transaction:
--   psql -1 -f sql/install.sql
set local role claims_owner;
set local client_min_messages = warning;
-- What the bodies name without a schema is PostgreSQL's own, whatever public holds.
set local search_path = pg_catalog, pg_temp;

\ir schemas.sql

-- The audit trail, which every change writes to.
\ir auditing/actions.sql
\ir auditing/purposes.sql
\ir auditing/record_event.sql
\ir auditing/record_access.sql
\ir auditing/record_settings_change.sql
\ir auditing/refuse_change.sql
\ir auditing/_protect_tables.sql
\ir auditing/find_claims_of_patient.sql
\ir auditing/find_patient_of_claim.sql
\ir auditing/find_events_of_claims.sql
\ir auditing/triggers.sql

-- Data keys and erasure keys; what was encrypted under an older one; search by token.
\ir keys/patient_leaf.sql
\ir keys/hold_keys.sql
\ir keys/add_first_data_key.sql
\ir keys/rotate_data_key.sql
\ir keys/rewrap_data_keys.sql
\ir keys/register_erasure_keys.sql
\ir keys/begin_erasure.sql
\ir keys/announce_erasure.sql
\ir keys/end_erasure.sql
\ir keys/unlink_patient.sql
\ir keys/unlink_months.sql
\ir keys/replace_production_phi.sql
\ir keys/replace_staged_phi.sql
\ir keys/replace_failed_phi.sql
\ir keys/found_claim.sql
\ir keys/find_claims.sql
\ir keys/search_claims.sql

-- Partitions, releases of reference data, submitters.
\ir maintenance/_ensure_partition.sql
\ir maintenance/ensure_partitions.sql
\ir maintenance/drop_finished_days.sql
\ir maintenance/analyze_staging.sql
\ir maintenance/register_release.sql
\ir maintenance/refresh_periods.sql
\ir maintenance/add_submitter.sql
\ir maintenance/restrict_login.sql
\ir maintenance/refresh_history.sql
\ir maintenance/archive_audit_month.sql

-- Intake: what a loader calls around its COPY.
\ir pipeline/reserve_batch_id.sql
\ir pipeline/reserve_claim_ids.sql
\ir pipeline/find_batch.sql
\ir pipeline/_submitter_id.sql
\ir pipeline/open_batch.sql
\ir pipeline/_lock_failed_claims.sql
\ir pipeline/_supersede_failed_claims.sql
\ir pipeline/match_corrections.sql
\ir pipeline/close_batch.sql

-- Validation: a file for each rule, then the stage.
\ir validation/report_intake_findings.sql
\ir validation/npi_fails_check_digit.sql
\ir validation/federal_holidays.sql
\ir validation/next_workday.sql
\ir validation/check_billing_npi.sql
\ir validation/check_rendering_npi.sql
\ir validation/check_sex.sql
\ir validation/check_service_date_order.sql
\ir validation/check_service_date_not_future.sql
\ir validation/check_service_date_in_window.sql
\ir validation/check_timely_filing.sql
\ir validation/check_procedure_in_force.sql
\ir validation/check_modifier_row.sql
\ir validation/check_diagnosis_in_force.sql
\ir validation/check_diagnosis_specificity.sql
\ir validation/check_place_of_service.sql
\ir validation/check_release_loaded.sql
\ir validation/check_units_positive.sql
\ir validation/check_units_whole.sql
\ir validation/check_charge_positive.sql
\ir validation/check_charges_add_up.sql
\ir validation/check_diagnosis_pointers.sql
\ir validation/check_duplicate_claim.sql
\ir validation/check_duplicate_line.sql
\ir validation/_refuse_rule.sql
\ir validation/fail_claims.sql
\ir validation/validate_batches.sql

-- Pricing: lines in, amounts out.
\ir pricing/line_to_price.sql
\ir pricing/price_lines.sql

-- Scoring: features out, scores in, and what reviewers say.
\ir scoring/claim_feature.sql
\ir scoring/feature_version.sql
\ir scoring/feature_list.sql
\ir scoring/claim_features.sql
\ir scoring/take_features.sql
\ir scoring/record_scores.sql
\ir scoring/register_model.sql
\ir scoring/activate_model.sql
\ir scoring/record_review.sql
\ir scoring/measure_drift.sql
\ir scoring/labelled_claims.sql

-- Transfer: staging to production, once.
\ir transfer/move_batches.sql

-- The stages, made safe: what a worker, a DBA and pg_cron call.
\ir pipeline/_due_states.sql
\ir pipeline/_call_stage.sql
\ir pipeline/_try_claims.sql
\ir pipeline/_unstage_claims.sql
\ir pipeline/_isolate_claims.sql
\ir pipeline/run_stage.sql
\ir pipeline/_take_batches.sql
\ir pipeline/process_pending.sql

-- Workers, and batches that failed or are held.
\ir pipeline/_record_failure.sql
\ir pipeline/record_stage_failure.sql
\ir pipeline/lease_batches.sql
\ir pipeline/release_leases.sql
\ir pipeline/record_heartbeat.sql
\ir pipeline/end_worker.sql
\ir pipeline/retry_batches.sql
\ir pipeline/release_batches.sql

-- Failed claims that go on their way again.
\ir pipeline/_retry_claims.sql
\ir pipeline/retry_failed_claims.sql
\ir pipeline/retry_failed_claims_by_rule.sql
\ir pipeline/retry_due_failed_claims.sql

\ir analysis/seen_submitters.sql
\ir views.sql

-- What the HTTP service calls: its clients, and what each of them may see.
\ir access/may_see.sql
\ir access/views.sql
\ir access/add_client.sql
\ir access/revoke_client.sql
\ir access/find_client.sql
\ir access/touch_client.sql
\ir access/note_request.sql
\ir access/store_request.sql
\ir access/find_request.sql
\ir access/reference_version.sql
\ir access/read_results.sql
\ir access/find_claims.sql

-- For people who write SQL.
\ir analysis/policies.sql
\ir analysis/views.sql

\ir grants.sql

reset role;
