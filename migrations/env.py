"""Runs revisions and the installer in one transaction, for `claims db` and for plain alembic.

The code schemas are dropped first, so that no revision stumbles over a routine, and are made anew
at head. Below head there are none; at base nothing is left but the roles, which are the cluster's.
"""

import psycopg
import sqlalchemy
from alembic import context
from sqlalchemy import Connection

from app.database.installer import fingerprint, sql_parts
from app.database.schema import (
    AS_WRITTEN,
    CODE_SCHEMAS,
    LOCK_KEY,
    TAKE_LOCK,
    TRY_LOCK,
    engine,
)
from app.program.console import notice
from app.program.errors import ClaimsError

# A partition gets the comments that its table has when it is made; a later revision may add
# columns, or say something else of one.
COPY_COMMENTS = """
do $$
declare
  v_statement text;
begin
  for v_statement in
    select
      format(
        'comment on column %s.%I is %L',
        partition.oid::regclass,
        own.attname,
        col_description(inheritance.inhparent, parents.attnum)
      )
    from pg_catalog.pg_inherits as inheritance
    inner join pg_catalog.pg_class as partition on inheritance.inhrelid = partition.oid
    inner join pg_catalog.pg_attribute as own on partition.oid = own.attrelid
    inner join pg_catalog.pg_attribute as parents
      on inheritance.inhparent = parents.attrelid and own.attname = parents.attname
    where
      partition.relkind = 'r'
      and partition.relowner = 'claims_owner'::regrole
      and own.attnum > 0
      and col_description(partition.oid, own.attnum)
      is distinct from col_description(inheritance.inhparent, parents.attnum)
  loop
    execute v_statement;
  end loop;
end;
$$"""


def take_lock(connection: Connection) -> None:
    """Let one change of the schema at a time in; the next waits, and says so."""
    key = {"key": LOCK_KEY}
    if not connection.exec_driver_sql(TRY_LOCK, key).scalar():
        notice("Waiting: another program is changing the schema.")
        connection.exec_driver_sql(TAKE_LOCK, key)


def install(connection: Connection) -> None:
    """Make the routines and views; an error names the file and line it came from."""
    for file, text in sql_parts():
        if not text.strip():
            continue
        try:
            connection.exec_driver_sql(text, execution_options=AS_WRITTEN)
        except sqlalchemy.exc.DBAPIError as error:
            if not isinstance(error.orig, psycopg.Error):
                raise
            diag = error.orig.diag
            line = text[: int(diag.statement_position or 1)].count("\n") + 1
            raise ClaimsError(
                "SCHEMA_INSTALLER",
                f"{file}, about line {line}: {diag.message_primary} ({diag.sqlstate})",
                diag.message_hint or "Correct the file; nothing was changed in the database.",
            ) from error
    connection.exec_driver_sql("call maintenance.ensure_partitions()")
    # Which release is in force when follows from the releases, which a revision may change.
    connection.exec_driver_sql(
        "select maintenance.refresh_periods(kind.kind)"
        " from (select distinct kind from reference.releases) as kind"
    )
    connection.exec_driver_sql(COPY_COMMENTS, execution_options=AS_WRITTEN)
    # What tells every role whether schema and routines are those its program needs.
    connection.exec_driver_sql("grant select on public.alembic_version to public")
    connection.exec_driver_sql(
        f"comment on table public.alembic_version is 'routines {fingerprint()}'"
    )


def migrate(connection: Connection) -> None:
    """Run what alembic was asked for; the caller holds the transaction."""
    context.configure(connection=connection, version_table_schema="public")
    migration = context.get_context()
    if migration.opts.get("dont_mutate"):
        context.run_migrations()
        return
    take_lock(connection)
    connection.exec_driver_sql(f"drop schema if exists {', '.join(CODE_SCHEMAS)} cascade")
    context.run_migrations()
    heads = migration.get_current_heads()
    if not heads:
        connection.exec_driver_sql("drop table public.alembic_version")
    elif heads == tuple(context.script.get_heads()):
        install(connection)


if context.is_offline_mode():
    raise ClaimsError(
        "SCHEMA_OFFLINE",
        "the schema cannot be written as a script: what it needs depends on the database",
        "Run without --sql, against the database itself.",
    )
shared = context.config.attributes.get("connection")
if shared is not None:
    migrate(shared)
else:
    with engine().begin() as own:
        migrate(own)
