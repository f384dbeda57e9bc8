"""Measure how far scores and features have drifted from what the model learned from."""

from typing import Any, Final

from psycopg import Connection

from app.pipeline import metrics
from app.scoring.registry import measure_drift

SECONDS: Final = 300.0

CLAIMS: Final = 10_000
"""The newest claims that are looked at."""


def run(conn: Connection[Any]) -> None:
    """Set the figures; of claims that are too few to say, none."""
    for drift in measure_drift(conn, CLAIMS):
        if drift.is_enough:
            metrics.MODEL_DRIFT.labels(drift.model_version, drift.name).set(drift.stability_index)
