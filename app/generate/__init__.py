"""Realistic synthetic claims: the same for the same seed, with a stated share of faults.

Providers keep to their specialty: its codes, modifiers, diagnoses and places of service
are those that occur together. Fees come from data/rvu_data.csv, ZIP codes from
data/zip_localities.csv. People and addresses are made up. Randomness is drawn from
`random.Random.random` alone, the one method whose sequence Python keeps between versions.
"""

from datetime import date
from typing import Final

from app.generate.claims import Generator
from app.generate.faults import FAULT_SHARE, FAULTS
from app.generate.practice import FACILITIES

__all__ = ["AS_OF", "FACILITIES", "FAULTS", "FAULT_SHARE", "Generator"]

AS_OF: Final = date(2026, 11, 1)
"""Day the synthetic claims are written, unless told otherwise."""
