"""Why a claim has its score: the features that moved it, and what a reviewer said."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import numpy as np
from psycopg import Connection, rows

from app.program.errors import translated
from app.scoring.registry import read_registered

READ_SCORE: Final[LiteralString] = """
select
  scored.model_id,
  model.version as model_version,
  scored.score,
  scored.threshold,
  scored.decision,
  scored.features
from (
  select score.model_id, score.score, score.threshold, score.decision, score.features
  from access.claim_scores as score
  where score.claim_id = %(claim_id)s and %(transferred)s
  union all
  select score.model_id, score.score, score.threshold, score.decision, score.features
  from access.staged_scores as score
  where score.claim_id = %(claim_id)s and not %(transferred)s
) as scored
inner join models.registry as model on scored.model_id = model.model_id"""

READ_DESCRIPTIONS: Final[LiteralString] = """
select feature.name, feature.description
from scoring.feature_list as feature"""

READ_VERDICTS: Final[LiteralString] = """
select
  verdict.verdict,
  verdict.reason_code,
  reason.title as reason,
  verdict.reviewer,
  verdict.recorded_at
from access.review_verdicts as verdict
inner join models.review_reasons as reason on verdict.reason_code = reason.reason_code
where verdict.claim_id = %(claim_id)s
order by verdict.verdict_id"""

SHOWN: Final = 5
"""Features that are named at most."""

NOTICEABLE: Final = 0.005
"""Change of the score below which a feature is not named."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """A feature that moved a score, by occlusion."""

    name: str
    description: str
    value: float
    contribution: float
    """Score less the score with the feature at its training median: below zero, it lowered it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer decided on a claim."""

    verdict: str
    reason_code: str
    reason: str
    reviewer: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """A claim's score and what made it."""

    model_version: str
    score: float
    threshold: float
    decision: str
    """What the score alone decides: approved or review."""
    contributions: list[Contribution]
    """What moved it most, what lowered it first."""


def explain_score(conn: Connection[Any], claim_id: int, *, transferred: bool) -> ScoreReport | None:
    """Read the score of a claim and ask the model that gave it why; None without a score."""
    parameters = {"claim_id": claim_id, "transferred": transferred}
    with translated(), conn.cursor(row_factory=rows.dict_row) as cur:
        found = cur.execute(READ_SCORE, parameters).fetchone()
    if found is None:
        return None
    with translated():
        described = dict(conn.execute(READ_DESCRIPTIONS).fetchall())
    model = read_registered(conn, model_id=found["model_id"])
    moved = model.contributions(np.asarray(found["features"], np.float32))
    largest = sorted(moved, key=lambda one: -abs(one[2]))[:SHOWN]
    return ScoreReport(
        model_version=found["model_version"],
        score=found["score"],
        threshold=found["threshold"],
        decision=found["decision"],
        contributions=[
            Contribution(name, described.get(name, ""), value, contribution)
            for name, value, contribution in moved
            if (name, value, contribution) in largest and abs(contribution) >= NOTICEABLE
        ],
    )


def read_verdicts(conn: Connection[Any], claim_id: int) -> list[Verdict]:
    """Read what reviewers decided on a claim; of several verdicts the last holds."""
    with translated(), conn.cursor(row_factory=rows.class_row(Verdict)) as cur:
        return cur.execute(READ_VERDICTS, {"claim_id": claim_id}).fetchall()
