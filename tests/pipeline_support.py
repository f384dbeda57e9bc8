"""Databases with loaded claims, hashes of what came out, and commands that can be killed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from app.database.connect import Role, connect
from app.generate import AS_OF, FAULT_SHARE, Generator
from app.intake.load import load_files
from app.program.settings import load_settings
from app.reference.starter import ensure_starter
from tests.servers import Database, Server

CLAIMS: Final = 600
SEED: Final = 11
BATCH_SIZE: Final = 100
WAIT_SECONDS: Final = 60.0

# Everything of the row but the time of the transfer, in the order of the hashes.
HASH: Final = """
select md5(string_agg(hashed.row_hash, '' order by hashed.row_hash))
from (
  select md5((to_jsonb(produced) - 'transferred_at')::text) as row_hash
  from {table} as produced
) as hashed"""

PRODUCED: Final = (
    "production.claims",
    "production.claim_lines",
    "production.claim_findings",
    "queue.claim_registry",
    "production.claim_scores",
)

FAILED_HASH: Final = """
select md5(string_agg(hashed.row_hash, '' order by hashed.row_hash))
from (
  select md5((to_jsonb(failed) - 'failed_at' - 'next_retry_at')::text) as row_hash
  from staging.failed_claims as failed
) as hashed"""

ACCOUNTING: Final = """
select loaded, in_progress, transferred, failed, superseded, difference
from pipeline.accounting"""

# The counters on the batches against the rows that are there.
COUNTED: Final = """
select
  (select count(*) from production.claims),
  (select count(*) from staging.failed_claims),
  (select count(*) from queue.claim_registry)"""

MOVED_TWICE: Final = """
select moved.batch_id
from audit.events as event
cross join unnest(event.batch_ids) as moved (batch_id)
where event.action = 'batches.transferred'
group by moved.batch_id
having count(*) > 1"""

WAITING_BACKENDS: Final = """
select array_agg(backend.pid)
from pg_catalog.pg_stat_activity as backend
where backend.datname = current_database() and backend.{state}"""


@contextmanager
def loaded_database(server: Server, folder: Path) -> Iterator[str]:
    """Give the name of a database with starter reference data and received claims."""
    with pytest.MonkeyPatch.context() as patch, server.database(server.migrated) as database:
        database.use(patch, folder)
        patch.setenv("CLAIMS_BATCH_SIZE", str(BATCH_SIZE))
        with connect(Role.OPERATOR) as conn:
            ensure_starter(conn)
        file = folder / "claims.ndjson"
        write_claims(file)
        assert load_files([str(file)], load_settings(), received_on=AS_OF).claims == CLAIMS
        yield database.name


def write_claims(file: Path) -> None:
    """Write the claims that these tests are about; the same each time."""
    file.write_bytes(b"".join(Generator(CLAIMS, SEED, AS_OF, FAULT_SHARE)))


def outcome(database: Database) -> dict[str, Any]:
    """Everything that a run leaves behind and that must not depend on how it went."""
    with database.connect() as conn:
        found: dict[str, Any] = {
            table: conn.execute(HASH.format(table=table)).fetchone() for table in PRODUCED
        }
        found["failed_claims"] = conn.execute(FAILED_HASH).fetchone()
        found["accounting"] = conn.execute(ACCOUNTING).fetchone()
        found["counted"] = conn.execute(COUNTED).fetchone()
        found["moved twice"] = conn.execute(MOVED_TWICE).fetchall()
    return found


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start one of our commands in the environment of the test."""
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments, "--json"],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for a command that must succeed; what it printed."""
    output, errors = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, errors
    return output


@contextmanager
def held(database: Database, table: str) -> Iterator[psycopg.Connection[Any]]:
    """Keep everyone from writing to a table, until the block ends."""
    with database.connect() as holder:
        holder.autocommit = False
        holder.execute(f"lock table {table} in exclusive mode")
        try:
            yield holder
        finally:
            if not holder.closed and not holder.broken:
                holder.rollback()


def wait_for_waiter(database: Database) -> int:
    """Wait until a backend waits for the lock that `held` holds; its process id."""
    return wait_until(database, "wait_event = 'relation'")[0]


def wait_until(database: Database, state: str, backends: int = 1) -> list[int]:
    """Wait until so many backends of the database are in a state; their process ids."""
    with database.connect() as conn:
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            (found,) = conn.execute(WAITING_BACKENDS.format(state=state)).fetchone() or (None,)
            if found is not None and len(found) >= backends:
                return list(found)
            time.sleep(0.02)
    pytest.fail(f"{backends} backends did not come to {state}")
