-- Validation: a file for each rule, then the stage.
\ir report_intake_findings.sql
\ir claim/contents.sql
\ir dates/contents.sql
\ir code_sets/contents.sql
\ir line/contents.sql
\ir duplicates/contents.sql
\ir _refuse_rule.sql
\ir fail_claims.sql
\ir validate_batches.sql
