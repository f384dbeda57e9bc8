"""The worker itself: threads that lease and run stages, one that listens, one that reports.

Nothing depends on a notification or on this process: a batch whose notification was missed
is found by polling, and one whose worker died is free when its lease ends. Everything that
must be safe is in the procedures; here is only when they are called.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from threading import Thread
from typing import Any, Final, Self

import psycopg
import structlog
from psycopg import Connection
from psycopg_pool import ConnectionPool

from app.database.connect import Role, connect, parameters, prepare, session_conninfo
from app.pipeline import metrics, queue
from app.pipeline.gathering import FIRST_STAGE, Gathering
from app.pipeline.housekeeping.keeper import Keeper
from app.pipeline.queue import Identity, Lease, Limits, Work
from app.pipeline.stages import stages_of
from app.program.errors import OWN_CLASSES, ClaimsError, translated
from app.program.settings import Settings

CHANNEL: Final = "claims_batches"
QUERY_CANCELED: Final = "57014"

HEARTBEAT_SECONDS: Final = 5.0

CONNECT_SECONDS: Final = 10.0
"""How long a thread waits for a connection before it says that there is none."""

LISTEN_SECONDS: Final = 0.5
"""How long the listener waits before it looks whether the worker is to stop."""

AFTER_ERROR_SECONDS: Final = 1.0
"""Pause of a thread after an error that was not a stage's own."""

FINISH_SECONDS: Final = 5.0
"""How long a stage may go on after the worker was asked to stop."""

HAND_BACK_SECONDS: Final = 3.0
"""How long a cancelled stage may take to end, and its batches to be handed back."""

_log: Final = structlog.get_logger(__name__)


class Worker:
    """Runs stages until it is stopped; a context manager that starts and stops it."""

    def __init__(self, settings: Settings) -> None:
        """Prepare a worker; nothing is asked of the database yet."""
        host = socket.gethostname()
        self.identity: Final = Identity(
            worker_id=f"{host}:{os.getpid()}:{secrets.token_hex(4)}",
            host=host,
            pid=os.getpid(),
            version=version("claims-processor"),
        )
        self._settings: Final = settings
        self._limits: Final = Limits(
            settings.max_concurrent_claim_processing,
            settings.lease_seconds,
            settings.max_attempts,
        )
        self._stages: Final = {stage.name: stage for stage in stages_of(settings)}
        self._stopping: Final = threading.Event()
        self._wake: Final = _Wake()
        self._gathering: Final = Gathering()
        self._slots: Final = [_Slot() for _ in range(settings.max_concurrent_batches)]
        self._keeper: Final = Keeper()
        self._threads: list[Thread] = []
        self._fault: Exception | None = None
        # The stages, the listener, the heartbeat, and one look at the queue for metrics.
        size = len(self._slots) + 3
        self._pool: Final[ConnectionPool[Connection[Any]]] = ConnectionPool(
            lambda: session_conninfo(parameters(Role.WORKER, settings)),
            kwargs={"autocommit": True},
            min_size=size,
            max_size=size,
            timeout=CONNECT_SECONDS,
            configure=prepare,
            check=ConnectionPool.check_connection,
            name="worker",
            open=False,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pool(self) -> ConnectionPool[Connection[Any]]:
        """Connections as claims_worker, in autocommit mode."""
        return self._pool

    def start(self) -> None:
        """Start working.

        Raises:
            ClaimsError: there is no database, its schema is not the one needed, or the model
                that scores claims cannot be used.

        """
        connect(Role.WORKER).close()
        with translated():
            self._pool.open(wait=True, timeout=CONNECT_SECONDS)
            with self._pool.connection() as conn:
                for stage in self._stages.values():
                    stage.prepare(conn)
                queue.record_heartbeat(conn, self.identity, [])
        structlog.contextvars.bind_contextvars(worker_id=self.identity.worker_id)
        self._threads = [
            self._thread("listener", self._listen),
            self._thread("heartbeat", self._report),
            *(
                self._thread(f"stage-{number}", self._run_stages, slot)
                for number, slot in enumerate(self._slots, start=1)
            ),
        ]
        for thread in self._threads:
            thread.start()
        _log.info("worker started", workers=len(self._slots))

    def request_stop(self) -> None:
        """Take no more work, and let `wait` return; safe in a signal handler."""
        self._stopping.set()

    def wait(self) -> None:
        """Wait until someone requests the stop.

        Raises:
            ClaimsError: WORKER_FAULT, when a thread ended by a fault of the program.

        """
        # With a timeout, because a wait without one takes no signals on some platforms.
        while not self._stopping.wait(1.0):
            pass
        if self._fault is not None:
            raise ClaimsError(
                "WORKER_FAULT",
                f"a thread of the worker ended by a {type(self._fault).__name__}",
                "This is a fault in the program; its log says where. Report it, and start the "
                "worker again: nothing is lost.",
            )

    def stop(self) -> None:
        """Stop: let each stage end, or cancel it and hand its batches back, within 10 s."""
        _log.info("worker stopping")
        self._stopping.set()
        self._wake.up()
        stages = self._threads[2:]
        _join(stages, FINISH_SECONDS)
        for slot in self._slots:
            slot.cancel()
        _join(self._threads, HAND_BACK_SECONDS)
        if any(thread.is_alive() for thread in stages):
            _log.error("a stage did not end: its batches are free when their lease ends")
        else:
            self._say_goodbye()
        self._pool.close(timeout=1)
        _log.info("worker stopped")
        structlog.contextvars.unbind_contextvars("worker_id")

    def _say_goodbye(self) -> None:
        try:
            with self._pool.connection(timeout=1) as conn:
                queue.end_worker(conn, self.identity.worker_id)
        except psycopg.Error as error:
            code, message = _described(error)
            _log.warning("the end was not recorded", code=code, message=message)

    def _thread(self, name: str, target: Callable[..., None], *arguments: object) -> Thread:
        """Make a thread; a daemon, so that one that hangs does not keep the process."""

        def guarded() -> None:
            structlog.contextvars.bind_contextvars(worker_id=self.identity.worker_id)
            try:
                target(*arguments)
            except Exception as error:  # noqa: BLE001 - told by `wait`, whatever it is
                _log.exception("a thread of the worker ended by a fault", code="WORKER_FAULT")
                self._fault = error
                self._stopping.set()

        return Thread(target=guarded, name=f"worker-{name}", daemon=True)

    def _run_stages(self, slot: "_Slot") -> None:
        while not self._stopping.is_set():
            seen = self._wake.count
            pause = self._gathering.pause
            stages = [name for name in self._stages if not pause or name != FIRST_STAGE]
            try:
                worked = self._run_one(slot, stages)
            except (psycopg.Error, ClaimsError) as error:
                code, message = _described(error)
                _log.error("no work can be taken", code=code, message=message)
                self._stopping.wait(AFTER_ERROR_SECONDS)
                continue
            if worked:
                continue
            if pause:
                # Notifications of what is to gather wake nobody.
                self._stopping.wait(pause)
            else:
                self._wake.wait(seen, self._settings.poll_seconds)

    def _run_one(self, slot: "_Slot", stages: Sequence[str]) -> bool:
        """Lease batches that are due for one of the stages and run it; whether there were any."""
        with self._pool.connection() as conn:
            self._keeper.keep(conn)
            lease = queue.lease_batches(conn, self.identity.worker_id, stages, self._limits)
            if lease is None:
                return False
            self._gathering.took(lease)
            slot.begin(conn, lease)
            try:
                self._run(conn, lease)
            except Exception as error:  # noqa: BLE001 - whatever a stage raises is a failed attempt
                slot.end()
                self._take_back(conn, lease, error)
            finally:
                slot.end()
        return True

    def _run(self, conn: Connection[Any], lease: Lease) -> None:
        started = time.monotonic()
        queue.analyze_staging(conn, lease.batch_ids)
        result = self._stages[lease.stage].run(conn, lease.batch_ids)
        seconds = time.monotonic() - started
        self._gathering.ran(lease, seconds)
        metrics.STAGE_SECONDS.labels(lease.stage).observe(seconds)
        metrics.STAGE_BATCHES.labels(lease.stage).inc(result.batches)
        for outcome, count in (
            (
                "passed",
                result.claims
                - result.failed
                - result.pended
                - result.denied
                - result.below_threshold,
            ),
            ("below_threshold", result.below_threshold),
            ("pended", result.pended),
            ("denied", result.denied),
            ("failed", result.failed - result.isolated),
            ("isolated", result.isolated),
        ):
            metrics.CLAIMS.labels(lease.stage, outcome).inc(count)
        _log.info(
            "stage done",
            stage=lease.stage,
            batch_ids=lease.batch_ids,
            batches=result.batches,
            claims=result.claims,
            failed=result.failed,
            pended=result.pended,
            denied=result.denied,
            below_threshold=result.below_threshold,
            isolated=result.isolated,
            seconds=round(seconds, 3),
        )

    def _take_back(self, conn: Connection[Any], lease: Lease, error: Exception) -> None:
        """Hand back what a stop has cancelled; count anything else as a failed attempt."""
        code, message = _described(error)
        if self._stopping.is_set() and code == QUERY_CANCELED:
            queue.release_leases(conn, self.identity.worker_id, lease.batch_ids)
            _log.info("stage handed back", stage=lease.stage, batch_ids=lease.batch_ids)
            return
        metrics.STAGE_FAILURES.labels(lease.stage, code).inc()
        _log.warning(
            "stage failed",
            stage=lease.stage,
            batch_ids=lease.batch_ids,
            batches=len(lease.batch_ids),
            code=code,
            message=message,
            exc_info=None if isinstance(error, (psycopg.Error, ClaimsError)) else error,
        )
        if conn.closed:
            with self._pool.connection() as other:
                failed = self._record(other, lease, (code, message))
        else:
            failed = self._record(conn, lease, (code, message))
        if failed:
            metrics.BATCHES_FAILED.labels(lease.stage).inc(failed)
            _log.error(
                "batches failed: look at the error, then claims batches retry",
                stage=lease.stage,
                batch_ids=lease.batch_ids,
                batches=failed,
                code=code,
                message=message,
            )

    def _record(self, conn: Connection[Any], lease: Lease, error: tuple[str, str | None]) -> int:
        return queue.record_failure(conn, self.identity.worker_id, lease, error, self._limits)

    def _listen(self) -> None:
        """Wake the stages at each notification, for as long as there is a connection."""
        while not self._stopping.is_set():
            try:
                with self._pool.connection() as conn:
                    conn.execute(f"listen {CHANNEL}")
                    # What came before the listening began.
                    self._wake.up()
                    while not self._stopping.is_set():
                        for _ in conn.notifies(timeout=LISTEN_SECONDS):
                            self._wake.up()
                    conn.execute("unlisten *")
            except (psycopg.Error, ClaimsError) as error:
                code, message = _described(error)
                _log.warning(
                    "not listening: work is found by polling until there is a connection again",
                    code=code,
                    message=message,
                )
                self._stopping.wait(AFTER_ERROR_SECONDS)

    def _report(self) -> None:
        """Report to queue.workers, from a connection that no stage keeps busy."""
        while not self._stopping.wait(HEARTBEAT_SECONDS):
            try:
                with self._pool.connection() as conn:
                    work = [slot.work for slot in self._slots]
                    queue.record_heartbeat(
                        conn, self.identity, [one for one in work if one is not None]
                    )
            except (psycopg.Error, ClaimsError) as error:
                code, message = _described(error)
                _log.warning("no heartbeat", code=code, message=message)


class _Wake:
    """Wakes all who wait, and those who were about to."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.count = 0

    def up(self) -> None:
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout: float) -> None:
        """Wait until someone wakes whose call was not `seen` yet."""
        with self._changed:
            self._changed.wait_for(lambda: self.count != seen, timeout)


class _Slot:
    """What a stage thread has in hand, for those who report it or cancel it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._conn: Connection[Any] | None = None
        self.work: Work | None = None

    def begin(self, conn: Connection[Any], lease: Lease) -> None:
        with self._lock:
            self._conn = conn
            self.work = Work(lease.stage, len(lease.batch_ids), lease.batch_ids[0], time.time())

    def end(self) -> None:
        """From here on the connection does other things, which nobody cancels."""
        with self._lock:
            self._conn = None
            self.work = None

    def cancel(self) -> None:
        """Cancel the statement that runs, if the stage is still at it."""
        with self._lock:
            if self._conn is not None and not self._conn.closed:
                with suppress(psycopg.Error):
                    self._conn.cancel_safe(timeout=HAND_BACK_SECONDS / 2)


def _join(threads: Sequence[Thread], seconds: float) -> None:
    """Wait for threads to end, for so long together."""
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


def _described(error: Exception) -> tuple[str, str | None]:
    """Give the code of an error, and its words where they are ours: others may hold values."""
    if isinstance(error, ClaimsError):
        return error.code, error.message
    if isinstance(error, psycopg.Error):
        if error.sqlstate is None:
            return "DB_CONNECTION", "there is no connection to the database, or it was lost"
        ours = error.sqlstate[:2] in OWN_CLASSES
        return error.sqlstate, error.diag.message_primary if ours else None
    return f"PROGRAM_{type(error).__name__}", "the program is at fault; its log says where"
