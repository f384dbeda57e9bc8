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
grant select on
pipeline.backlog, pipeline.workers, pipeline.figures, pipeline.schedules
to claims_app;
grant usage on sequence queue.batch_ids, queue.claim_ids to claims_app;
grant select on queue.batches, queue.submitters to claims_app;
grant insert on staging.claims,
staging.claim_lines,
staging.failed_claims to claims_app;
grant select on vault.data_keys, vault.erasure_keys to claims_app;

-- The HTTP service: reads what the submitter of its client may see, records who saw
-- it, and prices lines.
grant usage on schema
access, auditing, catalogue, pricing, reference, scoring, models
to claims_app;
grant select on all tables in schema access, catalogue, reference to claims_app;
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
scoring.feature_version()
to claims_app;
-- Routines are taken in by their caller, with the rights of who calls.
grant execute on all functions in schema pricing to claims_app;
grant usage on type pricing.line_to_price to claims_app;
