"""The stages of the pipeline as programs run them: two are calls in the database, one scores."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, Protocol

from psycopg import Connection, rows

from app.database.connect import Role, connect
from app.program.errors import translated
from app.program.settings import Settings
from app.scoring.serve import Scorer, ScoringSeconds, is_in_use, open_scorer, score_batches

RUN_STAGE: Final = """
select
  stage.batches,
  stage.claims,
  stage.claims_failed as failed,
  stage.claims_pended as pended,
  stage.claims_denied as denied,
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
    denied: int = 0
    """Of them, transferred and denied: no line is payable."""
    below_threshold: int = 0
    """Of them, scored so low that a person looks."""
    isolated: int = 0
    """Of the failed ones, those that made a statement of the database fail."""
    scoring: ScoringSeconds = field(default_factory=ScoringSeconds)
    """Where the time went, of the stage that scores."""


class Stage(Protocol):
    """A step of the pipeline."""

    @property
    def name(self) -> str:
        """The stage as pipeline._due_states knows it."""

    def prepare(self, conn: Connection[Any]) -> None:
        """Look at start whether it can run; conn is in autocommit mode.

        Raises:
            ClaimsError: it cannot, and why.

        """

    def run(self, conn: Connection[Any], batch_ids: Sequence[int]) -> StageResult:
        """Do all of it for the batches, in one transaction; conn is in autocommit mode.

        What it raises counts as a failed attempt.
        """


@dataclass(frozen=True, slots=True)
class DatabaseStage:
    """A stage that is one call of pipeline.run_stage."""

    name: str

    def prepare(self, conn: Connection[Any]) -> None:
        """Nothing but the database is needed."""

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


class ScoringStage:
    """Scores with the model in use, and follows when another one is made active."""

    name: Final = "scoring"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._scorer: Scorer | None = None
        self._opening = Lock()

    def prepare(self, conn: Connection[Any]) -> None:
        """Open the model, if the database requires scores.

        Raises:
            ClaimsError: MODEL_… when it cannot be used.

        """
        with translated():
            (required,) = conn.execute(SCORING_REQUIRED).fetchone() or (True,)
        if required:
            self._current(conn)

    def run(self, conn: Connection[Any], batch_ids: Sequence[int]) -> StageResult:
        """Score the claims of the batches that are validated."""
        scorer = self._current(conn)
        with conn.transaction():
            scored = score_batches(conn, scorer, batch_ids)
        return StageResult(
            scored.batches,
            scored.claims,
            failed=0,
            below_threshold=scored.below_threshold,
            scoring=scored.seconds,
        )

    def _current(self, conn: Connection[Any]) -> Scorer:
        with self._opening:
            if self._scorer is None or not is_in_use(conn, self._settings, self._scorer):
                self._scorer = open_scorer(conn, self._settings)
            return self._scorer


def check_stages(settings: Settings) -> None:
    """Look whether the stages can run here, as a worker does when it starts.

    Raises:
        ClaimsError: there is no database, its schema is not the one needed, or the model that
            scores claims cannot be used.

    """
    with connect(Role.WORKER, autocommit=True) as conn:
        for stage in stages_of(settings):
            stage.prepare(conn)


def stages_of(settings: Settings) -> tuple[Stage, ...]:
    """Give all stages, the last one first: what is begun is finished first."""
    return DatabaseStage("transfer"), ScoringStage(settings), DatabaseStage("validation")
