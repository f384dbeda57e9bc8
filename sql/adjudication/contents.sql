-- Adjudication: what becomes of priced lines, and of the claims they belong to.
\ir decide_lines.sql
\ir decide_claim.sql
