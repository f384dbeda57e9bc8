-- Operating: what a DBA calls, reference loading, prices and reports.
grant usage on schema
pipeline, validation, pricing, transfer, scoring, maintenance, auditing, queue,
reference, catalogue, staging, production, vault, models, keys
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
transfer.move_batches(bigint[]),
maintenance.analyze_staging(date[]),
maintenance.register_release(
  text, text, text, date, date, boolean, text, bytea, integer
),
maintenance.refresh_periods(text),
maintenance.withdraw_release(integer, text),
maintenance.claims_priced_by(integer),
auditing.record_access(text, integer, bigint, bigint, jsonb)
to claims_operator;
grant execute on all functions in schema pricing, keys to claims_operator;
-- Who searches leaves a trace, and goes by search_claims.
revoke execute on function keys.find_claims(text, bytea, integer, bigint, integer)
from claims_operator;
grant execute on all procedures in schema pipeline, maintenance to claims_operator;
revoke execute on procedure maintenance._take_comments(regclass, regclass [])
from claims_operator;
grant execute on procedure scoring.activate_model(text) to claims_operator;
grant usage on type
pricing.line_to_price, scoring.claim_feature
to claims_operator;
grant select on all tables in schema
pipeline, reference, catalogue, scoring, models
to claims_operator;
-- By name: the partitions of the registry are nobody's to read.
grant select on
queue.batches,
queue.submitters,
queue.settings,
queue.requests,
queue.workers,
queue.staging_statistics,
queue.claim_registry
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
production.review_queue
to claims_operator;
