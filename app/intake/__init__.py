"""Intake: professional claims from files into staging, PHI encrypted on the way."""
