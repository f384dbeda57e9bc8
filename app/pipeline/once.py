"""Run the pipeline over what waits: a few connections, each stage a call in its transaction."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, LiteralString

from psycopg import Connection

from app.database.connect import Role, connect
from app.desk.accounting import read_accounting
from app.pipeline.housekeeping import partitions
from app.pipeline.stages import Stage, stages_of
from app.program.errors import translated
from app.program.settings import Settings
from app.scoring.serve import ScoringSeconds

READ_MAX_CLAIMS: Final[LiteralString] = """
select settings.max_claims_per_call
from queue.settings as settings"""

ANALYZE_STAGING: Final[LiteralString] = """
select maintenance.analyze_staging(array(
  select distinct batch.received_on
  from queue.batches as batch
  where batch.state <> 'transferred'
))"""

TAKE_BATCHES: Final[LiteralString] = """
select pipeline._take_batches(%(stage)s, %(max_claims)s)"""

WORK_DONE: Final = """
select
  coalesce(
    sum(
      batch.staged_count
      * case batch.state
        when 'validated' then 0.4 when 'scored' then 0.5 when 'transferred' then 1 else 0
      end
    ),
    0
  )
from queue.batches as batch
where batch.batch_id = any(%(batch_ids)s)"""

WAITING: Final = """
select coalesce(array_agg(batch.batch_id), '{}'), coalesce(sum(batch.staged_count), 0)
from queue.batches as batch
where batch.state <> 'transferred'"""

POLL_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """What a run of the pipeline came to; counts are claims."""

    claims: int
    transferred: int
    failed: int
    pended: int
    below_threshold: int
    """Transferred claims that wait for a person because of their score alone."""
    denied: int
    """Transferred claims of which no line is payable."""
    in_progress: int
    """Claims that still wait because another process has them in hand."""
    allowed_total: Decimal
    seconds: float
    scoring: ScoringSeconds
    """Of all connections together."""

    @property
    def claims_per_second(self) -> float:
        """Speed from staging to production; zero when nothing waited."""
        return self.claims / self.seconds if self.claims else 0.0


def process_pending(
    settings: Settings, *, on_progress: Callable[[float, int], None] = lambda *_: None
) -> ProcessResult:
    """Validate, score and transfer all that waits, over `settings.connections` connections.

    `on_progress` gets the claims done (one that is under way counts in part) and the claims
    in all. The counts are of the batches that waited at the start, whoever processed them.

    Raises:
        ClaimsError: MODEL_… before anything is done, when scores are required and the model
            cannot be used; from the database, after the other connections have ended their work.

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
            (max_claims,) = watcher.execute(READ_MAX_CLAIMS).fetchone() or (1,)
            partitions.run(watcher)
        # Validation first, so that a round takes a group through all of them.
        stages = stages_of(settings)[::-1]
        for stage in stages:
            stage.prepare(watcher)
        started = time.monotonic()
        pool = stack.enter_context(ThreadPoolExecutor(len(workers)))
        calls = [pool.submit(_work, worker, max_claims, stages) for worker in workers]
        try:
            while wait(calls, timeout=POLL_SECONDS).not_done:
                on_progress(_done(watcher, batch_ids), waiting)
        except BaseException:
            for worker in workers:
                worker.cancel_safe()
            raise
        seconds = time.monotonic() - started
        scoring = sum((call.result() for call in calls), ScoringSeconds())
        on_progress(_done(watcher, batch_ids), waiting)
        after = read_accounting(watcher)
    return ProcessResult(
        claims=waiting,
        transferred=after.transferred - before.transferred,
        failed=after.failed - before.failed,
        pended=after.pended - before.pended,
        below_threshold=after.below_threshold - before.below_threshold,
        denied=after.denied - before.denied,
        in_progress=after.in_progress,
        allowed_total=after.allowed_total - before.allowed_total,
        seconds=seconds,
        scoring=scoring,
    )


def _work(worker: Connection[Any], max_claims: int, stages: Sequence[Stage]) -> ScoringSeconds:
    """Take groups of batches through the stages until nothing waits that is in no other hands."""
    scoring = ScoringSeconds()

    def run(stage: Stage) -> bool:
        """Run a stage over a group of batches in one transaction; whether there was one."""
        nonlocal scoring
        worker.execute(ANALYZE_STAGING)
        with worker.transaction():
            (batch_ids,) = worker.execute(
                TAKE_BATCHES, {"stage": stage.name, "max_claims": max_claims}
            ).fetchone() or ([],)
            if batch_ids:
                scoring += stage.run(worker, batch_ids).scoring
        return bool(batch_ids)

    with translated():
        # Not any(): each round takes a group through every stage.
        while sum(run(stage) for stage in stages):
            pass
    return scoring


def _done(watcher: Connection[Any], batch_ids: list[int]) -> float:
    with translated():
        (done,) = watcher.execute(WORK_DONE, {"batch_ids": batch_ids}).fetchone() or (0,)
    return float(done)
