"""The schema: revisions by alembic, routines by the installer, and what stands in a database."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from psycopg import rows
from sqlalchemy.pool import NullPool

from app.database.connect import Role, connect, find_revision, needed_revision
from app.database.dump import look_at
from app.program.errors import ClaimsError, from_psycopg, translated
from app.program.paths import MIGRATIONS_DIR

CODE_SCHEMAS: Final = (
    "catalogue",
    "pipeline",
    "validation",
    "pricing",
    "adjudication",
    "transfer",
    "scoring",
    "maintenance",
    "auditing",
    "access",
    "keys",
    "analysis",
)
"""They hold routines and views only; dropped before revisions run, made anew at head."""

AS_WRITTEN: Final = {"no_parameters": True}
"""Execution option: send the text as it stands, percent signs and several statements."""

LOCK_KEY: Final = "claims.schema"
TRY_LOCK: Final = "select pg_try_advisory_xact_lock(hashtext(%(key)s))"
TAKE_LOCK: Final = "select pg_advisory_xact_lock(hashtext(%(key)s))"

COUNT_ROUTINES: Final = """
select count(*)
from pg_catalog.pg_proc as routine
join pg_catalog.pg_namespace as schema on schema.oid = routine.pronamespace
where schema.nspname = any(%(schemas)s)"""

SIZE_UP_TABLES: Final = """
select
  format('%I.%I', schema.nspname, parent.relname) as name,
  (count(leaf.relid) filter (where leaf.isleaf and leaf.level > 0))::integer as partitions,
  coalesce(sum(pg_total_relation_size(leaf.relid)), 0)::bigint as bytes
from pg_catalog.pg_class as parent
join pg_catalog.pg_namespace as schema on schema.oid = parent.relnamespace
cross join lateral (
  select tree.relid, tree.isleaf, tree.level
  from pg_partition_tree(parent.oid) as tree
  where parent.relkind = 'p'
  union all
  select parent.oid, true, 0
  where parent.relkind = 'r'
) as leaf
where parent.relkind in ('p', 'r')
  and not parent.relispartition
  and schema.nspname in (
    'reference', 'staging', 'production', 'queue', 'vault', 'audit', 'models'
  )
group by schema.nspname, parent.relname
order by schema.nspname, parent.relname"""

DESCRIBE_SERVER: Final = """
select
  current_setting('server_version') as version,
  current_database()::text as database,
  pg_database_size(current_database())::bigint as bytes"""


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table (with its partitions, toast and indexes) as SIZE_UP_TABLES gives it."""

    name: str
    partitions: int
    bytes: int


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """What stands in a database, beside what this program needs."""

    server_version: str
    database: str
    host: str
    revision: str
    head: str
    current: bool
    routines: int
    bytes: int
    tables: list[TableSize]
    columns_stamped: bool
    """Only the server's own pg_dump writes what other servers take: `claims db dump` finds it."""


def upgrade() -> None:
    """Run the revisions up to head and install the routines, in one transaction."""
    _run(lambda config: command.upgrade(config, "head"))


def downgrade(revision: str) -> None:
    """Go back to `revision` (`-1` for one step, `base` for nothing at all), in one transaction."""
    _run(lambda config: command.downgrade(config, revision))


def status() -> SchemaStatus:
    """Look at the database; needs no schema."""
    with connect(Role.ADMIN, autocommit=True) as conn, translated():
        head = needed_revision()
        revision = find_revision(conn)
        routines = conn.execute(COUNT_ROUTINES, {"schemas": list(CODE_SCHEMAS)}).fetchone()
        with conn.cursor(row_factory=rows.class_row(TableSize)) as cur:
            tables = cur.execute(SIZE_UP_TABLES).fetchall()
        server = conn.execute(DESCRIBE_SERVER).fetchone()
        if routines is None or server is None:
            raise AssertionError("an aggregate and a bare select give one row")
        return SchemaStatus(
            server_version=server[0],
            database=server[1],
            host=conn.info.host,
            revision=revision,
            head=head,
            current=revision == head,
            routines=routines[0],
            bytes=server[2],
            tables=tables,
            columns_stamped=look_at(conn).stamped,
        )


def engine() -> sqlalchemy.Engine:
    """Give SQLAlchemy the administrator's connections, for alembic."""
    return sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: connect(Role.ADMIN), poolclass=NullPool
    )


def _run(action: Callable[[Config], None]) -> None:
    config = Config(attributes={"quiet": True})
    config.set_main_option("script_location", str(MIGRATIONS_DIR).replace("%", "%%"))
    try:
        with engine().begin() as connection:
            config.attributes["connection"] = connection
            action(config)
    except CommandError as error:
        raise ClaimsError(
            "SCHEMA_REVISION",
            f"alembic refused: {error}",
            "Look at `claims db status` and at the revisions in migrations/versions.",
        ) from error
    except sqlalchemy.exc.DBAPIError as error:
        if isinstance(error.orig, psycopg.Error):
            raise from_psycopg(error.orig) from error
        raise
