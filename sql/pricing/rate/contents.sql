-- What a line is rated by.
\ir choose_row_modifier.sql
\ir find_releases.sql
\ir choose_work_index.sql
\ir compute_fee.sql
\ir rate_lines.sql
