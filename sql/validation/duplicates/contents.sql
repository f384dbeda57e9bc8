-- Rules that find what is there already.
\ir check_duplicate_claim.sql
\ir check_duplicate_line.sql
