-- The stages, made safe: what a worker, a DBA and pg_cron call. What they hand to
-- _end_stage is in install.sql, before the stages that do so.
\ir _end_stage.sql
\ir _due_states.sql
\ir _call_stage.sql
\ir _try_claims.sql
\ir _unstage_claims.sql
\ir _isolate_claims.sql
\ir run_stage.sql
\ir _take_batches.sql
\ir process_pending.sql
