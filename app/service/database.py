"""The service's connections, and transactions that see one submitter's rows and no others."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from weakref import WeakKeyDictionary

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from app.database.connect import Role, parameters, prepare, session_conninfo
from app.program.errors import translated
from app.program.settings import Settings
from app.service.clients import Client

# Together, because it runs for every request: whose rows are seen, and what the trail is told.
SEE_AS: Final = """
select
  set_config('claims.submitter_id', %(submitter_id)s, true),
  set_config('claims.client', %(client)s, true),
  set_config('claims.origin', %(origin)s, true)"""
ONE_SNAPSHOT: Final = "set transaction isolation level repeatable read"

WAIT_SECONDS: Final = 10.0
"""How long a request waits for a free connection before it is answered 503."""

CHECK_SECONDS: Final = 0.5
"""A connection that was good so long ago is taken for good: it saves a round trip."""

_CHECKED: Final[WeakKeyDictionary[Connection[TupleRow], float]] = WeakKeyDictionary()

Pool = ConnectionPool[Connection[TupleRow]]


def make_pool(settings: Settings) -> Pool:
    """Make the pool of claims_app, not opened yet; connections are in autocommit mode.

    Where the connections lead is asked anew for each, so that an embedded server that has
    ended is started again.
    """
    return ConnectionPool(
        lambda: session_conninfo(parameters(Role.APP, settings)),
        kwargs={"autocommit": True},
        min_size=2,
        max_size=settings.http_connections,
        timeout=WAIT_SECONDS,
        configure=prepare,
        check=_check,
        name="claims-service",
        open=False,
    )


def _check(conn: Connection[TupleRow]) -> None:
    """Look whether a connection is still good, unless that was done just now."""
    now = time.monotonic()
    if now - _CHECKED.get(conn, 0.0) > CHECK_SECONDS:
        ConnectionPool.check_connection(conn)
        _CHECKED[conn] = now


@contextmanager
def connection(pool: Pool) -> Iterator[Connection[TupleRow]]:
    """Lend a connection in autocommit mode; raises DatabaseError."""
    with translated(), pool.connection() as conn:
        yield conn


@contextmanager
def seen_by(pool: Pool, client: Client, *, one_snapshot: bool = False) -> Iterator[Connection[Any]]:
    """Give a transaction that sees what the client's submitter may see; raises DatabaseError."""
    with connection(pool) as conn, conn.transaction():
        if one_snapshot:
            conn.execute(ONE_SNAPSHOT)
        see_as(conn, client)
        yield conn


def see_as(conn: Connection[Any], client: Client) -> None:
    """Let the running transaction see its submitter's rows, and its audit events name it."""
    conn.execute(
        SEE_AS,
        {
            "submitter_id": str(client.submitter_id),
            "client": client.name,
            "origin": client.address or "",
        },
    )
