"""Small files in the layouts of CMS, with made-up figures."""

from collections.abc import Sequence
from typing import Final

from app.reference.rvu import HEADINGS, POSITIONS, RECORD_LENGTH

PPRRVU_ROW: Final = {
    "hcpcs": "99213",
    "modifier": "",
    "status_code": "A",
    "work_rvu": "1.30",
    "non_facility_pe_rvu": "1.35",
    "facility_pe_rvu": "0.57",
    "malpractice_rvu": "0.10",
    "non_facility_na": "",
    "facility_na": "NA",
    "pctc_indicator": "0",
    "global_days": "XXX",
    "preoperative_share": "0.00",
    "intraoperative_share": "0.00",
    "postoperative_share": "0.00",
    "multiple_procedure": "0",
    "bilateral_surgery": "0",
    "assistant_surgery": "0",
    "co_surgeons": "0",
    "team_surgery": "0",
    "endoscopic_base": "",
    "conversion_factor": "32.3465",
    "supervision": "09",
    "calculation_flag": "0",
    "imaging_family": "99",
    "opps_non_facility_pe_rvu": "0.00",
    "opps_facility_pe_rvu": "0.00",
    "opps_malpractice_rvu": "0.00",
}

TITLE: Final = "2025 National Physician Fee Schedule Relative Value File October Release"
DESCRIPTION: Final = '"a visit, ""brief"" \xe9"'
COLUMNS: Final = ("hcpcs", "modifier", "description", *list(HEADINGS)[2:])
ROWS: Final = (
    PPRRVU_ROW,
    PPRRVU_ROW | {"hcpcs": "0001F", "status_code": "I", "global_days": "000"},
    PPRRVU_ROW | {"hcpcs": "70553", "multiple_procedure": "4", "imaging_family": "88"},
    PPRRVU_ROW | {"hcpcs": "70553", "modifier": "TC", "work_rvu": "0.00"},
)


def pprrvu_csv(rows: Sequence[dict[str, str]] = ROWS, title: str = TITLE) -> bytes:
    """PPRRVU as CSV: a title, a notice with a line break, headings in two rows, an empty tail."""
    width = len(COLUMNS)
    lines = [
        f",,{title}" + "," * (width - 3),
        ',,"Codes are © of their owner.\n All rights reserved."' + "," * (width - 3),
        "," * (width - 1),
        ",".join(HEADINGS.get(column, "").rpartition(" ")[0] for column in COLUMNS),
        ",".join(
            HEADINGS.get(column, "DESCRIPTION").rpartition(" ")[2] + " " for column in COLUMNS
        ),
        *(",".join(row.get(column, DESCRIPTION) for column in COLUMNS) for row in rows),
        "," * (width - 1),
    ]
    return "\r\n".join(lines).encode("latin-1")


def pprrvu_txt(rows: Sequence[dict[str, str]] = ROWS) -> bytes:
    """PPRRVU as fixed-width text."""
    lines = ["HDR CODES ARE COPYRIGHT 2026 OF THEIR OWNER       "]
    for row in rows:
        record = list(" " * RECORD_LENGTH)
        for name, (start, end) in POSITIONS.items():
            value = row[name]
            if name.endswith("_share"):
                value = value.removeprefix("0")
            if name == "imaging_family":
                value += " "
            left = name in {"hcpcs", "modifier", "non_facility_na", "facility_na"}
            left |= name == "imaging_family"
            record[start:end] = value.ljust(end - start) if left else value.rjust(end - start)
        record[7:18] = "A visit \xe9\xe8\xe0"
        lines.append("".join(record))
    return "\r\n".join([*lines, "TRL  END OF FILE", ""]).encode("latin-1")


GPCI_2025: Final = b"""\
ADDENDUM E. FINAL CY 2025 GEOGRAPHIC PRACTICE COST INDICES,,,,,,\r
,,,,,,\r
"Medicare Administrative\r
Contractor (MAC)",State,Locality Number,Locality Name,2025 PW GPCI (with 1.0 Floor),2025 PE GPCI,\
2025 MP GPCI\r
2102,AK,1,ALASKA*,1.5,1.081,0.592\r
01212,HI,01,"HAWAII, GUAM",1,1.149,0.561\r
"MAC Assignments as of November 22, 2023",,,,,,\r
,,,,,,\r
*Work GPCI reflects a 1.5 floor in Alaska.,,,,,,\r
"""
GPCI_2026: Final = b"""\
ADDENDUM E. FINAL CY 2026 GEOGRAPHIC PRACTICE COST INDICES,,,,,,,
Medicare Administrative Contractor (MAC),State,Locality Number,Locality Name,\
2026 PW GPCI (without 1.0 Floor),2026 PW GPCI (with 1.0 Floor),2026 PE GPCI,2026 MP GPCI
10112,AL,00,ALABAMA,0.988,1.000,0.875,0.566
"Note: the floor was extended.",,,,,,,
"   Therefore two columns.",,,,,,,
"""
ANES: Final = b"""\
Contractor,Locality,Locality Name,National Anes CF of 20.3178\r
10112 ,00 ,ALABAMA,19.31 \r
02102 ,01 ,ALASKA*,27.86 \r
,,,\r
"""
ZIP5: Final = (
    b"AK995010210201 Z9   0 A                                                    20254\r\n"
    b"WY831210360221BZ9B  1 A                                                    20254\r\n"
)
OPPSCAP: Final = b"""\
HCPCS,MOD,PROCSTAT,CARRIER,LOCALITY,FACILITY PRICE,NON-FACILTY PRICE\r
0633T,TC,C,1112,05,150.69,150.69\r
93990,,A,15202,00,97.07,97.08\r
,,,,,,\r
"""
ICD10CM: Final = b"A000\nC4A0\nQA00101\nU071\n"
ICD10CM_CODES: Final = b"A000    Cholera\nQA00101 A syndrome\n"
ICD10CM_ORDER: Final = (
    b"00001 A00     0 Cholera                  Cholera\n"
    b"00002 A000    1 Cholera, one kind        Cholera, one kind\n"
)
ICD10CM_BILLABLE: Final = b"code,billable\nA00,0\nA000,1\n"
PLACES: Final = "pos_code,setting,name\r\n02,Facility,Café\r\n28,Unassigned,Unassigned\r\n"
PROJECT: Final = b"""\
release,valid_from,valid_to,qpp_status,carrier,locality,locality_name,conversion_factor
ours 2025,2025-01-01,2025-12-31,both,10112,00,ALABAMA,19.31
ours 2026,2026-01-01,,non_qpp,10112,00,ALABAMA,19.5
"""
