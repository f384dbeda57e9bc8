-- The pipeline: what programs and people call.
\ir intake/contents.sql
\ir stages/contents.sql
\ir workers/contents.sql
\ir failed/contents.sql
