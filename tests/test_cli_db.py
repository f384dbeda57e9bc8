"""`claims db` on the embedded server of a home of its own, in a folder with an awkward name."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from app.database.connect import Role, needed_revision
from app.embedded import Cluster
from app.program.paths import ROOT
from tests.servers import Database, clean_settings, own_home

Json = dict[str, Any]

ROLES: Final = {role.name.lower(): str(role) for role in Role} | {"admin": "postgres"}
DEMO_KEYS: Final = {
    *("claims", "transferred", "failed", "pended", "load_seconds", "process_seconds"),
    *("claims_per_second", "allowed_total"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The embedded server, with the schema; commands run in its folder and find it there."""
    folder = tmp_path_factory.mktemp("a user's folder, 100% new")
    with pytest.MonkeyPatch.context() as patch, own_home(folder / ".claims") as cluster:
        clean_settings(patch, folder)
        patch.setenv("PYTHONPATH", str(ROOT))
        run("db", "upgrade")
        yield cluster


def start(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401 - those of subprocess.run
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        check=False,
        capture_output=True,
        text=True,
        **options,
    )


def run(*arguments: str, **options: Any) -> str:  # noqa: ANN401 - those of subprocess.run
    """Run a command that must succeed; what it printed."""
    done = start(*arguments, **options)
    assert done.returncode == 0, done.stderr
    assert isinstance(done.stdout, str)
    return done.stdout


def object_of(*arguments: str) -> Json:
    """Run a command with `--json`: one object, on one line, and nothing else."""
    (line,) = run(*arguments, "--json").splitlines()
    answer = json.loads(line)
    assert isinstance(answer, dict)
    return answer


def test_start_and_stop_say_what_they_did(home: Cluster) -> None:
    started = object_of("db", "start")
    assert (started["running"], started["version"]) == (True, 18)
    assert started["pid"] == home.status().pid
    text = run("db", "start")
    assert f"PostgreSQL 18 runs (process {started['pid']}, user " in text
    assert f"data in {started['data']}" in text
    assert object_of("db", "stop") == {"running": False, "was_running": True}
    assert object_of("db", "stop") == {"running": False, "was_running": False}
    assert run("db", "stop") == "It was not running.\n"
    assert run("db", "start")
    assert run("db", "stop") == "Stopped.\n"


@pytest.mark.usefixtures("home")
def test_status_names_server_schema_and_tables() -> None:
    told = object_of("db", "status")
    assert (told["server"], told["database"], told["current"]) == ("embedded", "claims", True)
    assert told["revision"] == told["head"] == needed_revision()
    assert told["server_version"].startswith("18.")
    assert told["routines"] > 0
    tables = {table["name"]: table for table in told["tables"]}
    assert tables["production.claims"]["partitions"] > 12
    assert tables["queue.batches"]["partitions"] == 0
    assert 0 < sum(table["bytes"] for table in told["tables"]) < told["bytes"]
    text = run("db", "status")
    assert f"Schema revision {needed_revision()} (current), {told['routines']} routines." in text
    assert set(tables) <= set(text.split())


@pytest.mark.usefixtures("home")
def test_a_person_is_asked_before_data_go() -> None:
    keyboard, terminal = os.openpty()
    try:
        os.write(keyboard, b"n\n")
        refused = start("db", "downgrade", "base", stdin=terminal)
    finally:
        os.close(keyboard)
        os.close(terminal)
    assert refused.returncode == 1
    assert "drops what later revisions made" in refused.stderr
    assert object_of("db", "status")["revision"] == needed_revision()


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_without_a_terminal_nothing_goes_unless_it_is_said(more: tuple[str, ...]) -> None:
    refused = start("db", "downgrade", "base", *more, stdin=subprocess.DEVNULL)
    assert refused.returncode == 1
    assert "--yes" in refused.stderr + refused.stdout
    assert object_of("db", "status")["revision"] == needed_revision()


@pytest.mark.usefixtures("home")
def test_the_schema_goes_down_and_up_again() -> None:
    assert object_of("db", "downgrade", "--yes")["revision"] < needed_revision()
    told = object_of("db", "status")
    assert (told["current"], told["routines"]) == (False, 0)
    assert "run `claims db upgrade`" in run("db", "status")
    assert object_of("db", "downgrade", "base", "--yes") == {
        "revision": "base",
        "head": needed_revision(),
        "routines": 0,
    }
    assert object_of("db", "status")["tables"] == []
    upgraded = start("db", "upgrade")
    assert upgraded.stdout.startswith(f"Schema revision {needed_revision()}, ")
    assert "Loaded the starter data in rvu_data.csv" in upgraded.stderr
    again = start("db", "upgrade", "--json")
    assert json.loads(again.stdout)["revision"] == needed_revision()
    assert "Loaded" not in again.stderr


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("role", ROLES)
def test_the_url_logs_in_as_each_role(role: str) -> None:
    url = object_of("db", "url", "--role", role)["url"]
    assert run("db", "url", "--role", role) == f"{url}\n"
    with psycopg.connect(url) as conn:
        assert conn.execute("select current_user, current_database()").fetchone() == (
            ROLES[role],
            "claims",
        )


@pytest.mark.usefixtures("home")
def test_psql_opens_the_database_and_takes_its_arguments() -> None:
    who = "select current_user, current_database()"
    assert run("db", "psql", "--", "-XAtc", who) == "postgres|claims\n"
    assert run("db", "psql", "--role", "analyst", "--", "-XAtc", who) == "claims_analyst|claims\n"
    assert run("db", "psql", "--", "-XAt", input="select 6 * 7;\n") == "42\n"
    failed = start("db", "psql", "--", "-Xc", "selekt")
    assert failed.returncode == 1
    assert "syntax error" in failed.stderr


def test_a_server_killed_while_it_runs_comes_back_with_the_next_command(home: Cluster) -> None:
    before = object_of("demo", "--claims", "60")
    pid = home.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    after = object_of("status")
    assert after["claims"]["loaded"] == before["claims"] == 60
    assert after["claims"]["transferred"] == before["transferred"]
    assert home.status().pid != pid


def test_a_demo_ends_with_one_object_and_a_summary_that_adds_up(home: Cluster) -> None:
    assert home.version
    told = object_of("demo", "--claims", "40", "--seed", "5")
    assert set(told) >= DEMO_KEYS
    assert told["claims"] == told["transferred"] + told["failed"] == 40
    assert told["claims_per_second"] > 0
    shown = start("demo", "--claims", "40", "--seed", "5", env=os.environ | {"COLUMNS": "80"})
    assert shown.returncode == 0
    assert max(map(len, shown.stdout.splitlines())) <= 80
    for text in ("claims in this database", "loaded in an earlier run", "Where to look next"):
        assert text in shown.stdout


def test_a_demo_says_that_there_are_more_reasons_than_it_lists(home: Cluster) -> None:
    assert home.version
    shown = start("demo", "--claims", "600", "--seed", "6", env=os.environ | {"COLUMNS": "80"})
    assert re.search(r"and [0-9]+ more reasons?: \S*claims failed\n", shown.stdout)


def test_the_key_is_the_owners_alone(home: Cluster) -> None:
    folder = Path.cwd() / ".claims"
    run("keys", "init")
    assert home.status().running
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "encryption.key").stat().st_mode) == 0o600


@pytest.mark.usefixtures("home")
def test_plain_alembic_finds_the_embedded_server() -> None:
    alembic = [sys.executable, "-m", "alembic", "-c", str(ROOT / "alembic.ini")]
    for arguments in (["downgrade", "-1"], ["upgrade", "head"]):
        subprocess.run([*alembic, *arguments], check=True, capture_output=True)
    assert object_of("db", "status")["current"]


def test_with_a_database_url_that_one_is_named(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole for the administrator; for a role, with what makes the login act as it."""
    assert run("db", "url") == f"{database.url}\n"
    assert object_of("db", "status")["server"] == "DATABASE_URL"
    with psycopg.connect(object_of("db", "url", "--role", "worker")["url"]) as conn:
        assert conn.execute("select current_user").fetchone() == ("claims_worker",)
    monkeypatch.setenv("DATABASE_URL", f"{database.url}&user=postgres")
    with psycopg.connect(object_of("db", "url", "--role", "app")["url"]) as conn:
        assert conn.execute("select session_user, current_user").fetchone() == (
            "postgres",
            "claims_app",
        )
    assert run("db", "psql", "--role", "app", "--", "-XAtc", "select current_user") == (
        "claims_app\n"
    )
