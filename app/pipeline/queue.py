"""What a worker asks of the queue: leases, failures, heartbeats."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from psycopg import Connection, rows
from psycopg.types.json import Jsonb

LEASE_BATCHES: Final = """
select leased.stage, leased.batch_id, leased.claim_count
from pipeline.lease_batches(
  %(worker_id)s, %(stages)s, %(max_claims)s, make_interval(secs => %(lease_seconds)s),
  %(max_attempts)s
) as leased
order by leased.batch_id"""

ANALYZE_STAGING: Final = """
select maintenance.analyze_staging(array(
  select distinct batch.received_on
  from queue.batches as batch
  where batch.batch_id = any(%(batch_ids)s)
))"""

RELEASE_LEASES: Final = "select pipeline.release_leases(%(worker_id)s, %(batch_ids)s)"

RECORD_FAILURE: Final = """
select pipeline.record_stage_failure(
  %(worker_id)s, %(batch_ids)s, %(stage)s, %(code)s, %(message)s, %(max_attempts)s
)"""

RECORD_HEARTBEAT: Final = """
select pipeline.record_heartbeat(
  %(worker_id)s, %(host)s, %(pid)s, %(version)s, %(work)s
)"""

END_WORKER: Final = "select pipeline.end_worker(%(worker_id)s)"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which worker it is; the fields are columns of queue.workers."""

    worker_id: str
    host: str
    pid: int
    version: str


@dataclass(frozen=True, slots=True)
class Lease:
    """Batches in a worker's hands, all of them due for one stage."""

    stage: str
    batch_ids: list[int]
    claims: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken at a time, for how long, and how often."""

    max_claims: int | None
    """Claims taken together; None leaves it to queue.settings."""
    lease_seconds: float
    max_attempts: int


@dataclass(frozen=True, slots=True)
class Work:
    """What a thread of a worker is at; `since` in seconds of the epoch."""

    stage: str
    batches: int
    first_batch_id: int
    since: float


def lease_batches(
    conn: Connection[Any], worker_id: str, stages: Sequence[str], limits: Limits
) -> Lease | None:
    """Take batches of the first of the stages that has any due; None when nothing is."""
    parameters = {
        "worker_id": worker_id,
        "stages": list(stages),
        "max_claims": limits.max_claims,
        "lease_seconds": limits.lease_seconds,
        "max_attempts": limits.max_attempts,
    }
    with conn.cursor(row_factory=rows.tuple_row) as cur:
        leased = cur.execute(LEASE_BATCHES, parameters).fetchall()
    if not leased:
        return None
    stages, batch_ids, claims = zip(*leased, strict=True)
    return Lease(stages[0], list(batch_ids), sum(claims))


def analyze_staging(conn: Connection[Any], batch_ids: Sequence[int]) -> None:
    """Give the planner statistics of what was loaded for these batches."""
    conn.execute(ANALYZE_STAGING, {"batch_ids": list(batch_ids)})


def release_leases(conn: Connection[Any], worker_id: str, batch_ids: Sequence[int]) -> None:
    """Hand batches back without counting an attempt."""
    conn.execute(RELEASE_LEASES, {"worker_id": worker_id, "batch_ids": list(batch_ids)})


def record_failure(
    conn: Connection[Any],
    worker_id: str,
    lease: Lease,
    error: tuple[str, str | None],
    limits: Limits,
) -> int:
    """Count a failed attempt; `error` is its code and, if it is ours, its message.

    Returns the batches that have failed for good, until a person looks.
    """
    row = conn.execute(
        RECORD_FAILURE,
        {
            "worker_id": worker_id,
            "batch_ids": lease.batch_ids,
            "stage": lease.stage,
            "code": error[0],
            "message": error[1],
            "max_attempts": limits.max_attempts,
        },
    ).fetchone()
    return int(row[0]) if row else 0


def record_heartbeat(conn: Connection[Any], identity: Identity, work: Sequence[Work]) -> None:
    """Say that the worker runs, and what it is at."""
    conn.execute(
        RECORD_HEARTBEAT,
        {
            "worker_id": identity.worker_id,
            "host": identity.host,
            "pid": identity.pid,
            "version": identity.version,
            "work": Jsonb(msgspec.to_builtins(list(work))),
        },
    )


def end_worker(conn: Connection[Any], worker_id: str) -> int:
    """Say that the worker has ended; how many batches it handed back."""
    row = conn.execute(END_WORKER, {"worker_id": worker_id}).fetchone()
    return int(row[0]) if row else 0
