"""PostgreSQL servers and databases for tests: private clusters, cheap copies of a template."""

import base64
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, NoReturn

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from app.database import schema
from app.database.connect import as_url
from app.embedded import SUPERUSER, Cluster, default_cluster
from tests.own_server import VARIABLE, own_url

DISTRIBUTION: Final = Path("/usr/lib/postgresql")
"""Where Debian and Ubuntu put the programs of each major version."""

EXTENSIONS: Final = Path("/usr/share/postgresql")
MEMORY: Final = 2**30
KEY: Final = base64.b64encode(bytes(range(32))).decode()
"""A wrapping key for tests; the embedded default alone makes its own."""


@dataclass(frozen=True)
class Database:
    """A database of one test; `url` has no user, so that each role logs in as itself."""

    server: "Server"
    name: str
    template: str = ""
    """The database it is a copy of."""

    @property
    def url(self) -> str:
        """The DATABASE_URL that leads here."""
        info = self.server.cluster.conninfo(dbname=self.name)
        del info["user"]
        return as_url(info)

    def connect(self, user: str = SUPERUSER) -> psycopg.Connection[TupleRow]:
        """Log in directly, in autocommit mode, past app.database.connect and its checks."""
        info = self.server.cluster.conninfo(user, self.name)
        return psycopg.connect(make_conninfo("", **info), autocommit=True)

    def use(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        """Point the program at this database, in an environment of its own below `folder`.

        A copy gets a copy of the erasure keys of its template, too.
        """
        clean_settings(monkeypatch, folder)
        erasure_keys = folder / "erasure.keys"
        of_template = self.server.erasure_keys.get(self.template)
        if of_template is not None and of_template.exists() and not erasure_keys.exists():
            shutil.copy2(of_template, erasure_keys)
        self.server.erasure_keys[self.name] = erasure_keys
        monkeypatch.setenv("DATABASE_URL", self.url)
        monkeypatch.setenv("CLAIMS_ENCRYPTION_KEY", KEY)
        monkeypatch.setenv("CLAIMS_ERASURE_KEYS_FILE", str(erasure_keys))


@dataclass(frozen=True)
class Server:
    """A running cluster; databases come from it by name or as copies of a migrated one."""

    name: str
    cluster: Cluster
    erasure_keys: dict[str, Path] = field(default_factory=dict)
    """The file of erasure keys of each database that the program was pointed at."""

    templates: list[str] = field(default_factory=list)
    """The databases that others are copies of, made when they are asked for first."""

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[Database]:
        """Give a new copy of `template`; dropped at the end."""
        database = Database(self, f"test_{secrets.token_hex(6)}", template)
        name = sql.Identifier(database.name)
        with self.admin() as conn:
            conn.execute(
                sql.SQL("create database {} template {}").format(name, sql.Identifier(template))
            )
            # Privileges on a database are not copied with it.
            if template != "template1":
                conn.execute(
                    sql.SQL("grant create, connect, temporary on database {} to claims_owner")
                    .format(name)
                )  # fmt: skip
        try:
            yield database
        finally:
            with self.admin() as conn:
                conn.execute(sql.SQL("drop database if exists {} with (force)").format(name))

    def admin(self) -> psycopg.Connection[TupleRow]:
        """Log in as the superuser; the server is started when a test has killed it."""
        self.cluster.start()
        return Database(self, "postgres").connect()

    @cached_property
    def migrated(self) -> str:
        """The name of a database at head, made once for each server."""
        name = self._template("migrated", "template1")
        with (
            pytest.MonkeyPatch.context() as patch,
            tempfile.TemporaryDirectory() as folder,
            self.admin() as conn,
        ):
            # The roles are the server's, and processes of one run may share a server.
            conn.execute("select pg_advisory_lock(hashtext('claims tests'))")
            Database(self, name).use(patch, Path(folder))
            schema.upgrade()
        return name

    @cached_property
    def with_pgtap(self) -> str:
        """The name of a migrated database that has pgTAP, made once for each server."""
        if not self.offers("pgtap"):
            pytest.skip(f"{VARIABLE}: pgTAP is not installed in this server")
        name = self._template("with_pgtap", self.migrated)
        with Database(self, name).connect() as conn:
            conn.execute("create extension pgtap")
        return name

    def offers(self, extension: str) -> bool:
        """Tell whether an extension can be created."""
        with self.admin() as conn:
            return bool(
                conn.execute(
                    "select from pg_catalog.pg_available_extensions where name = %s", [extension]
                ).fetchall()
            )

    def drop_templates(self) -> None:
        """Remove what was made for the whole run."""
        with self.admin() as conn:
            for name in reversed(self.templates):
                conn.execute(
                    sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
                )

    def _template(self, what: str, template: str) -> str:
        name = f"{what}_{secrets.token_hex(6)}"
        with self.admin() as conn:
            conn.execute(
                sql.SQL("create database {} template {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        self.templates.append(name)
        return name


@contextmanager
def own_home(home: Path) -> Iterator[Cluster]:
    """Let commands have `home` as their CLAIMS_HOME; its server is stopped and removed at the end.

    What root keeps elsewhere goes too, and a socket's folder that had no place in the home.
    """
    cluster = default_cluster(home)
    try:
        yield cluster
    finally:
        cluster.stop()
        found = cluster.status()
        for folder in (found.socket_dir, found.data and found.data.parent):
            if folder is not None and folder.exists() and not folder.is_relative_to(home):
                shutil.rmtree(folder)


def clean_settings(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Take every setting away, the .env of the working folder included."""
    for variable in (
        "DATABASE_URL",
        "CLAIMS_HOME",
        "CLAIMS_ENCRYPTION_KEY",
        "CLAIMS_ENCRYPTION_KEY_FILE",
        "CLAIMS_KEY_COMMAND",
        "CLAIMS_KEY_COMMAND_SECONDS",
        "CLAIMS_ERASURE_KEYS_FILE",
        "CLAIMS_AUDIT_KEY",
        "CLAIMS_AUDIT_KEY_FILE",
        "CLAIMS_AUDIT_PUBLIC_KEYS",
        "CLAIMS_AUDIT_SEAL_FILE",
        "CLAIMS_AUDIT_SEAL_COMMAND",
        "CLAIMS_SUBMITTER",
        "CLAIMS_BATCH_SIZE",
        "CLAIMS_CONNECTIONS",
        "MAX_CONCURRENT_BATCHES",
        "MAX_CONCURRENT_CLAIM_PROCESSING",
        "MAX_ATTEMPTS",
        "CLAIMS_LEASE_SECONDS",
        "CLAIMS_POLL_SECONDS",
        "WORKER_METRICS_PORT",
        "CLAIMS_HTTP_HOST",
        "CLAIMS_HTTP_PORT",
        "CLAIMS_HTTP_CONNECTIONS",
        "CLAIMS_HTTP_WORKERS",
        "CLAIMS_TLS_CERTIFICATE",
        "CLAIMS_TLS_KEY",
        "CLAIMS_BEHIND_PROXY",
        "CLAIMS_MAX_BODY_BYTES",
        "CLAIMS_MAX_DECODED_BYTES",
        "CLAIMS_BODY_SECONDS",
        "CLAIMS_RATE_LIMIT",
        "MEMCACHED_HOST",
        "MEMCACHED_PORT",
        "RVU_CACHE_TTL",
        "ML_MODEL_PATH",
        "ML_APPROVAL_THRESHOLD",
    ):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(folder)


def distribution_bin_dir() -> Path:
    """Find the distribution's newest PostgreSQL with pgTAP; fails, naming the packages, if none."""
    versions = [path.parts[-3] for path in DISTRIBUTION.glob("*/bin/postgres")]
    if not versions:
        _lacking(
            "the distribution's PostgreSQL is missing: install the packages postgresql and "
            "postgresql-<version>-pgtap (tests/install-servers does)",
        )
    newest = max(versions, key=int)
    if not (EXTENSIONS / newest / "extension/pgtap.control").is_file():
        _lacking(
            f"pgTAP is missing: install the package postgresql-{newest}-pgtap "
            "(tests/install-servers does)",
        )
    return DISTRIBUTION / newest / "bin"


def _lacking(what: str) -> NoReturn:
    """Fail, or skip where the tests are to run on another server anyway."""
    if own_url() is not None:
        pytest.skip(f"{VARIABLE}: {what}")
    pytest.fail(what, pytrace=False)


@contextmanager
def running(
    bin_dir: Path, folder: Path, settings: dict[str, str] | None = None
) -> Iterator[Cluster]:
    """Give a cluster in `folder` (as root: below /tmp); it is stopped and removed at the end."""
    state_root = Path(tempfile.gettempdir()) / f"claims-tests-{secrets.token_hex(4)}"
    cluster = Cluster(
        bin_dir, folder / "home", state_root=state_root, memory=MEMORY, settings=settings
    )
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()
        if state_root.exists():
            shutil.rmtree(state_root)
