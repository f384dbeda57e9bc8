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
pipeline.workers,
pipeline.figures,
pipeline.schedules to claims_worker;
grant select on queue.batches, queue.settings to claims_worker;
