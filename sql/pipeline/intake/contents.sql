-- Intake: what a loader calls around its COPY.
\ir reserve_batch_id.sql
\ir reserve_claim_ids.sql
\ir find_batch.sql
\ir _submitter_id.sql
\ir open_batch.sql
\ir _lock_failed_claims.sql
\ir _supersede_failed_claims.sql
\ir match_corrections.sql
\ir close_batch.sql
