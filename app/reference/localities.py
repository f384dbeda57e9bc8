"""Layouts by locality: GPCI, anesthesia conversion factors, OPPS caps and ZIP5."""

import re
from datetime import date
from typing import Final

from app.reference.kinds import ANESTHESIA, GPCI, OPPS_CAP, ZIP_LOCALITY
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

GPCI_HEADINGS: Final = {
    "carrier": re.compile(r"MEDICAREADMINISTRATIVECONTRACTOR(MAC)?"),
    "locality": re.compile(r"LOCALITYNUMBER"),
    "locality_name": re.compile(r"LOCALITYNAME"),
    "state": re.compile(r"STATE"),
    "work_gpci": re.compile(r"\d{4}PWGPCI(WITHOUT10FLOOR)?"),
    "work_gpci_floored": re.compile(r"\d{4}PWGPCIWITH10FLOOR"),
    "practice_expense_gpci": re.compile(r"(\d{4})PEGPCI"),
    "malpractice_gpci": re.compile(r"\d{4}MPGPCI"),
}
"""Headings of GPCI. Until 2025 the work index stands there with the floor alone,
in 2026 with and without."""

ANESTHESIA_HEADINGS: Final = ["CONTRACTOR", "LOCALITY", "LOCALITYNAME"]
NATIONAL_FACTOR: Final = re.compile(r"NATIONALANESCFOF(\d+)")
ANESTHESIA_FACTORS: Final = {
    "203178": (2025, "both"),
    "204976": (2026, "non_qpp"),
}
"""Year and QPP status of the national anesthesia conversion factors, by their digits."""

OPPS_CAP_HEADINGS: Final = (
    re.compile("HCPCS"),
    re.compile("MOD"),
    re.compile("PROCSTAT"),
    re.compile("CARRIER"),
    re.compile("LOCALITY"),
    re.compile("FACILITYPRICE"),
    re.compile("NONFACILI?TYPRICE"),
)
OPPS_CAP_POSITIONS: Final = (0, 1, 3, 4, 2, 5, 6)

ZIP_RECORD: Final = re.compile(
    r"[A-Z]{2}\d{10}[0-9A-Z]{2}[ RB]...  [01] [ A-Z] {52}\d{5}", re.ASCII
)
"""A line of ZIP5; the file of ZIP+4 has digits where blanks are asked for here."""
ZIP_LENGTH: Final = 80
ZIP_SLICES: Final = (
    slice(2, 7),
    slice(0, 2),
    slice(7, 12),
    slice(12, 14),
    slice(14, 15),
    slice(20, 21),
)
ZIP_QUARTER: Final = slice(75, 80)
QUARTER: Final = re.compile(r"(20\d{2})([1-4])", re.ASCII)


def _recognises_gpci(source: Source) -> bool:
    return any(map(_is_gpci_heading, head_rows(source)))


def _is_gpci_heading(cells: list[str]) -> bool:
    absent = {name for name, position in _gpci_positions(cells).items() if position is None}
    return len(absent) <= 1 and absent <= {"work_gpci", "work_gpci_floored"}


def _gpci_positions(cells: list[str]) -> dict[str, int | None]:
    found = headings(cells)
    return {
        name: next((at for at, text in enumerate(found) if pattern.fullmatch(text)), None)
        for name, pattern in GPCI_HEADINGS.items()
    }


def _read_gpci(source: Source) -> list[Parsed]:
    above, records = below_headings(source, _is_gpci_heading)
    positions = _gpci_positions(above[-1])
    rows = read_table(
        source,
        GPCI,
        records,
        len(above[-1]),
        [positions[name] for name in GPCI.column_names],
    )
    practice_expense = GPCI_HEADINGS["practice_expense_gpci"]
    matches = map(practice_expense.fullmatch, headings(above[-1]))
    year = next(int(match[1]) for match in matches if match)
    published = Published(valid_from=date(year, 1, 1), year=year, qpp_status="both")
    return [Parsed(GPCI, "GPCI csv", source, published, rows)]


def _recognises_anesthesia(source: Source) -> bool:
    return any(map(_is_anesthesia_heading, head_rows(source)))


def _is_anesthesia_heading(cells: list[str]) -> bool:
    found = headings(cells)
    return (
        len(found) > len(ANESTHESIA_HEADINGS)
        and found[:3] == ANESTHESIA_HEADINGS
        and NATIONAL_FACTOR.fullmatch(found[3]) is not None
        and not any(found[4:])
    )


def _read_anesthesia(source: Source) -> list[Parsed]:
    above, records = below_headings(source, _is_anesthesia_heading)
    rows = read_table(source, ANESTHESIA, records, len(ANESTHESIA.columns), range(4))
    national = headings(above[-1])[3].removeprefix("NATIONALANESCFOF")
    year, qpp_status = ANESTHESIA_FACTORS.get(national, (None, None))
    published = Published(
        valid_from=None if year is None else date(year, 1, 1),
        year=year,
        qpp_status=qpp_status,
    )
    return [Parsed(ANESTHESIA, "ANES csv", source, published, rows)]


def _recognises_opps_cap(source: Source) -> bool:
    return any(map(_is_opps_cap_heading, head_rows(source)))


def _is_opps_cap_heading(cells: list[str]) -> bool:
    found = headings(cells)
    return len(found) >= len(OPPS_CAP_HEADINGS) and all(
        pattern.fullmatch(text) for pattern, text in zip(OPPS_CAP_HEADINGS, found, strict=False)
    )


def _read_opps_cap(source: Source) -> list[Parsed]:
    _, records = below_headings(source, _is_opps_cap_heading)
    rows = read_table(source, OPPS_CAP, records, len(OPPS_CAP_HEADINGS), OPPS_CAP_POSITIONS)
    return [Parsed(OPPS_CAP, "OPPSCAP csv", source, Published(), rows)]


def _recognises_zip(source: Source) -> bool:
    return any(map(ZIP_RECORD.fullmatch, source.head_records))


def _read_zip(source: Source) -> list[Parsed]:
    rows = Rows(source, ZIP_LOCALITY)
    quarter = ""
    for line, record in enumerate(source.records, start=1):
        if not record.strip():
            continue
        found = record[ZIP_QUARTER]
        if len(record.rstrip()) != ZIP_LENGTH:
            reason = f"is not a record of {ZIP_LENGTH} characters but of {len(record)}"
            rows.refuse(line, "(all)", record, reason)
        elif QUARTER.fullmatch(found) is None:
            rows.refuse(line, "year_quarter", found, "is not a year and its quarter")
        elif found != (quarter := quarter or found):
            reason = f"differs from the {quarter} of the rows above"
            rows.refuse(line, "year_quarter", found, reason)
        else:
            rows.add(line, [record[part].strip() for part in ZIP_SLICES])
    checked = rows.finish()
    year = int(quarter[:4])
    published = Published(
        valid_from=date(year, 3 * int(quarter[4]) - 2, 1), year=year, qpp_status="both"
    )
    return [Parsed(ZIP_LOCALITY, "ZIP5 txt", source, published, checked)]


LAYOUTS: Final = (
    Layout("GPCI csv", _recognises_gpci, _read_gpci),
    Layout("ANES csv", _recognises_anesthesia, _read_anesthesia),
    Layout("OPPSCAP csv", _recognises_opps_cap, _read_opps_cap),
    Layout("ZIP5 txt", _recognises_zip, _read_zip),
)
