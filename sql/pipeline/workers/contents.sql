-- Workers, and batches that failed or are held.
\ir _record_failure.sql
\ir record_stage_failure.sql
\ir lease_batches.sql
\ir release_leases.sql
\ir record_heartbeat.sql
\ir end_worker.sql
\ir retry_batches.sql
\ir release_batches.sql
