"""Scoring: a model's view of claims out of the database, its scores back in."""
