"""An audit trail with events that each test makes, and what verifying it says."""

import base64
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from app.audit.anchors import read_anchors, seal_file
from app.audit.keys import trusted_keys
from app.audit.sealing import Sealed, seal_events
from app.audit.verifying import Problem, Verified, verify
from app.program.settings import load_settings
from tests.servers import Database

AUDIT_KEY: Final = base64.b64encode(bytes(range(1, 33))).decode()

RECORD: Final = """
select auditing.record_event(
  'batches.validated', 1, array[number]::bigint[], number, number + 9,
  jsonb_build_object('claims', number)
)
from generate_series({first}, {last}) as number"""

MAKE_MONTH: Final = """
select maintenance._ensure_partition(
  'audit.events',
  to_char(%(month)s::date, 'YYYYMM'),
  %(month)s::date,
  (%(month)s::date + interval '1 month')::date
)"""

WRITE_MONTH: Final = """
insert into audit.events (action, outcome, occurred_at)
select
  'batches.scored',
  'succeeded',
  (%(month)s::date + interval '1 month' - number * interval '1 minute') at time zone 'UTC'
from generate_series(1, %(events)s) as number"""

# As a superuser does who wants to leave no trace.
UNGUARDED: Final = "set session_replication_role = 'replica'"


def use_audit(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Give the program a signing key, and a file for seals in the folder."""
    monkeypatch.setenv("CLAIMS_AUDIT_KEY", AUDIT_KEY)
    monkeypatch.setenv("CLAIMS_AUDIT_SEAL_FILE", str(folder / "audit.seals"))


def write_events(database: Database, count: int, *, first: int = 1) -> None:
    """Write events, each in a transaction of its own."""
    with database.connect() as conn:
        for number in range(first, first + count):
            conn.execute(RECORD.format(first=number, last=number))


def make_month(database: Database, month: str, *, events: int) -> None:
    """Make the partition of a month (`2025-01`) that is past, with events on its last day."""
    with database.connect() as conn:
        conn.execute("set role claims_owner")
        conn.execute(MAKE_MONTH, {"month": f"{month}-01"})
        conn.execute("select auditing._protect_tables()")
        conn.execute(WRITE_MONTH, {"month": f"{month}-01", "events": events})


def sealed() -> Sealed:
    """Seal what is closed."""
    return seal_events(load_settings())


def verified() -> Verified:
    """Verify with what is configured."""
    settings = load_settings()
    path = seal_file(settings)
    assert path is not None
    return verify(trusted_keys(settings), read_anchors(path))


def problems() -> list[tuple[str, int | None, list[int]]]:
    """What verifying finds: kind, seal, events."""
    return [(found.kind, found.seal_number, found.event_ids) for found in verified().problems]


def tamper(database: Database, statement: str, *values: Any) -> None:  # noqa: ANN401 - of SQL
    """Change the trail as a superuser, past its triggers."""
    with database.connect() as conn, conn.transaction():
        conn.execute(UNGUARDED)
        named = len(values) == 1 and isinstance(values[0], dict)
        conn.execute(statement, values[0] if named else values)


def ids_of(conn: psycopg.Connection[Any]) -> list[int]:
    """All event ids, in order of writing."""
    return [row[0] for row in conn.execute("select event_id from audit.events order by event_id")]


def messages(found: list[Problem]) -> str:
    """What people are told."""
    return "\n".join(problem.message for problem in found)
