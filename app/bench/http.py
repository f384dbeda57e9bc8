"""Measure the service end to end: from JSON over HTTP to committed in production.

`claims serve --with-worker` runs as a user would run it, in a database made for the purpose. The
client is this process: what it costs is in the figures.
"""

import http.client
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec
from psycopg.conninfo import make_conninfo

from app.database.scratch import connect_to, run_claims, scratch_database, scratch_keys
from app.generate import AS_OF, FAULT_SHARE, Generator
from app.program.errors import ClaimsError
from app.program.settings import Settings

DATABASE: Final = "claims_bench_http"
BULK_CLAIMS: Final = 10_000
"""Claims of a request where throughput is measured."""

SENDERS: Final = 3
"""Requests under way at once where throughput is measured: one comes while two are worked on."""

LARGE_CLAIMS: Final = 50_000
CONNECTIONS: Final = 40
"""Connections over which the steady load comes."""

SAMPLE_SECONDS: Final = 0.25
WAIT_SECONDS: Final = 600.0

COUNT_DONE: Final = """
select
  count(*) filter (where batch.state = 'transferred') = count(*),
  coalesce(sum(batch.claims_moved + batch.claims_failed), 0),
  extract(epoch from max(batch.transferred_at))::double precision
from queue.batches as batch
where batch.batch_id > %(after)s"""

READ_COMPLETION: Final = """
select batch.batch_id, extract(epoch from batch.transferred_at)::double precision
from queue.batches as batch"""


def run_http_bench(  # noqa: PLR0913 - one parameter for each option of the command
    settings: Settings,
    *,
    claims: int,
    seed: int,
    rate: int,
    seconds: int,
    on_step: Callable[[str], None],
) -> dict[str, Any]:
    """Measure throughput, then latency under a steady load; figures by name, times in seconds.

    Raises:
        ClaimsError: BENCH_HTTP_REFUSED when a request is not accepted.

    """
    with (
        tempfile.TemporaryDirectory(prefix="claims-bench-") as folder,
        scratch_database(settings, DATABASE) as info,
    ):
        variables = scratch_keys(Path(folder), secrets.token_bytes(32))
        variables["CLAIMS_RATE_LIMIT"] = "100000"
        on_step("making the schema")
        run_claims(info, variables, "db", "upgrade")
        token = run_claims(info, variables, "client", "create", "bench")["token"]
        on_step("generating the claims")
        bulk = _bodies(claims, seed, BULK_CLAIMS)
        large = next(_bodies(LARGE_CLAIMS, seed + 1, LARGE_CLAIMS))
        small = _bodies(rate * seconds, seed + 2, 1)
        with _service(info, variables, Path(folder)) as (port, memory):
            bench = _Bench(info, token, port)
            on_step(f"sending {claims:,} claims in requests of {BULK_CLAIMS:,}")
            found = bench.throughput(list(bulk))
            on_step(f"sending {rate} one-claim requests a second for {seconds} seconds")
            found |= bench.latency(list(small), large, rate)
            found |= memory()
    return found


def _bodies(claims: int, seed: int, size: int) -> Iterator[bytes]:
    """Generate claims, so many in each body."""
    lines = iter(Generator(claims, seed, AS_OF, FAULT_SHARE))
    while body := b"".join(islice(lines, size)):
        yield body


class _Bench:
    """Sends, and reads what came of it."""

    def __init__(self, info: dict[str, str], token: str, port: int) -> None:
        self._info = info
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/x-ndjson",
        }
        self._port = port

    def throughput(self, bodies: list[bytes]) -> dict[str, Any]:
        """Send all as fast as they are taken; claims per second until the last is committed."""
        started = time.time()
        with ThreadPoolExecutor(SENDERS) as pool:
            waits = list(pool.map(self._send_alone, bodies))
        claims, ended = self._wait(after=0)
        return {
            "bulk_claims": claims,
            "bulk_accepted_p50": round(statistics.median(waits), 3),
            "bulk_accepted_max": round(max(waits), 3),
            "bulk_seconds": round(ended - started, 3),
            "bulk_claims_per_second": round(claims / (ended - started), 1),
        }

    def latency(self, bodies: list[bytes], large: bytes, rate: int) -> dict[str, Any]:
        """Send one-claim requests at their times, and amid them a large one.

        Times count from when a request was due, so that one that waits for another counts too.
        """
        start = time.time() + 0.5
        due = [start + at / rate for at in range(len(bodies))]
        with ThreadPoolExecutor(CONNECTIONS + 1) as pool:
            parts = [
                pool.submit(self._send_due, list(zip(due, bodies, strict=True))[at::CONNECTIONS])
                for at in range(CONNECTIONS)
            ]
            amid = pool.submit(self._send_due, [(start + len(bodies) / rate / 3, large)])
            sent = [one for part in parts for one in part.result()]
            ((large_due, large_accepted, large_batch),) = amid.result()
        self._wait(after=0)
        with connect_to(self._info) as conn:
            completed = dict(conn.execute(READ_COMPLETION).fetchall())
        accepted = [answered - at for at, answered, _ in sent]
        done = [completed[batch] - at for at, _, batch in sent]
        return {
            "small_requests": len(sent),
            "small_requests_per_second": round(len(sent) / (max(a for _, a, _ in sent) - start), 1),
            "small_accepted_p50": _percentile(accepted, 50),
            "small_accepted_p99": _percentile(accepted, 99),
            "small_completed_p50": _percentile(done, 50),
            "small_completed_p99": _percentile(done, 99),
            "large_claims": LARGE_CLAIMS,
            "large_accepted": round(large_accepted - large_due, 3),
            "large_completed": round(completed[large_batch] - large_due, 3),
        }

    def _send_alone(self, body: bytes) -> float:
        started = time.time()
        self._send(http.client.HTTPConnection("127.0.0.1", self._port, timeout=WAIT_SECONDS), body)
        return time.time() - started

    def _send_due(self, bodies: list[tuple[float, bytes]]) -> list[tuple[float, float, int]]:
        """Send each when it is due: when that was, when it was accepted, and its batch."""
        conn = http.client.HTTPConnection("127.0.0.1", self._port, timeout=WAIT_SECONDS)
        sent = []
        for due, body in bodies:
            time.sleep(max(0.0, due - time.time()))
            batch_id = self._send(conn, body)
            sent.append((due, time.time(), batch_id))
        return sent

    def _send(self, conn: http.client.HTTPConnection, body: bytes) -> int:
        conn.request("POST", "/api/v1/claims/process", body, self._headers)
        answer = conn.getresponse()
        text = answer.read()
        if answer.status != http.client.ACCEPTED:
            raise ClaimsError(
                "BENCH_HTTP_REFUSED",
                f"the service answered {answer.status}: {text[:500].decode(errors='replace')}",
                "Mend what it names, then run claims bench --http again.",
            )
        batch_id: int = msgspec.json.decode(text)["batch"]["batch_id"]
        return batch_id

    def _wait(self, after: int) -> tuple[int, float]:
        """Wait until all batches are in production: their claims, and when the last one was."""
        until = time.monotonic() + WAIT_SECONDS
        with connect_to(self._info) as conn:
            while time.monotonic() < until:
                done, claims, ended = conn.execute(COUNT_DONE, {"after": after}).fetchone() or (
                    False,
                    0,
                    0.0,
                )
                if done:
                    return int(claims), float(ended)
                time.sleep(SAMPLE_SECONDS)
        raise ClaimsError(
            "BENCH_HTTP_UNFINISHED",
            f"batches are not in production {WAIT_SECONDS:.0f} seconds after they were sent",
            "Look at the log of the worker.",
        )


@contextmanager
def _service(
    info: dict[str, str], variables: dict[str, str], folder: Path
) -> Iterator[tuple[int, Callable[[], dict[str, int]]]]:
    """Run the service with a worker; its port, and the most memory it took by process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", "--port", str(port), "--with-worker"],
            env=os.environ | {"DATABASE_URL": make_conninfo("", **info)} | variables,
            stdout=output,
            stderr=output,
        )
    memory = _Memory(process.pid)
    try:
        _wait_for_port(process, port, log)
        memory.start()
        yield port, memory.peaks
    finally:
        memory.stop()
        process.terminate()
        process.wait()


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError):
            conn = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            conn.request("GET", "/health")
            if conn.getresponse().status == http.client.OK:
                return
        time.sleep(SAMPLE_SECONDS)
    raise ClaimsError(
        "BENCH_HTTP_UNSTARTED",
        f"the service did not start: {log.read_text()[-2000:]}",
        "Mend what it names, then run claims bench --http again.",
    )


class _Memory:
    """Watches the memory of the service and of its worker (Linux): pages, shared ones in part."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks = {"service_peak_mib": 0, "worker_peak_mib": 0}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch-memory", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End watching."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def peaks(self) -> dict[str, int]:
        """Give the most that the service with its encoders took, and the worker."""
        return dict(self._peaks)

    def _watch(self) -> None:
        while not self._stopping.wait(SAMPLE_SECONDS):
            service = _proportional(self._pid)
            worker = 0
            for child in _children(self._pid):
                below = _children(child)
                size = _proportional(child) + sum(map(_proportional, below))
                # The serving process has encoders or threads that listen; the worker is the
                # child that the watching thread started.
                if child in _children(self._pid, of_main_thread=True):
                    service += size
                else:
                    worker += size
            for name, size in (("service_peak_mib", service), ("worker_peak_mib", worker)):
                self._peaks[name] = max(self._peaks[name], size >> 10)


def _children(pid: int, *, of_main_thread: bool = False) -> list[int]:
    """List the children of a process, of all its threads or of the first."""
    tasks = str(pid) if of_main_thread else "*"
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob(f"{tasks}/children"):
        with suppress(OSError):
            found += map(int, listed.read_text(encoding="ascii").split())
    return found


def _proportional(pid: int) -> int:
    """Give the KiB that a process takes, of shared pages its share; zero when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def _percentile(values: list[float], percent: int) -> float:
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 3)
