-- For people who write SQL.
\ir _write_policies.sql
\ir claims.sql
\ir claim_scores.sql
\ir claim_lines.sql
\ir claim_findings.sql
\ir rejections.sql
