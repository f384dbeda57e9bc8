"""Scoring: a model's view of claims out of the database, its scores back in."""

from app.scoring.serve import Scored, Scorer, open_scorer, score_batches

__all__ = ["Scored", "Scorer", "open_scorer", "score_batches"]
