-- The clock, partitions, releases of reference data, submitters.
\ir clock.sql
\ir _ensure_partition.sql
\ir ensure_partitions.sql
\ir drop_finished_days.sql
\ir analyze_staging.sql
\ir register_release.sql
\ir refresh_periods.sql
\ir withdraw_release.sql
\ir claims_priced_by.sql
\ir add_submitter.sql
\ir restrict_login.sql
\ir refresh_history.sql
\ir archive_audit_month.sql
