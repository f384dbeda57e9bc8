"""The service in a process of its own over a real database, and clients to call it with."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest

from app.database.connect import Role, connect
from app.generate import Generator
from app.reference.starter import ensure_starter
from app.service.clients import SCOPES, add_client
from tests.servers import Database, Server

Json = dict[str, Any]

ROOT: Final = Path(__file__).parents[1]
START_SECONDS: Final = 30.0
NDJSON: Final = {"Content-Type": "application/x-ndjson"}

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
OTHER: Final = "other"
"""A second submitter."""


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Service:
    """A running `claims serve`."""

    database: Database
    folder: Path
    environment: dict[str, str]
    arguments: tuple[str, ...]
    scheme: str = "http"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    started: datetime = LONG_AGO

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it and its children wrote, all starts together."""
        return self.folder / "service.log"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.started = datetime.now(UTC)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "app", "serve"),
                    *("--port", str(self.port), *self.arguments),
                ],
                cwd=self.folder,
                env=os.environ | self.environment | {"PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            with suppress(httpx.TransportError):
                found = httpx.get(f"{self.url}/health", verify=False)  # noqa: S501 - a test's own certificate
                if found.is_success and self._has_its_worker():
                    return
            time.sleep(0.05)
        pytest.fail(f"the service did not start: {self.log.read_text()[-3000:]}")

    def _has_its_worker(self) -> bool:
        if "--with-worker" not in self.arguments:
            return True
        with self.database.connect() as conn:
            row = conn.execute(
                "select exists (select from pipeline.workers as worker where worker.is_alive"
                " and worker.started_at > %s)",
                [self.started],
            ).fetchone()
        return bool(row and row[0])

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(timeout=30) == 0
            self.process = None

    def kill(self) -> None:
        """Kill it with all its children, as a machine that fails does."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def client(
        self, *scopes: str, submitter: str = "default", name: str | None = None
    ) -> httpx.Client:
        """Make an API client; without scopes it has all."""
        return self.bearing(self.token(*scopes, submitter=submitter, name=name))

    def token(self, *scopes: str, submitter: str = "default", name: str | None = None) -> str:
        """Make an API client and give its token."""
        with connect(Role.OPERATOR) as conn:
            return add_client(
                conn,
                name or f"test-{secrets.token_hex(4)}",
                submitter,
                list(scopes or SCOPES),
                datetime.now(UTC) + timedelta(days=1),
            )

    def bearing(self, token: str) -> httpx.Client:
        """Give an HTTP client that sends a token."""
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=60
        )


def children(pid: int, *, deep: bool = True) -> list[int]:
    """List the processes below one, whichever of its threads started them."""
    direct = [
        int(child)
        for listed in Path(f"/proc/{pid}/task").glob("*/children")
        for child in listed.read_text(encoding="ascii").split()
    ]
    return direct + [below for child in direct if deep for below in children(child)]


@contextmanager
def memcached(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a memcached of the test's own."""
    program = shutil.which("memcached", path="/usr/bin:/usr/local/bin")
    if program is None:
        pytest.fail("memcached is missing: tests/install-servers installs it", pytrace=False)
    process = subprocess.Popen(
        [program, "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-u", "nobody", "-m", "16"]
    )
    time.sleep(0.3)
    assert process.poll() is None
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def service_database(server: Server, folder: Path) -> Iterator[Database]:
    """Give a database with the starter data and two submitters; the program points at it."""
    with pytest.MonkeyPatch.context() as patch, server.database(server.migrated) as database:
        database.use(patch, folder)
        with connect(Role.OPERATOR) as conn:
            ensure_starter(conn)
            conn.execute("call maintenance.add_submitter(%s)", [OTHER])
        yield database


@contextmanager
def running_service(
    database: Database, folder: Path, *arguments: str, scheme: str = "http", **environment: str
) -> Iterator[Service]:
    """Run the service over a database; it is stopped at the end if it still runs."""
    service = Service(database, folder, environment, arguments, scheme)
    service.start()
    try:
        yield service
    finally:
        if service.process is not None and service.process.poll() is None:
            service.stop()


def claims(count: int, seed: int = 1, faults: float = 0.0) -> list[Json]:
    """Generate claims."""
    return [json.loads(line) for line in Generator(count, seed, datetime.now(UTC).date(), faults)]


def ndjson(found: list[Json]) -> bytes:
    """Write claims one to a line."""
    return b"".join(json.dumps(claim).encode() + b"\n" for claim in found)


def send(client: httpx.Client, found: list[Json], **headers: str) -> httpx.Response:
    """Send claims as a JSON array."""
    return client.post("/api/v1/claims/process", json=found, headers=headers)


def results(client: httpx.Client, batch_id: int) -> list[Json]:
    """Read the results of a batch."""
    answer = client.get(f"/api/v1/batches/{batch_id}/results")
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def wait_for(client: httpx.Client, batch_id: int, *states: str) -> Json:
    """Wait until a batch is in one of the states (transferred); the batch."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        batch: Json = client.get(f"/api/v1/batches/{batch_id}").json()
        if batch["state"] in (states or ("transferred",)):
            return batch
        time.sleep(0.05)
    pytest.fail(f"batch {batch_id} stays {batch['state']}")


def events(database: Database, action: str) -> list[tuple[Any, ...]]:
    """Read the audit events of an action by clients here: client, purpose, claim, detail."""
    with database.connect() as conn:
        return conn.execute(
            "select client, purpose, first_claim_id, detail from audit.events"
            " where action = %s and origin = '127.0.0.1' order by event_id",
            [action],
        ).fetchall()


def accounting(conn: psycopg.Connection[Any]) -> tuple[int, ...]:
    """Read loaded, in progress, transferred, failed, superseded and the difference."""
    return (
        conn.execute(
            "select loaded, in_progress, transferred, failed, superseded, difference"
            " from pipeline.accounting"
        ).fetchone()
        or ()
    )
