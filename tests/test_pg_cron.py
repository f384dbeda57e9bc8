"""pg_cron calls the pipeline: a job that a DBA schedules moves claims, without a program of ours.

Both ways in which pg_cron runs jobs are tried: in background workers, and over connections of its
own, here to the socket, which is all that these clusters listen on. Its finest schedule before
version 1.5 is the minute, so both wait for the same one.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from app.database import schema
from app.database.connect import Role, connect
from app.embedded.cluster import DATABASE
from app.generate import AS_OF
from app.intake.load import load_files
from app.program.settings import load_settings
from app.reference.starter import ensure_starter
from tests.pipeline_support import CLAIMS, write_claims
from tests.servers import EXTENSIONS, Database, Server, distribution_bin_dir, running

MODES: Final = {"background workers": Role.WORKER, "connections": Role.OPERATOR}
"""How jobs are run, and as whom."""

SCHEDULE: Final = """
select cron.schedule('process claims', '* * * * *', 'call pipeline.process_pending()')"""

RUNS: Final = """
select run.username, run.command, run.status, run.return_message
from cron.job_run_details as run
where run.end_time is not null
order by run.runid"""

MOVED_BY: Final = """
select distinct event.database_role
from audit.events as event
where event.action in ('batches.validated', 'batches.transferred')"""

WAIT_SECONDS: Final = 90.0


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Database]]:
    """Give for each mode a database with received claims, and with the job scheduled."""
    bin_dir = distribution_bin_dir()
    version = bin_dir.parent.name
    if not (EXTENSIONS / version / "extension/pg_cron.control").is_file():
        pytest.fail(
            f"pg_cron is missing: install the package postgresql-{version}-cron "
            "(tests/install-servers does)",
            pytrace=False,
        )
    with ExitStack() as stack:
        databases = {}
        for mode in MODES:
            folder = tmp_path_factory.mktemp("pg_cron")
            settings = {
                "shared_preload_libraries": "pg_cron",
                "cron.database_name": DATABASE,
                "cron.use_background_workers": "on" if mode == "background workers" else "off",
            }
            cluster = stack.enter_context(running(bin_dir, folder, settings))
            databases[mode] = Database(Server(mode, cluster), DATABASE)
            prepare(databases[mode], folder)
        for mode, role in MODES.items():
            with databases[mode].connect(role) as conn:
                conn.execute(SCHEDULE)
        yield databases


def prepare(database: Database, folder: Path) -> None:
    """Install pg_cron and the schema, and load claims."""
    cluster = database.server.cluster
    with database.connect() as conn:
        conn.execute(f"alter system set cron.host = '{cluster.conninfo()['host']}'")
    cluster.stop()
    cluster.start()
    with pytest.MonkeyPatch.context() as patch:
        database.use(patch, folder)
        schema.upgrade()
        with database.connect() as conn:
            conn.execute("create extension pg_cron")
            conn.execute("grant usage on schema cron to claims_worker, claims_operator")
            # Scores come from a worker, and here is none: without this, claims wait for it.
            conn.execute("update queue.settings set scoring_required = false")
        with connect(Role.OPERATOR) as operator:
            ensure_starter(operator)
        file = folder / "claims.ndjson"
        write_claims(file)
        assert load_files([str(file)], load_settings(), received_on=AS_OF).claims == CLAIMS


@pytest.mark.parametrize("mode", MODES)
def test_a_scheduled_call_moves_what_waits(scheduled: dict[str, Database], mode: str) -> None:
    with scheduled[mode].connect() as conn:
        until = time.monotonic() + WAIT_SECONDS
        while not (runs := conn.execute(RUNS).fetchall()) and time.monotonic() < until:
            time.sleep(0.2)
        assert runs[:1] == [(MODES[mode], "call pipeline.process_pending()", "succeeded", "CALL")]
        loaded, in_progress, transferred, difference = (
            conn.execute(
                "select loaded, in_progress, transferred, difference from pipeline.accounting"
            ).fetchone()
            or ()
        )
        assert (loaded, in_progress, difference) == (CLAIMS, 0, 0)
        assert transferred > CLAIMS / 2
        assert conn.execute("select count(*) from production.claims").fetchone() == (transferred,)
        assert conn.execute(MOVED_BY).fetchall() == [(MODES[mode],)]
