"""PPRRVU, the relative value file of the physician fee schedule, as CSV and as fixed-width text."""

import re
from datetime import date
from typing import Final

from app.reference.kinds import RVU
from app.reference.layout import (
    Layout,
    Parsed,
    Published,
    Row,
    Rows,
    below_headings,
    head_rows,
    heading,
    headings,
    read_table,
    row_invalid,
)
from app.reference.source import Source

CONVERSION_FACTORS: Final = {
    "32.7442": (2024, "both"),
    "33.2875": (2024, "both"),
    "32.3465": (2025, "both"),
    "33.4009": (2026, "non_qpp"),
    "33.5675": (2026, "qpp"),
}
"""Year and QPP status of the conversion factors that CMS has published."""

TITLE: Final = re.compile(
    r"(\d{4}) National Physician Fee Schedule Relative Value File "
    r"(January|April|July|October) Release",
    re.IGNORECASE,
)
QUARTER_MONTHS: Final = {"january": 1, "april": 4, "july": 7, "october": 10}

HEADINGS: Final = {
    "hcpcs": "HCPCS",
    "modifier": "MOD",
    "status_code": "STATUS CODE",
    "work_rvu": "WORK RVU",
    "non_facility_pe_rvu": "NON-FAC PE RVU",
    "facility_pe_rvu": "FACILITY PE RVU",
    "malpractice_rvu": "MP RVU",
    "non_facility_na": "NON-FAC NA INDICATOR",
    "facility_na": "FACILITY NA INDICATOR",
    "pctc_indicator": "PCTC IND",
    "global_days": "GLOB DAYS",
    "preoperative_share": "PRE OP",
    "intraoperative_share": "INTRA OP",
    "postoperative_share": "POST OP",
    "multiple_procedure": "MULT PROC",
    "bilateral_surgery": "BILAT SURG",
    "assistant_surgery": "ASST SURG",
    "co_surgeons": "CO- SURG",
    "team_surgery": "TEAM SURG",
    "endoscopic_base": "ENDO BASE",
    "conversion_factor": "CONV FACTOR",
    "supervision": "PHYSICIAN SUPERVISION OF DIAGNOSTIC PROCEDURES",
    "calculation_flag": "CALCULATION FLAG",
    "imaging_family": "DIAGNOSTIC IMAGING FAMILY INDICATOR",
    "opps_non_facility_pe_rvu": "NON-FACILITY PE USED FOR OPPS PAYMENT AMOUNT",
    "opps_facility_pe_rvu": "FACILITY PE USED FOR OPPS PAYMENT AMOUNT",
    "opps_malpractice_rvu": "MP USED FOR OPPS PAYMENT AMOUNT",
}
"""Headings of the CSV, read downwards through its heading rows."""

POSITIONS: Final = {
    "hcpcs": (0, 5),
    "modifier": (5, 7),
    "status_code": (57, 58),
    "work_rvu": (59, 65),
    "non_facility_pe_rvu": (65, 72),
    "facility_pe_rvu": (74, 81),
    "malpractice_rvu": (83, 89),
    "non_facility_na": (72, 74),
    "facility_na": (81, 83),
    "pctc_indicator": (102, 103),
    "global_days": (103, 106),
    "preoperative_share": (106, 109),
    "intraoperative_share": (109, 112),
    "postoperative_share": (112, 115),
    "multiple_procedure": (115, 116),
    "bilateral_surgery": (116, 117),
    "assistant_surgery": (117, 118),
    "co_surgeons": (118, 119),
    "team_surgery": (119, 120),
    "endoscopic_base": (127, 132),
    "conversion_factor": (132, 140),
    "supervision": (140, 143),
    "calculation_flag": (143, 144),
    "imaging_family": (144, 147),
    "opps_non_facility_pe_rvu": (147, 157),
    "opps_facility_pe_rvu": (157, 164),
    "opps_malpractice_rvu": (164, 171),
}
"""Where the columns stand in the text, from 0. In 2026 one more indicator follows
team surgery, in what was filler: nothing else has moved."""

RECORD_LENGTH: Final = 171
RECORD: Final = re.compile(
    r"[0-9A-Z]{5}(?:  |26|TC|53).{50}[A-Z][ +] *\d*\.\d\d.{67} *\d\d\.\d{4} .*"
)
NOTICE: Final = "HDR"
TRAILER: Final = "TRL"
"""How the lines of the text begin that stand above and below the data."""


def _recognises_csv(source: Source) -> bool:
    rows = head_rows(source)
    last = next((index for index, cells in enumerate(rows) if _is_heading(cells)), None)
    return last is not None and {"WORKRVU", "CONVFACTOR"} <= set(_read_downwards(rows[: last + 1]))


def _is_heading(cells: list[str]) -> bool:
    return headings(cells)[:3] == ["HCPCS", "MOD", "DESCRIPTION"]


def _read_downwards(rows: list[list[str]]) -> list[str]:
    """Headings through all heading rows; titles stand in the third column alone."""
    stacked = [row for row in rows if any(map(str.strip, row[3:]))]
    return [
        heading("".join(row[column] for row in stacked if column < len(row)))
        for column in range(len(rows[-1]))
    ]


def _read_csv(source: Source) -> list[Parsed]:
    above, records = below_headings(source, _is_heading)
    found = _read_downwards(above)
    wanted = {name: heading(text) for name, text in HEADINGS.items()}
    missing = [name for name, text in wanted.items() if found.count(text) != 1]
    if missing:
        problem = f"the heading rows have not one column each for {', '.join(missing)}"
        raise row_invalid(source, problem)
    positions = [found.index(wanted[name]) for name in RVU.column_names]
    rows = read_table(source, RVU, records, len(found), positions)
    titles = (" ".join(cell.split()) for row in above for cell in row)
    return [_parsed("PPRRVU csv", source, rows, " ".join(titles))]


def _recognises_text(source: Source) -> bool:
    return any(
        len(record.rstrip()) == RECORD_LENGTH and RECORD.fullmatch(record)
        for record in source.head_records
    )


def _read_text(source: Source) -> list[Parsed]:
    rows = Rows(source, RVU)
    slices = [slice(*POSITIONS[name]) for name in RVU.column_names]
    in_data = ended = False
    for line, record in enumerate(source.records, start=1):
        if not record.strip() or (record.startswith(NOTICE) and not in_data):
            continue
        if record.startswith(TRAILER) and in_data:
            ended = True
            continue
        if len(record.rstrip()) != RECORD_LENGTH or ended:
            reason = (
                "stands below the trailer"
                if ended
                else f"is not a record of {RECORD_LENGTH} characters but of {len(record)}"
            )
            rows.refuse(line, "(all)", record.strip(), reason)
            continue
        in_data = True
        rows.add(line, [record[part].strip() for part in slices])
    return [_parsed("PPRRVU txt", source, rows.finish(), "")]


def _parsed(layout: str, source: Source, rows: list[Row], title: str) -> Parsed:
    factor = str(rows[0][RVU.column_names.index("conversion_factor")])
    year, qpp_status = CONVERSION_FACTORS.get(factor, (None, None))
    valid_from = None
    if match := TITLE.search(title):
        valid_from = date(int(match[1]), QUARTER_MONTHS[match[2].lower()], 1)
        year = valid_from.year
    published = Published(valid_from=valid_from, year=year, qpp_status=qpp_status)
    return Parsed(RVU, layout, source, published, rows)


LAYOUTS: Final = (
    Layout("PPRRVU csv", _recognises_csv, _read_csv),
    Layout("PPRRVU txt", _recognises_text, _read_text),
)
