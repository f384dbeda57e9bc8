"""When a worker leaves received batches to gather, by a clock that the test turns."""

import pytest

from app.pipeline.gathering import PAUSE_FACTOR, PAUSE_LIMIT, SMALL_CLAIMS, Gathering
from app.pipeline.queue import Lease

SMALL = Lease("validation", [1], claims=SMALL_CLAIMS)
LARGE = Lease("validation", [2], claims=SMALL_CLAIMS + 1)


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gathering(clock: Clock) -> Gathering:
    """One that knows what the stages of a small group take: 25 ms together."""
    made = Gathering(clock)
    for stage, seconds in (("validation", 0.012), ("scoring", 0.006), ("transfer", 0.007)):
        made.ran(Lease(stage, [1], claims=1), seconds)
    return made


def test_the_first_batch_goes_at_once_and_the_next_ones_gather(
    gathering: Gathering, clock: Clock
) -> None:
    assert gathering.pause == 0
    gathering.took(SMALL)
    assert gathering.pause == pytest.approx(PAUSE_FACTOR * 0.025)
    clock.now += gathering.pause + 0.001
    assert gathering.pause == 0


def test_what_is_begun_makes_no_pause_and_ends_none(gathering: Gathering) -> None:
    gathering.took(Lease("scoring", [1], claims=1))
    assert gathering.pause == 0
    gathering.took(SMALL)
    before = gathering.pause
    gathering.took(Lease("transfer", [1], claims=1))
    assert gathering.pause == before > 0


def test_large_groups_neither_wait_nor_count(gathering: Gathering) -> None:
    gathering.took(SMALL)
    gathering.ran(LARGE, 5.0)
    gathering.took(LARGE)
    assert gathering.pause == 0
    gathering.took(SMALL)
    assert gathering.pause == pytest.approx(PAUSE_FACTOR * 0.025)


def test_a_slow_machine_makes_longer_pauses_with_a_bound(gathering: Gathering) -> None:
    gathering.ran(SMALL, 0.02)
    gathering.took(SMALL)
    assert gathering.pause == pytest.approx(PAUSE_FACTOR * 0.033)
    gathering.ran(SMALL, 3.0)
    gathering.took(SMALL)
    assert gathering.pause == PAUSE_LIMIT
