"""The worker on real servers: alone, several at once, killed, stopped, with stages that fail."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from app.database.connect import Role, connect
from app.generate import AS_OF, Generator
from app.intake.load import load_files
from app.pipeline import metrics
from app.pipeline import worker as service
from app.pipeline.housekeeping import drift, history, retries
from app.pipeline.worker import Worker
from app.program import logs
from app.program.settings import load_settings
from app.scoring import registry
from tests.pipeline_support import (
    BATCH_SIZE,
    CLAIMS,
    WAIT_SECONDS,
    finish,
    held,
    loaded_database,
    outcome,
    start,
    wait_for_waiter,
    wait_until,
)
from tests.servers import Database, Server

UNFINISHED: Final = "select count(*) from queue.batches where state <> 'transferred'"
UNSCORED: Final = "select count(*) from queue.batches where state in ('received', 'validated')"
STATES: Final = "select state, count(*) from queue.batches group by state"
LEASED: Final = "select count(*) from queue.batches where leased_by is not null"
ATTEMPTS: Final = "select max(attempts) from queue.batches"
LISTENER: Final = """
select pg_terminate_backend(backend.pid)
from pg_catalog.pg_stat_activity as backend
where backend.datname = current_database() and backend.query = 'listen claims_batches'"""

# Validates in a transaction, which the caller rolls back.
ANY_GOOD_CLAIM: Final = """
begin;
select validation.validate_batches(array(select batch_id from queue.batches));
select claim.claim_id
from staging.claims as claim
where not exists (
  select from staging.failed_claims as failed where failed.claim_id = claim.claim_id
)
order by random()
limit 1"""

# Refuses what it is told to refuse, so often; a sequence, because it is not rolled back.
REFUSE: Final = """
create sequence public.refusals;
grant usage on sequence public.refusals to public;
create function public.refuse() returns trigger language plpgsql as $$
begin
  if nextval('public.refusals') <= {times} then
    raise exception using errcode = '{sqlstate}', message = 'refused (Smith, 1950-01-01)';
  end if;
  return null;
end;
$$;
create trigger refuse after insert on production.claims
for each statement execute function public.refuse();
"""


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
        patch.setenv("CLAIMS_CONNECTIONS", "1")
        finish(start("process"))
        return outcome(database)


@pytest.fixture
def database(
    server: Server, loaded: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Database]:
    """Received claims in batches of a hundred; workers take two of them at a time."""
    with server.database(loaded) as copy:
        copy.use(monkeypatch, tmp_path)
        monkeypatch.setenv("MAX_CONCURRENT_CLAIM_PROCESSING", str(2 * BATCH_SIZE))
        monkeypatch.setenv("CLAIMS_LEASE_SECONDS", "2")
        monkeypatch.setenv("CLAIMS_POLL_SECONDS", "0.2")
        with copy.connect() as conn:
            conn.execute("update queue.settings set retry_backoff = '50 ms'")
        yield copy


@pytest.fixture
def listening_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker in this process that misses every notification."""
    monkeypatch.setattr(service, "CHANNEL", "nobody_notifies")


def start_worker(log: Path) -> subprocess.Popen[bytes]:
    """Start `claims worker` in the environment of the test; its log goes to a file."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "app", "worker"],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
            stdout=output,
            stderr=subprocess.DEVNULL,
        )


def end(worker: subprocess.Popen[bytes]) -> float:
    """Ask a worker to stop, as init systems do; the seconds it took."""
    began = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=WAIT_SECONDS) == 0
    return time.monotonic() - began


@contextmanager
def working() -> Iterator[Worker]:
    """Run a worker in this process."""
    with Worker(load_settings()) as worker:
        yield worker


def wait_for(database: Database, query: str, expected: object) -> None:
    """Wait until a query of one value gives it."""
    until = time.monotonic() + WAIT_SECONDS
    with database.connect() as conn:
        while (row := conn.execute(query).fetchone()) != (expected,):
            if time.monotonic() > until:
                pytest.fail(f"{query}: {row}, {conn.execute(STATES).fetchall()}")
            time.sleep(0.05)


@pytest.mark.usefixtures("database")
def test_a_statement_ends_with_its_client() -> None:
    with connect(Role.OPERATOR) as conn, working() as worker, worker.pool.connection() as pooled:
        for one in (conn, pooled):
            found = one.execute("show client_connection_check_interval").fetchone()
            assert found == ("5s",)


@pytest.mark.parametrize("count", [2, 4])
def test_workers_at_once_do_no_claim_twice(
    database: Database, undisturbed: dict[str, Any], tmp_path: Path, count: int
) -> None:
    workers = [start_worker(tmp_path / f"{number}.log") for number in range(count)]
    # Before that, a signal to stop would end one that is not ready for it.
    wait_for(database, "select count(*) from queue.workers", count)
    wait_for(database, UNFINISHED, 0)
    for worker in workers:
        end(worker)
    assert outcome(database) == undisturbed
    with database.connect() as conn:
        assert conn.execute(
            "select count(*) from pipeline.workers where stopped_at is not null and not is_alive"
        ).fetchone() == (count,)


def test_the_log_is_json_of_known_fields(database: Database, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    worker = start_worker(log)
    wait_for(database, UNFINISHED, 0)
    end(worker)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    done = [line for line in lines if line["event"] == "stage done"]
    assert {line["stage"] for line in done} == {"validation", "scoring", "transfer"}
    assert all(set(line) <= logs.KNOWN_FIELDS for line in lines)
    moved = [line for line in done if line["stage"] == "transfer"]
    with database.connect() as conn:
        assert conn.execute("select transferred, pended from pipeline.accounting").fetchone() == (
            sum(line["claims"] - line["failed"] for line in moved),
            sum(line["pended"] for line in moved),
        )


@pytest.mark.parametrize("inside", ["staging.failed_claims", "production.claims"])
def test_another_worker_takes_over_from_one_that_was_killed(
    database: Database, undisturbed: dict[str, Any], tmp_path: Path, inside: str
) -> None:
    with held(database, inside) as holder:
        killed = start_worker(tmp_path / "killed.log")
        # A stage, not the look for claims to retry, which reads the same table.
        backends = wait_until(
            database, "wait_event = 'relation' and backend.query like '%run_stage%'"
        )
        killed.kill()
        killed.wait()
        holder.execute(
            "select pg_terminate_backend(pid, 10000) from unnest(%s::integer[]) as one (pid)",
            [backends],
        )
    worker = start_worker(tmp_path / "worker.log")
    wait_for(database, UNFINISHED, 0)
    end(worker)
    assert outcome(database) == undisturbed
    with database.connect() as conn:
        assert conn.execute(
            "select count(*) > 0 from audit.events"
            " where action = 'batches.attempt_failed' and detail ->> 'code' = 'PL005'"
        ).fetchone() == (True,)


def test_a_worker_outlives_its_server(
    server: Server, database: Database, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    """The postmaster is killed inside a stage; nobody but the server is started again."""
    pid = server.cluster.status().pid
    assert pid is not None
    with suppress(psycopg.OperationalError), held(database, "production.claims"):
        worker = start_worker(tmp_path / "worker.log")
        wait_for_waiter(database)
        os.kill(pid, signal.SIGKILL)
    server.cluster.start()
    wait_for(database, UNFINISHED, 0)
    end(worker)
    assert outcome(database) == undisturbed


def test_work_is_found_without_any_notification(
    database: Database, undisturbed: dict[str, Any], listening_elsewhere: None
) -> None:
    assert listening_elsewhere is None
    with working():
        wait_for(database, UNFINISHED, 0)
    assert outcome(database) == undisturbed


def test_a_listener_that_lost_its_connection_listens_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # So long that what is found in time was notified.
    monkeypatch.setenv("CLAIMS_POLL_SECONDS", "60")
    file = tmp_path / "more.ndjson"
    file.write_bytes(b"".join(Generator(10, 99, AS_OF, 0)))
    with working(), database.connect() as conn:
        wait_for(database, UNFINISHED, 0)
        assert conn.execute(LISTENER).fetchall() == [(True,)]
        wait_until(database, "query = 'listen claims_batches'")
        load_files([str(file)], load_settings(), received_on=AS_OF)
        began = time.monotonic()
        wait_for(database, UNFINISHED, 0)
    assert time.monotonic() - began < 30


def test_a_transient_failure_is_tried_again(
    database: Database, undisturbed: dict[str, Any]
) -> None:
    with database.connect() as conn:
        conn.execute(REFUSE.format(times=2, sqlstate="40P01"))
        with working():
            wait_for(database, UNFINISHED, 0)
        assert (
            conn.execute(
                "select detail ->> 'code', detail ? 'message' from audit.events"
                " where action = 'batches.attempt_failed' order by event_id"
            ).fetchall()
            == [("40P01", False)] * 2
        )
        assert conn.execute(ATTEMPTS).fetchone() == (0,)
    assert outcome(database) == undisturbed


def test_after_max_attempts_a_batch_is_failed_and_waits_for_a_person(
    database: Database, undisturbed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_ATTEMPTS", "2")
    with database.connect() as conn:
        conn.execute(REFUSE.format(times=1_000_000, sqlstate="55P03"))
        with working():
            wait_for(database, "select count(*) from queue.batches where state = 'failed'", 6)
            assert conn.execute(
                "select distinct attempts, last_sqlstate, last_error, failed_from, leased_by"
                " from queue.batches"
            ).fetchall() == [(2, "55P03", None, "scored", None)]
            assert conn.execute(
                "select in_progress > 0, transferred, difference from pipeline.accounting"
            ).fetchone() == (True, 0, 0)
            conn.execute("drop trigger refuse on production.claims")
            conn.execute("select pipeline.retry_batches(array_agg(batch_id)) from queue.batches")
            wait_for(database, UNFINISHED, 0)
    assert outcome(database) == undisturbed


def test_a_claim_that_breaks_a_stage_is_found_and_the_others_go_through(
    database: Database, undisturbed: dict[str, Any]
) -> None:
    with database.connect() as conn:
        good = conn.execute(ANY_GOOD_CLAIM)
        while good.nextset():
            pass
        (poison,) = good.fetchone() or (0,)
        conn.execute("rollback")
        conn.execute(
            f"alter table production.claims add constraint no_such check (claim_id <> {poison})"
        )
        with working():
            wait_for(database, UNFINISHED, 0)
        found = conn.execute(
            "select claim_id, sqlstate, reasons -> -1 ->> 'rule' from staging.failed_claims"
            " where sqlstate is not null"
        ).fetchall()
        assert found == [(poison, "23514", "X001")]
        accounting = conn.execute(
            "select loaded, transferred + failed, difference from pipeline.accounting"
        ).fetchone()
    assert accounting == (CLAIMS, CLAIMS, 0)
    assert undisturbed["accounting"][0] == CLAIMS


def test_a_worker_hands_back_what_it_cannot_finish_in_time(
    database: Database, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    with held(database, "production.claims"):
        worker = start_worker(tmp_path / "worker.log")
        wait_for_waiter(database)
        assert end(worker) < 10
        with database.connect() as conn:
            assert conn.execute(LEASED).fetchone() == (0,)
            assert conn.execute(ATTEMPTS).fetchone() == (0,)
    finish(start("process"))
    assert outcome(database) == undisturbed


def test_a_held_batch_waits_for_its_release(
    database: Database, undisturbed: dict[str, Any]
) -> None:
    with database.connect() as conn, working():
        conn.execute("update queue.batches set hold = true where state <> 'transferred'")
        (batch_ids,) = conn.execute(
            "select array_agg(batch_id order by batch_id) from queue.batches where hold"
        ).fetchone() or ([],)
        assert batch_ids
        wait_for(database, UNSCORED, 0)
        time.sleep(0.5)
        assert conn.execute(
            "select array_agg(batch_id order by batch_id) from queue.batches where state = 'scored'"
        ).fetchone() == (batch_ids,)
        conn.execute("select pipeline.release_batches('default', null)")
        wait_for(database, UNFINISHED, 0)
    assert outcome(database) == undisturbed


def test_failed_claims_are_retried_when_their_reference_data_comes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "SECONDS", 0.2)
    waiting = "select count(*) from staging.failed_claims where next_retry_at is not null"
    with database.connect() as conn, working():
        wait_for(database, UNFINISHED, 0)
        (before,) = conn.execute(waiting).fetchone() or (0,)
        assert before
        # A release that has every code that was missing, for all dates.
        conn.execute("begin")
        conn.execute(
            "create temporary table release on commit drop as"
            " select maintenance.register_release('rvu', 'both', 'all', '2020-01-02', null,"
            " false, 'all.csv', 'hash', 1) as release_id"
        )
        conn.execute(
            "insert into reference.procedure_rvus"
            " select (jsonb_populate_record(null::reference.procedure_rvus, to_jsonb(rvu)"
            " || jsonb_build_object('release_id', release.release_id, 'hcpcs', missing.hcpcs,"
            " 'modifier', ''))).*"
            " from release"
            " cross join ("
            "   select * from reference.procedure_rvus where modifier = '' limit 1"
            " ) as rvu"
            " cross join ("
            "   select hcpcs from staging.claim_lines where hcpcs is not null group by hcpcs"
            " ) as missing"
        )
        conn.execute(
            "update reference.releases set valid_from = '2020-01-01' where kind = 'rvu'"
            " and name <> 'all'"
        )
        conn.execute("select maintenance.refresh_periods('rvu')")
        conn.execute("commit")
        wait_for(
            database,
            "select count(*) from staging.failed_claims where rule_codes = '{V021}'"
            " and resolution <> 'resolved'",
            0,
        )
        assert conn.execute(
            "select count(*) > 0 from staging.failed_claims where resolution = 'resolved'"
        ).fetchone() == (True,)
        assert conn.execute("select difference from pipeline.accounting").fetchone() == (0,)


def test_metrics_say_what_was_done_and_what_waits(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("WORKER_METRICS_PORT", str(port))
    with database.connect() as conn:
        conn.execute(
            "update queue.batches set hold = true where batch_id in"
            " (select max(batch_id) from queue.batches)"
        )
    worker = start_worker(tmp_path / "worker.log")
    wait_for(database, UNSCORED, 0)
    wait_for(database, UNFINISHED, 1)
    with urllib.request.urlopen(f"http://localhost:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    end(worker)
    figures = {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in text.splitlines())
        if not name.startswith("#")
    }
    assert figures['claims_queue_batches{state="scored"}'] == 1
    assert figures['claims_queue_batches{state="received"}'] == 0
    assert figures["claims_queue_held_batches"] == 1
    assert figures["claims_workers_alive"] == 1
    assert figures['claims_stage_batches_total{stage="transfer"}'] == CLAIMS / BATCH_SIZE - 1
    assert figures['claims_stage_seconds_count{stage="validation"}'] >= 3
    assert figures['claims_processed_total{outcome="passed",stage="transfer"}'] > 0


def test_what_was_transferred_becomes_history(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(start("process"))
    for job in (history, drift):
        monkeypatch.setattr(job, "SECONDS", 0.0)
    monkeypatch.setattr(registry, "ENOUGH_CLAIMS", 1)
    monkeypatch.setattr(registry, "ENOUGH_HISTORY", 1)
    metrics.MODEL_DRIFT.clear()
    with working(), database.connect() as conn:
        until = time.monotonic() + WAIT_SECONDS
        while conn.execute("select count(*) from models.provider_history").fetchone() == (0,):
            assert time.monotonic() < until
            time.sleep(0.05)
    drifts = {
        sample.labels["feature"] for sample in next(iter(metrics.MODEL_DRIFT.collect())).samples
    }
    assert {"score", "patient_age"} <= drifts
