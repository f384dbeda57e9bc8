-- Transfer: staging to production, once.
\ir move_batches.sql
