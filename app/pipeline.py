"""Run the pipeline over what waits: a few connections that call one procedure each."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from psycopg import Connection, rows

from app.database import Role, connect
from app.errors import translated
from app.settings import Settings

PROCESS_PENDING: Final = "call pipeline.process_pending()"

ACCOUNTING: Final = """
select
  accounting.loaded,
  accounting.in_progress,
  accounting.transferred,
  accounting.failed,
  accounting.superseded,
  accounting.pended,
  (select coalesce(sum(status.allowed_total), 0) from pipeline.status) as allowed_total
from pipeline.accounting as accounting"""

WORK_DONE: Final = """
select
  coalesce(sum(batch.staged_count) filter (where batch.state = 'validated'), 0),
  coalesce(sum(batch.staged_count) filter (where batch.state = 'transferred'), 0)
from queue.batches as batch
where batch.batch_id = any(%(batch_ids)s)"""

WAITING: Final = """
select coalesce(array_agg(batch.batch_id), '{}'), coalesce(sum(batch.staged_count), 0)
from queue.batches as batch
where batch.state <> 'transferred'"""

POLL_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Accounting:
    """Where all claims ever loaded are; the fields are the columns of pipeline.accounting."""

    loaded: int
    in_progress: int
    transferred: int
    failed: int
    superseded: int
    pended: int
    allowed_total: Decimal
    """Allowed amounts of the transferred claims, dollars."""


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """What a run of the pipeline came to; counts are claims."""

    claims: int
    transferred: int
    failed: int
    pended: int
    in_progress: int
    """Claims that still wait because another process has them in hand."""
    allowed_total: Decimal
    seconds: float

    @property
    def claims_per_second(self) -> float:
        """Speed from staging to production; zero when nothing waited."""
        return self.claims / self.seconds if self.claims else 0.0


def read_accounting(conn: Connection[Any]) -> Accounting:
    """Read where all claims are."""
    with translated(), conn.cursor(row_factory=rows.class_row(Accounting)) as cur:
        accounting = cur.execute(ACCOUNTING).fetchone()
    if accounting is None:
        msg = "pipeline.accounting has one row"
        raise AssertionError(msg)
    return accounting


def process_pending(
    settings: Settings, *, on_progress: Callable[[float, int], None] = lambda *_: None
) -> ProcessResult:
    """Validate and transfer all that waits, over `settings.connections` connections.

    `on_progress` gets the claims done (a validated one counts half) and the claims in
    all. The counts are of the batches that waited at the start, whoever processed them.

    Raises:
        ClaimsError: from the database, after the other connections have ended their work.

    """
    with ExitStack() as stack:
        watcher = stack.enter_context(connect(Role.WORKER, autocommit=True))
        workers = [
            stack.enter_context(connect(Role.WORKER, autocommit=True))
            for _ in range(settings.connections)
        ]
        before = read_accounting(watcher)
        with translated():
            batch_ids, waiting = watcher.execute(WAITING).fetchone() or ([], 0)
        started = time.monotonic()
        pool = stack.enter_context(ThreadPoolExecutor(len(workers)))
        calls = [pool.submit(_call, worker) for worker in workers]
        try:
            while wait(calls, timeout=POLL_SECONDS).not_done:
                on_progress(_done(watcher, batch_ids), waiting)
        except BaseException:
            for worker in workers:
                worker.cancel_safe()
            raise
        seconds = time.monotonic() - started
        for call in calls:
            call.result()
        on_progress(_done(watcher, batch_ids), waiting)
        after = read_accounting(watcher)
    return ProcessResult(
        claims=waiting,
        transferred=after.transferred - before.transferred,
        failed=after.failed - before.failed,
        pended=after.pended - before.pended,
        in_progress=after.in_progress,
        allowed_total=after.allowed_total - before.allowed_total,
        seconds=seconds,
    )


def _call(worker: Connection[Any]) -> None:
    with translated():
        worker.execute(PROCESS_PENDING)


def _done(watcher: Connection[Any], batch_ids: list[int]) -> float:
    with translated():
        validated, transferred = watcher.execute(
            WORK_DONE, {"batch_ids": batch_ids}
        ).fetchone() or (0, 0)
    return float(validated) / 2 + float(transferred)
