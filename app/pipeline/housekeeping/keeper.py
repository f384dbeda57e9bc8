"""The keeper: does each job when it is due, whichever thread comes by, and never twice at once."""

import threading
import time
from dataclasses import dataclass
from typing import Any, Final, Protocol

from psycopg import Connection

from app.pipeline.housekeeping import drift, history, partitions, retries


class Job(Protocol):
    """A module that is a job."""

    SECONDS: float
    """How long after one time the next is due."""

    def run(self, conn: Connection[Any]) -> None:
        """Do it; conn is in autocommit mode, and errors are the caller's."""


@dataclass(slots=True)
class _Due:
    """A job and when it is due next, on the monotonic clock."""

    job: Job
    at: float


JOBS: Final[tuple[Job, ...]] = (partitions, history, drift, retries)
"""In their order: partitions before claims that need them, the history before what goes by it."""

NOT_AT_ONCE: Final = {history, drift}
"""Jobs that are first done when their time has passed once: at the start there is nothing new."""


class Keeper:
    """Knows what is due; one for each worker."""

    def __init__(self) -> None:
        now = time.monotonic()
        self._jobs: Final = [
            _Due(job, now + job.SECONDS if job in NOT_AT_ONCE else now) for job in JOBS
        ]
        self._lock: Final = threading.Lock()

    def keep(self, conn: Connection[Any]) -> None:
        """Do what is due; an error leaves the jobs after it for their next time."""
        now = time.monotonic()
        with self._lock:
            due = [one.job for one in self._jobs if one.at <= now]
            for one in self._jobs:
                if one.at <= now:
                    one.at = now + one.job.SECONDS
        for job in due:
            job.run(conn)
