"""Kill the program, its backend or the server inside a stage: nothing lost, nothing twice.

Each stage is held before its commit by a table lock that it runs into, and is killed there.
The rerun must leave the very rows that an undisturbed run leaves. Claims, ids and ciphertexts
are the same because every case starts from a copy of one loaded database.
"""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.generate import AS_OF
from app.intake.load import load_files
from app.program.settings import load_settings
from tests.pipeline_support import (
    BATCH_SIZE,
    CLAIMS,
    finish,
    held,
    loaded_database,
    outcome,
    start,
    wait_for_waiter,
    wait_until,
    write_claims,
)
from tests.servers import Database, Server

# The batches of the first load and those of the second, which has as many.
BOTH_LOADS = """
select
  array_agg(numbered.batch_id) filter (where numbered.position <= %s),
  array_agg(numbered.batch_id) filter (where numbered.position > %s)
from (
  select batch.batch_id, row_number() over (order by batch.batch_id) as position
  from queue.batches as batch
) as numbered"""

LOST = """
select failed.rule_codes, count(*)
from staging.failed_claims as failed
where failed.stage = 'transfer'
group by failed.rule_codes"""

# Where a stage stands when it runs into the table.
INSIDE = {
    "validation, before its commit": "staging.failed_claims",
    "scoring, when nothing of it is written": "staging.claim_scores",
    "transfer, when nothing of it is written": "queue.claim_registry",
    "transfer, before its commit": "production.claims",
    "transfer, before its scores are written": "production.claim_scores",
}


@pytest.fixture(scope="module")
def loaded(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with loaded_database(server, tmp_path_factory.mktemp("loaded")) as name:
        yield name


@pytest.fixture(scope="module")
def undisturbed(
    server: Server, loaded: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch, server.database(loaded) as database:
        database.use(patch, tmp_path_factory.mktemp("undisturbed"))
        finish(start("process"))
        found = outcome(database)
    total, in_progress, transferred, failed, superseded, difference = found["accounting"]
    assert total == CLAIMS
    assert in_progress == superseded == difference == 0
    assert transferred > failed > 0
    assert found["counted"] == (transferred, failed, transferred)
    assert found["moved twice"] == []
    return found


@pytest.fixture
def database(
    server: Server, loaded: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Database]:
    with server.database(loaded) as copy:
        copy.use(monkeypatch, tmp_path)
        # Several calls to a run, so that stages lie behind and before the one that is killed.
        with copy.connect() as conn:
            conn.execute("update queue.settings set max_claims_per_call = %s", [2 * BATCH_SIZE])
        monkeypatch.setenv("CLAIMS_CONNECTIONS", "1")
        yield copy


@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize("victim", ["program", "program and backend", "server"])
def test_a_killed_run_is_made_good_by_the_next(
    server: Server, database: Database, undisturbed: dict[str, Any], inside: str, victim: str
) -> None:
    with suppress(psycopg.OperationalError), held(database, INSIDE[inside]) as holder:
        process = start("process")
        backend = wait_for_waiter(database)
        process.kill()
        process.communicate()
        if victim == "program and backend":
            holder.execute("select pg_terminate_backend(%s, 10000)", [backend])
        elif victim == "server":
            kill_server(server)
    if victim == "server":
        server.cluster.start()

    finish(start("process"))
    assert outcome(database) == undisturbed


def test_a_second_run_changes_nothing(database: Database, undisturbed: dict[str, Any]) -> None:
    finish(start("process"))
    finish(start("process"))
    assert outcome(database) == undisturbed


def test_two_runs_at_once_do_no_claim_twice(
    database: Database, undisturbed: dict[str, Any]
) -> None:
    both = [start("process"), start("process")]
    for process in both:
        finish(process)
    finish(start("process"))
    assert outcome(database) == undisturbed


def test_a_run_begins_while_another_is_held(
    database: Database, undisturbed: dict[str, Any]
) -> None:
    with held(database, "staging.failed_claims"):
        first = start("process")
        wait_for_waiter(database)
        second = start("process")
        wait_until(database, "wait_event_type = 'Lock'", backends=2)
    finish(first)
    finish(second)
    assert outcome(database) == undisturbed


def test_the_same_claims_in_two_transfers_at_once_go_through_once(
    database: Database, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    """The second transfer waits for the registry, then finds its claims taken."""
    file = tmp_path / "claims.ndjson"
    write_claims(file)
    file.write_bytes(b"\n".join(reversed(file.read_bytes().splitlines())))
    assert load_files([str(file)], load_settings(), received_on=AS_OF).claims == CLAIMS

    with database.connect() as conn, database.connect() as other, ThreadPoolExecutor(1) as pool:
        (first, second) = conn.execute(BOTH_LOADS, 2 * [CLAIMS // BATCH_SIZE]).fetchone() or (
            [],
            [],
        )
        # It is about the registry, and moves what was validated.
        conn.execute("update queue.settings set scoring_required = false")
        # At once, too: the second cannot see what the first has not committed.
        with conn.transaction():
            conn.execute("select validation.validate_batches(%s)", [first])
            other.execute("select validation.validate_batches(%s)", [second])
        with conn.transaction():
            conn.execute("select transfer.move_batches(%s)", [first])
            racing = pool.submit(_move, database, second)
            wait_until(database, "wait_event = 'transactionid'")
        moved = racing.result()

    found = outcome(database)
    loaded, in_progress, transferred, failed, superseded, difference = found["accounting"]
    assert (loaded, in_progress, superseded, difference) == (2 * CLAIMS, 0, 0, 0)
    assert transferred == undisturbed["accounting"][2]
    assert found["counted"] == (transferred, failed, transferred)
    assert moved == (0, CLAIMS)
    with database.connect() as conn:
        assert conn.execute(LOST).fetchall() == [(["V040"], transferred)]


def _move(database: Database, batch_ids: list[int]) -> tuple[Any, ...]:
    with database.connect("claims_worker") as conn:
        return (
            conn.execute(
                "select sum(claims_moved), sum(claims_failed) from transfer.move_batches(%s)",
                [batch_ids],
            ).fetchone()
            or ()
        )


def kill_server(server: Server) -> None:
    """Kill the postmaster; its children end when they see that it is gone."""
    pid = server.cluster.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
