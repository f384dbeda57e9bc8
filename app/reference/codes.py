"""Layouts of code lists: ICD-10-CM and place of service."""

import re
from functools import partial
from typing import Final

from app.reference.kinds import ICD10CM, PLACE_OF_SERVICE
from app.reference.layout import (
    Layout,
    Parsed,
    Published,
    Rows,
    below_headings,
    head_rows,
    headings,
    read_table,
)
from app.reference.source import Source

CODE: Final = "[A-Z][0-9A-Z]{2,6}"
CODES_ONLY: Final = re.compile(rf"{CODE} *", re.ASCII)
CODES: Final = re.compile(rf"(?=.{{7}} )({CODE}) +\S.*")
"""Code in 7 characters, a blank, its description."""
ORDER: Final = re.compile(rf"\d{{5}} (?=.{{7}} )({CODE}) +([01]) \S.*")
"""Number in 5 characters, code in 7, 1 for a billable code or 0 for a heading, descriptions."""

BILLABLE_HEADINGS: Final = ["CODE", "BILLABLE"]

PLACE_HEADINGS: Final = ["POSCODE", "SETTING", "NAME"]
UNDATED: Final = Published(qpp_status="both")
"""These lists carry no date: their name or the caller gives it, or the kind a first one."""


def _mostly(pattern: re.Pattern[str], source: Source) -> bool:
    """Whether most of the first lines have the form; a bad one among them is reported later."""
    lines = [line for line in source.head_records if line.strip()]
    return sum(pattern.fullmatch(line) is not None for line in lines) > len(lines) / 2


def _read_codes_only(source: Source) -> list[Parsed]:
    rows = Rows(source, ICD10CM)
    for line, record in enumerate(source.records, start=1):
        if record.strip():
            rows.add(line, [record.rstrip()])
    return [Parsed(ICD10CM, "ICD-10-CM codes only", source, UNDATED, rows.finish())]


def _read_codes(source: Source) -> list[Parsed]:
    rows = Rows(source, ICD10CM)
    for line, record in enumerate(source.records, start=1):
        if match := CODES.fullmatch(record):
            rows.add(line, [match[1]])
        elif record.strip():
            rows.refuse(line, "icd10cm", record, "is not a code and its description")
    return [Parsed(ICD10CM, "ICD-10-CM codes", source, UNDATED, rows.finish())]


def _read_order(source: Source) -> list[Parsed]:
    rows = Rows(source, ICD10CM)
    for line, record in enumerate(source.records, start=1):
        if match := ORDER.fullmatch(record):
            if match[2] == "1":
                rows.add(line, [match[1]])
        elif record.strip():
            reason = "is not a number, a code, 0 or 1 and its descriptions"
            rows.refuse(line, "icd10cm", record, reason)
    return [Parsed(ICD10CM, "ICD-10-CM order", source, UNDATED, rows.finish())]


def _is_billable_heading(cells: list[str]) -> bool:
    return headings(cells) == BILLABLE_HEADINGS


def _read_billable(source: Source) -> list[Parsed]:
    rows = Rows(source, ICD10CM)
    _, records = below_headings(source, _is_billable_heading)
    for line, cells in records:
        values = [cell.strip() for cell in cells]
        if len(values) != len(BILLABLE_HEADINGS) or values[1] not in {"0", "1"}:
            rows.refuse(line, "billable", ",".join(cells), "is not a code and 0 or 1")
        elif values[1] == "1":
            rows.add(line, values[:1])
    return [Parsed(ICD10CM, "ICD-10-CM csv", source, UNDATED, rows.finish())]


def _is_place_heading(cells: list[str]) -> bool:
    return headings(cells) == PLACE_HEADINGS


def _read_places(source: Source) -> list[Parsed]:
    _, records = below_headings(source, _is_place_heading)
    rows = read_table(source, PLACE_OF_SERVICE, records, len(PLACE_HEADINGS), range(3))
    return [Parsed(PLACE_OF_SERVICE, "place of service csv", source, UNDATED, rows)]


LAYOUTS: Final = (
    Layout(
        "place of service csv",
        lambda source: any(map(_is_place_heading, head_rows(source))),
        _read_places,
    ),
    Layout(
        "ICD-10-CM csv",
        lambda source: any(map(_is_billable_heading, head_rows(source))),
        _read_billable,
    ),
    Layout("ICD-10-CM order", partial(_mostly, ORDER), _read_order),
    Layout("ICD-10-CM codes", partial(_mostly, CODES), _read_codes),
    Layout("ICD-10-CM codes only", partial(_mostly, CODES_ONLY), _read_codes_only),
)
