-- The contents page of sql/, and the only order. It drops the code schemas and
-- makes every routine and view anew, in the caller's transaction:
--   psql -1 -f sql/install.sql
set local role claims_owner;
set local client_min_messages = warning;
-- What the bodies name without a schema is PostgreSQL's own, whatever public holds.
set local search_path = pg_catalog, pg_temp;

\ir schemas.sql

-- Views take comments by it, wherever they are.
\ir maintenance/_take_comments.sql

\ir catalogue/contents.sql
\ir auditing/contents.sql
\ir keys/contents.sql
\ir maintenance/contents.sql

-- What each stage hands to the routine that ends it.
\ir pipeline/stages/stage_outcome.sql
\ir validation/contents.sql
\ir pricing/contents.sql
\ir scoring/contents.sql
\ir adjudication/contents.sql
\ir transfer/contents.sql
\ir pipeline/contents.sql

-- Whose rows a reader sees: views of the desk and of analysts go by it.
\ir analysis/seen_submitters.sql
\ir desk/contents.sql
\ir access/contents.sql
\ir analysis/contents.sql

\ir grants/contents.sql

reset role;
