"""TEST_DATABASE_URL: the suite on one server that others run."""

import os
import subprocess
import sys

import pytest

from app.database.connect import as_url
from app.program.paths import ROOT
from tests.own_server import VARIABLE, OwnServer
from tests.servers import Server

DATABASES = "select datname from pg_catalog.pg_database order by datname"


def url(server: Server, user: str = "postgres") -> str:
    return as_url(server.cluster.conninfo(user, "postgres") | {"user": user})


def test_tests_run_there_alone_and_leave_nothing(server: Server) -> None:
    with server.admin() as conn:
        before = conn.execute(DATABASES).fetchall()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                *("tests/test_statements.py", "tests/test_database_dump.py", "tests/test_crash.py"),
                *("-k", "fits_the_schema or older_server or killed_server"),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=os.environ | {VARIABLE: url(server)},
        )
        after = conn.execute(DATABASES).fetchall()
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert f"{VARIABLE}: this test is of two servers" in done.stdout
    assert f"{VARIABLE}: 1 test was skipped" in done.stdout
    assert after == before


def test_what_the_tests_cannot_use_is_refused(postgres18: Server) -> None:
    assert postgres18.migrated  # which makes the roles
    with pytest.raises(pytest.UsageError, match="the tests log in as postgres"):
        OwnServer(url(postgres18, "claims_operator"))
    with pytest.raises(pytest.UsageError, match="cannot use: "):
        OwnServer("postgresql://127.0.0.1:1/")
    assert OwnServer(url(postgres18)).version == postgres18.cluster.version
