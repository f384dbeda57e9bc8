"""When received batches are taken: small ones wait for company, to share the cost of a call.

A call of a stage costs some ten milliseconds whatever it holds. One-claim batches that came one
by one would each pay that three times over; taken together every tenth of a second they cost next
to nothing each. Only what is received waits: what is begun is finished at once.
"""

import time
from collections.abc import Callable
from typing import Final

from app.pipeline.queue import Lease

FIRST_STAGE: Final = "validation"
"""The stage that forms the groups; the later ones find them together."""

SMALL_CLAIMS: Final = 200
"""A call of up to so many claims costs about what a call of one costs."""

PAUSE_FACTOR: Final = 3.0
"""A pause is so many times what the stages of a small group took: they keep one core busy for a
third of the time at most, and longer pauses follow when the machine is slow."""

PAUSE_LIMIT: Final = 0.25
"""Seconds that nothing waits longer for company."""


class Gathering:
    """Says for how long received batches are left to gather; shared by the threads of a worker.

    The first batch after a quiet while goes at once, and starts the pause in which those that
    come next gather. After a large group there is none.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seconds: dict[str, float] = {}
        self._until = clock()

    @property
    def pause(self) -> float:
        """Seconds until received batches may be taken; 0 when they may."""
        return max(0.0, self._until - self._clock())

    def took(self, lease: Lease) -> None:
        """Begin a pause when the lease is of few received claims."""
        if lease.stage == FIRST_STAGE:
            seconds = PAUSE_FACTOR * sum(self._seconds.values()) if _is_small(lease) else 0.0
            self._until = self._clock() + min(seconds, PAUSE_LIMIT)

    def ran(self, lease: Lease, seconds: float) -> None:
        """Note what a stage took."""
        if _is_small(lease):
            self._seconds[lease.stage] = seconds


def _is_small(lease: Lease) -> bool:
    return lease.claims <= SMALL_CLAIMS
