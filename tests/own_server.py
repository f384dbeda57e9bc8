"""A server of the tester's own, named by TEST_DATABASE_URL: the tests run on it alone."""

import os
from pathlib import Path
from typing import Final, NoReturn

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.embedded import SUPERUSER, Cluster
from app.embedded.binaries import wheel_bin_dir
from app.embedded.cluster import ServerStatus

VARIABLE: Final = "TEST_DATABASE_URL"
OLDEST: Final = 15
NEWEST: Final = 18
DISTRIBUTION: Final = Path("/usr/lib/postgresql")


def own_url() -> str | None:
    """Give the URL, where there is one."""
    return os.environ.get(VARIABLE) or None


class OwnServer(Cluster):
    """A server that the tests use as it is: what would stop or configure it skips instead."""

    def __init__(self, url: str) -> None:
        """Look whether the server will do; its URL has the user postgres, or none."""
        self._info = {name: str(value) for name, value in conninfo_to_dict(url).items()}
        if self._info.setdefault("user", SUPERUSER) != SUPERUSER:
            _refuse(f"its user is {self._info['user']}; the tests log in as {SUPERUSER}")
        self._info.pop("dbname", None)
        try:
            with psycopg.connect(self._as_conninfo("postgres")) as conn:
                self._version = conn.info.server_version // 10_000
                rows = conn.execute(
                    "select rolsuper from pg_catalog.pg_roles where rolname = current_user"
                ).fetchall()
        except psycopg.OperationalError as error:
            _refuse(str(error).strip())
        if rows != [(True,)]:
            _refuse(f"{SUPERUSER} is no superuser there")
        if not OLDEST <= self._version <= NEWEST:
            _refuse(f"it is PostgreSQL {self._version}; {OLDEST} to {NEWEST} are supported")

    def _as_conninfo(self, dbname: str) -> str:
        return make_conninfo("", **(self._info | {"dbname": dbname}))

    @property
    def bin_dir(self) -> Path:
        """The client programs of its version, or else those of the embedded server."""
        of_version = DISTRIBUTION / str(self._version) / "bin"
        return of_version if (of_version / "psql").is_file() else wheel_bin_dir()

    @property
    def version(self) -> int:
        """The major version."""
        return self._version

    def start(self) -> None:
        """It runs, or nothing would have begun."""

    def stop(self) -> bool:
        """Skip the test."""
        pytest.skip(f"{VARIABLE}: this test stops the server")

    def status(self) -> ServerStatus:
        """Skip the test: what it wants to know is where the server's process and files are."""
        pytest.skip(f"{VARIABLE}: this test needs the server's process or files")

    def conninfo(self, user: str = SUPERUSER, dbname: str = SUPERUSER) -> dict[str, str]:
        """Give libpq's parameters; every role of ours has to be let in without a password."""
        return self._info | {"user": user, "dbname": dbname}


def _refuse(reason: str) -> NoReturn:
    message = f"{VARIABLE} names a server that the tests cannot use: {reason}"
    raise pytest.UsageError(message)
