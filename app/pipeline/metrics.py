"""The figures that Prometheus asks for: what was done here, and what waits in the database."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from psycopg import Connection, rows

CLAIMS: Final = Counter(
    "claims_processed",
    "Claims that came out of a stage of this process, by what became of them: passed, "
    "pended (transferred, waits for a person), denied (transferred, no line is payable), "
    "below_threshold (scored, a person looks), failed, isolated (made a statement fail).",
    ["stage", "outcome"],
)
STAGE_SECONDS: Final = Histogram(
    "claims_stage_seconds",
    "Time of one stage call, which takes many batches together.",
    ["stage"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
STAGE_BATCHES: Final = Counter("claims_stage_batches", "Batches that went through.", ["stage"])
STAGE_FAILURES: Final = Counter(
    "claims_stage_failures",
    "Stage calls that failed and are tried again, by SQLSTATE or error code.",
    ["stage", "code"],
)
BATCHES_FAILED: Final = Counter(
    "claims_batches_failed", "Batches that failed so often that a person has to look.", ["stage"]
)
MODEL_DRIFT: Final = Gauge(
    "claims_model_drift",
    "Population stability index of the score and of each feature, between the claims that the "
    "model learned from and the newest that it scored; a drift from about 0.25 on.",
    ["model", "feature"],
    multiprocess_mode="mostrecent",
)

READ_BACKLOG: Final = """
select
  backlog.state,
  backlog.batches,
  backlog.claims::bigint as claims,
  backlog.held_batches,
  backlog.leased_batches,
  backlog.batches_to_retry,
  backlog.oldest_received_at
from pipeline.backlog as backlog"""

COUNT_WORKERS: Final = """
select count(*)
from pipeline.workers as worker
where worker.is_alive"""

READ_FIGURES: Final = """
select
  figures.claims_on_review,
  figures.claims_retried
from pipeline.figures as figures"""

READ_SCHEDULES: Final = """
select
  schedules.kind,
  case when schedules.reaches_today then schedules.days_left else -1 end as days_left
from pipeline.schedules as schedules"""

WAITING_STATES: Final = ("received", "validated", "scored", "failed")
"""States that always have a figure, be it zero, so that an alert never misses its series."""

Connect = Callable[[], AbstractContextManager[Connection[Any]]]
"""Gives a connection for one look at the database, and takes it back."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Unfinished batches in one state, as pipeline.backlog gives them."""

    state: str
    batches: int
    claims: int
    held_batches: int
    leased_batches: int
    batches_to_retry: int
    oldest_received_at: datetime | None
    """When the oldest came in that is not held."""


def read_backlog(conn: Connection[Any]) -> list[Backlog]:
    """Read what is unfinished, a row for each state that has any."""
    with conn.cursor(row_factory=rows.class_row(Backlog)) as cur:
        return cur.execute(READ_BACKLOG).fetchall()


class QueueCollector(Collector):
    """Reads the queue when Prometheus asks: the same from every process, whoever works."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def describe(self) -> Iterable[Metric]:
        """Name the figures without asking the database."""
        return self._figures([], 0, 0, 0, [])

    def collect(self) -> Iterable[Metric]:
        """Read the figures; an error of the database is the scrape's."""
        with self._connect() as conn:
            backlog = read_backlog(conn)
            (workers,) = conn.execute(COUNT_WORKERS).fetchone() or (0,)
            on_review, retried = conn.execute(READ_FIGURES).fetchone() or (0, 0)
            schedules = conn.execute(READ_SCHEDULES).fetchall()
        return self._figures(backlog, workers, on_review, retried, schedules)

    def _figures(
        self,
        backlog: list[Backlog],
        workers: int,
        on_review: int,
        retried: int,
        schedules: list[tuple[str, int | None]],
    ) -> list[Metric]:
        reaches = GaugeMetricFamily(
            "claims_schedule_days_left",
            "Days for which the fee schedule reaches from today on; -1 where it does not reach "
            "today.",
            labels=["kind"],
        )
        for kind, days in schedules:
            # Without an end there is nothing to count.
            if days is not None:
                reaches.add_metric([kind], days)
        now = datetime.now(UTC)
        found = {row.state: row for row in backlog}
        batches = GaugeMetricFamily(
            "claims_queue_batches", "Unfinished batches by state.", labels=["state"]
        )
        claims = GaugeMetricFamily(
            "claims_queue_claims", "Claims of unfinished batches by state.", labels=["state"]
        )
        age = GaugeMetricFamily(
            "claims_queue_oldest_seconds",
            "Age of the oldest batch in a state that is not held.",
            labels=["state"],
        )
        for state in WAITING_STATES:
            row = found.get(state)
            oldest = row.oldest_received_at if row else None
            batches.add_metric([state], row.batches if row else 0)
            claims.add_metric([state], row.claims if row else 0)
            age.add_metric([state], (now - oldest).total_seconds() if oldest else 0)
        held = sum(row.held_batches for row in backlog)
        leased = sum(row.leased_batches for row in backlog)
        retries = sum(row.batches_to_retry for row in backlog)
        return [
            reaches,
            batches,
            claims,
            age,
            GaugeMetricFamily("claims_queue_held_batches", "Batches on hold.", held),
            GaugeMetricFamily("claims_queue_leased_batches", "Batches in hand.", leased),
            GaugeMetricFamily(
                "claims_queue_batches_to_retry", "Batches between two attempts.", retries
            ),
            GaugeMetricFamily("claims_workers_alive", "Workers that report.", workers),
            GaugeMetricFamily(
                "claims_review_queue_claims", "Claims that wait for a person.", on_review
            ),
            CounterMetricFamily(
                "claims_failed_claims_retried",
                "Failed claims put on their way again: by people, clients, or new reference data.",
                retried,
            ),
        ]
