-- What people and programs ask about claims that are there, a view a file.
\ir status.sql
\ir backlog.sql
\ir workers.sql
\ir accounting.sql
\ir claim_states.sql
\ir failed_reasons.sql
\ir pended_reasons.sql
\ir reference_releases.sql
\ir review_queue.sql
\ir production_review_queue.sql
\ir production_review_lines.sql
\ir production_review_findings.sql
\ir production_review_steps.sql
\ir figures.sql
\ir schedules.sql
