"""Recognise a file by what stands in it, and read the releases it holds."""

from typing import Final

from app.program.errors import ClaimsError
from app.reference import codes, localities, project, rvu
from app.reference.layout import Layout, Parsed
from app.reference.source import Source

LAYOUTS: Final = (
    *project.LAYOUTS,
    *rvu.LAYOUTS,
    *localities.LAYOUTS,
    *codes.LAYOUTS,
)


def recognise(source: Source) -> Layout | None:
    """Find the layout of a source; None when it is none of those known."""
    return next((layout for layout in LAYOUTS if layout.recognises(source)), None)


def read(source: Source) -> list[Parsed] | None:
    """Read the releases of a source, all rows checked; None when it is not recognised.

    Raises ClaimsError REFERENCE_ROW_INVALID when any row is bad.
    """
    layout = recognise(source)
    return None if layout is None else layout.read(source)


def unrecognised(name: str) -> ClaimsError:
    """Say that nothing in a file is known, and what is."""
    return ClaimsError(
        "REFERENCE_FILE_UNRECOGNISED",
        f"{name}: nothing in it is reference data in a known layout; nothing was loaded",
        "Known layouts, by content and whatever the name: PPRRVU (csv, txt), GPCI (csv), "
        "ANES (csv), OPPSCAP (csv), ZIP5 (txt), ICD-10-CM (codes only, codes, order, csv of "
        "code and billable), place of service codes (csv), and the project's own CSV of each "
        "(data/README.md); plain, .gz or in a zip. Of spreadsheets, load the csv or txt twin.",
    )
