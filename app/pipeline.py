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

RETRY_CLAIMS: Final = """
select retried.batch_id, count(*)
from pipeline.retry_failed_claims(%(submitter)s, %(claims)s) as retried
group by retried.batch_id"""

RETRY_BY_RULE: Final = """
select retried.batch_id, count(*)
from pipeline.retry_failed_claims_by_rule(%(submitter)s, %(claims)s, %(limit)s) as retried
group by retried.batch_id"""

RELEASE_BATCHES: Final = """
select released.batch_id, released.state
from pipeline.release_batches(%(submitter)s, %(batch_ids)s) as released"""

RETRY_BATCHES: Final = """
select retried.batch_id, retried.state
from pipeline.retry_batches(%(batch_ids)s) as retried"""

RETRY_LIMIT: Final = 25_000
"""Claims of a rule that one call retries, in one transaction."""

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


def retry_failed_claims(
    conn: Connection[Any], submitter: str, claims: list[int] | str
) -> dict[int, int]:
    """Put failed claims on their way again, by id or all of a rule; new batches with their claims.

    Raises:
        ClaimsError: PL001, PL009 to PL012; then nothing was changed.

    """
    retried: dict[int, int] = {}
    parameters = {"submitter": submitter, "claims": claims, "limit": RETRY_LIMIT}
    with translated():
        if not isinstance(claims, str):
            return dict(conn.execute(RETRY_CLAIMS, parameters).fetchall())
        # A call that was not full has had all that were open when it began.
        full = True
        while full:
            found = dict(conn.execute(RETRY_BY_RULE, parameters).fetchall())
            full = sum(found.values()) == RETRY_LIMIT
            retried |= found
    return retried


def release_batches(
    conn: Connection[Any], submitter: str, batch_ids: list[int] | None
) -> list[tuple[int, str]]:
    """Let held batches be transferred, with None all that are ready; ids and states.

    Raises:
        ClaimsError: PL001, PL007.

    """
    with translated():
        return conn.execute(
            RELEASE_BATCHES, {"submitter": submitter, "batch_ids": batch_ids}
        ).fetchall()


def retry_batches(conn: Connection[Any], batch_ids: list[int]) -> list[tuple[int, str]]:
    """Put failed batches back where they stood; ids and states.

    Raises:
        ClaimsError: PL006.

    """
    with translated():
        return conn.execute(RETRY_BATCHES, {"batch_ids": batch_ids}).fetchall()


def _call(worker: Connection[Any]) -> None:
    with translated():
        worker.execute(PROCESS_PENDING)


def _done(watcher: Connection[Any], batch_ids: list[int]) -> float:
    with translated():
        validated, transferred = watcher.execute(
            WORK_DONE, {"batch_ids": batch_ids}
        ).fetchone() or (0, 0)
    return float(validated) / 2 + float(transferred)
