-- Transfer: staging to production, once.
\ir _register_claims.sql
\ir _fail_duplicates.sql
\ir _choose_lines.sql
\ir _move_rows.sql
\ir move_batches.sql
