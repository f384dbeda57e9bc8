-- For people who write SQL.
\ir policies.sql
\ir claims.sql
\ir claim_scores.sql
\ir claim_lines.sql
\ir claim_findings.sql
