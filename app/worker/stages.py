"""The stages a worker runs: each takes leased batches, and says what became of their claims."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from psycopg import Connection, rows

from app.errors import translated
from app.scoring import Scorer, open_scorer, score_batches
from app.settings import Settings

RUN_STAGE: Final = """
select
  stage.batches,
  stage.claims,
  stage.claims_failed as failed,
  stage.claims_pended as pended,
  stage.claims_isolated as isolated
from pipeline.run_stage(%(stage)s, %(batch_ids)s) as stage"""


SCORING_REQUIRED: Final = "select settings.scoring_required from queue.settings as settings"


@dataclass(frozen=True, slots=True)
class StageResult:
    """What one call of a stage came to; but for the batches, counts are claims."""

    batches: int
    claims: int
    """Claims that went in."""
    failed: int
    """Of them, now in failed_claims."""
    pended: int = 0
    """Of them, transferred and waiting for a person."""
    below_threshold: int = 0
    """Of them, scored so low that a person looks."""
    isolated: int = 0
    """Of the failed ones, those that made a statement of the database fail."""


class Stage(Protocol):
    """A step of the pipeline."""

    @property
    def name(self) -> str:
        """The stage as pipeline.lease_batches knows it."""

    def run(self, conn: Connection[Any], batch_ids: Sequence[int]) -> StageResult:
        """Do all of it for leased batches, in one transaction; conn is in autocommit mode.

        What it raises counts as a failed attempt.
        """


@dataclass(frozen=True, slots=True)
class DatabaseStage:
    """A stage that is one call of pipeline.run_stage."""

    name: str

    def run(self, conn: Connection[Any], batch_ids: Sequence[int]) -> StageResult:
        """Run it; psycopg's errors are the caller's."""
        with conn.cursor(row_factory=rows.class_row(StageResult)) as cur:
            result = cur.execute(
                RUN_STAGE, {"stage": self.name, "batch_ids": list(batch_ids)}
            ).fetchone()
        if result is None:
            msg = "pipeline.run_stage gives one row"
            raise AssertionError(msg)
        return result


@dataclass(frozen=True, slots=True)
class ScoringStage:
    """The stage that SQL cannot run: features out, the model, scores in."""

    scorer: Scorer

    @property
    def name(self) -> str:
        """The stage as pipeline.lease_batches knows it."""
        return "scoring"

    def run(self, conn: Connection[Any], batch_ids: Sequence[int]) -> StageResult:
        """Score them in one transaction."""
        with conn.transaction():
            scored = score_batches(conn, self.scorer, batch_ids)
        return StageResult(
            scored.batches, scored.claims, failed=0, below_threshold=scored.below_threshold
        )


def stages_of(conn: Connection[Any], settings: Settings) -> tuple[Stage, ...]:
    """Give the stages a worker runs, the last one first: what is begun is finished first.

    Raises:
        ClaimsError: MODEL_…, when scores are required and the model cannot be used.

    """
    with translated():
        (required,) = conn.execute(SCORING_REQUIRED).fetchone() or (True,)
    scoring = (ScoringStage(open_scorer(conn, settings)),) if required else ()
    return DatabaseStage("transfer"), *scoring, DatabaseStage("validation")
