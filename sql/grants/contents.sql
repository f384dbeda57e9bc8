-- Who may do what: first nobody anything, then a file for each role.
\ir public.sql
\ir claims_app.sql
\ir claims_worker.sql
\ir claims_operator.sql
\ir claims_reviewer.sql
\ir claims_analyst.sql
\ir claims_auditor.sql
\ir claims_sealer.sql
