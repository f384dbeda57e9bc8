"""Dumps: from the older server into the newer one, by the pg_dump that may."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.database import schema
from app.database.connect import Role, connect
from app.database.dump import Server, dump
from app.embedded.binaries import wheel_bin_dir
from app.program.errors import ClaimsError
from app.program.paths import ROOT
from app.program.settings import load_settings
from tests import servers
from tests.audit_support import sealed, use_audit, verified, write_events
from tests.servers import Database, distribution_bin_dir

OLD = (15, 20)


@pytest.mark.parametrize(
    ("stamped", "version", "takes"),
    [
        (True, (18, 6), False),
        (True, (16, 16), False),
        (True, (15, 18), False),
        (True, (15, 20), True),
        (True, (15, 21), True),
        (True, (14, 24), False),
        (False, (18, 6), True),
        (False, (15, 18), True),
        (False, (14, 24), False),
    ],
)
def test_which_pg_dump_will_do(stamped: bool, version: tuple[int, int], takes: bool) -> None:  # noqa: FBT001 - a case
    assert Server(OLD, stamped).takes(version) is takes


def test_from_the_older_server_into_the_newer_one(
    postgres15: servers.Server,
    postgres18: servers.Server,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """As docs/operate.md says: roles, dump, pg_restore --create, upgrade."""
    assert postgres18.migrated  # which makes the roles, as pg_dumpall --roles-only would
    with postgres15.database(postgres15.migrated) as database:
        database.use(monkeypatch, tmp_path)
        use_audit(monkeypatch, tmp_path)
        write_events(database, 3)
        sealed()
        run = subprocess.run(
            [sys.executable, "-m", "app", "db", "dump", "claims.dump", "--json"],
            check=False, capture_output=True, text=True, cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        written = json.loads(run.stdout)
        file = tmp_path / "claims.dump"
        assert file.stat().st_mode & 0o777 == 0o600
        assert written["bytes"] == file.stat().st_size
        assert written["pg_dump_version"].split(".")[0] == written["server_version"].split(".")[0]
        new = Database(postgres18, database.name)
        maintenance = Database(postgres18, "postgres")
        try:
            subprocess.run(
                [
                    wheel_bin_dir() / "pg_restore", "--create", "--exit-on-error",
                    f"--dbname={maintenance.url}&user=postgres", file,
                ],
                check=True,
            )  # fmt: skip
            monkeypatch.setenv("DATABASE_URL", new.url)
            schema.upgrade()
            assert schema.status().current
            with connect(Role.OPERATOR) as conn:
                row = conn.execute("select difference from pipeline.accounting").fetchone()
            assert row == (0,)
            assert verified().problems == []
        finally:
            with postgres18.admin() as conn:
                conn.execute(f'drop database if exists "{database.name}" with (force)'.encode())


def test_a_newer_pg_dump_of_a_stamped_database_is_refused(
    postgres15: servers.Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Told before anything is written; where the server stamps nothing, it does."""
    newer = wheel_bin_dir() / "pg_dump"
    with postgres15.database(postgres15.migrated) as database:
        database.use(monkeypatch, tmp_path)
        file = tmp_path / "claims.dump"
        if not schema.status().columns_stamped:
            assert dump(file, load_settings(), newer).bytes == file.stat().st_size
            return
        with pytest.raises(ClaimsError, match="pg_attver") as caught:
            dump(file, load_settings(), newer)
        assert caught.value.code == "DB_DUMP_PROGRAM"
        assert "postgresql-client-15" in caught.value.hint
        assert not file.exists()
        own = distribution_bin_dir() / "pg_dump"
        assert dump(file, load_settings(), own).pg_dump == own


def test_a_file_that_is_there_is_kept(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "claims.dump"
    file.write_text("mine")
    with pytest.raises(ClaimsError) as caught:
        dump(file, load_settings())
    assert caught.value.code == "DB_DUMP_EXISTS"
    assert file.read_text() == "mine"
    assert database.name


def test_what_is_no_pg_dump_is_refused(database: Database, tmp_path: Path) -> None:
    program = tmp_path / "pg_dump"
    program.write_text("#!/bin/sh\necho something else\n")
    program.chmod(0o755)
    with pytest.raises(ClaimsError, match="something else") as caught:
        dump(tmp_path / "claims.dump", load_settings(), program)
    assert caught.value.code == "DB_DUMP_PROGRAM"
    assert database.name


def test_what_pg_dump_cannot_do_is_told_and_nothing_stays(
    database: Database, tmp_path: Path
) -> None:
    program = tmp_path / "pg_dump"
    major = database.server.name
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) '
        f'{major}.99" && exit\necho "no space left" >&2\nexit 1\n'
    )
    program.chmod(0o755)
    file = tmp_path / "claims.dump"
    with pytest.raises(ClaimsError, match="no space left") as caught:
        dump(file, load_settings(), program)
    assert caught.value.code == "DB_DUMP_FAILED"
    assert not file.exists()
