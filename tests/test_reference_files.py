"""Reference files: recognised by content, read whole or refused whole."""

import gzip
import zipfile
from datetime import date
from pathlib import Path

import pytest

from app.program.errors import ClaimsError
from app.reference.layout import Parsed
from app.reference.recognise import read
from app.reference.releases import Given, plan
from app.reference.source import Source, open_sources
from app.reference.unused import known_but_unused
from tests import reference_samples as samples

NAMES = ["GPCI2026.csv", "claims.ndjson", "PPRRVU.zip", "no extension at all"]
KINDS = {
    "PPRRVU csv": (samples.pprrvu_csv(), "rvu", 4),
    "PPRRVU txt": (samples.pprrvu_txt(), "rvu", 4),
    "GPCI 2025": (samples.GPCI_2025, "gpci", 2),
    "GPCI 2026": (samples.GPCI_2026, "gpci", 1),
    "ANES": (samples.ANES, "anesthesia_cf", 2),
    "ZIP5": (samples.ZIP5, "zip_locality", 2),
    "OPPSCAP": (samples.OPPSCAP, "opps_cap", 2),
    "ICD-10-CM codes only": (samples.ICD10CM, "icd10cm", 4),
    "ICD-10-CM codes": (samples.ICD10CM_CODES, "icd10cm", 2),
    "ICD-10-CM order": (samples.ICD10CM_ORDER, "icd10cm", 1),
    "ICD-10-CM csv": (samples.ICD10CM_BILLABLE, "icd10cm", 1),
    "place of service": (samples.PLACES.encode(), "place_of_service", 2),
}
REAL_ROWS = {
    "PPRRVU2025_Oct.csv": ("rvu", 19_090),
    "PPRRVU2025_Oct.txt": ("rvu", 19_090),
    "PPRRVU2026_Apr_nonQPP.txt": ("rvu", 19_277),
    "GPCI2025.csv": ("gpci", 109),
    "GPCI2026.csv": ("gpci", 109),
    "ANES2025.csv": ("anesthesia_cf", 109),
    "ZIP5_OCT2025.txt": ("zip_locality", 42_956),
    "OPPSCAP_Oct.csv": ("opps_cap", 16_100),
    "icd10cm_codes_2026_codesonly.txt": ("icd10cm", 74_719),
    "icd10cm_2025_billable.csv.gz": ("icd10cm", 74_260),
    "pos_codes.csv": ("place_of_service", 99),
}
OTHER_FILES = [
    "25LOCCO.csv",
    "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv",
    "ZIP5lyout.txt",
    "anesthesia_base_units_2022.txt",
    "hcpcs_level2_2024.csv",
    "ncci_aoc.csv",
    "taxonomy_codes.csv",
]


def read_one(content: bytes, name: str = "file") -> Parsed:
    parsed = read(Source(name, content))
    assert parsed is not None
    (one,) = parsed
    return one


def refusal(content: bytes) -> str:
    with pytest.raises(ClaimsError) as caught:
        read(Source("file.csv", content))
    assert caught.value.code == "REFERENCE_ROW_INVALID"
    assert "file.csv: refused whole, nothing of it was loaded" in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layout", KINDS)
def test_recognised_by_content_whatever_the_name(layout: str, name: str) -> None:
    content, kind, rows = KINDS[layout]
    parsed = read_one(content, name)
    assert parsed.kind.code == kind
    assert len(parsed.rows) == rows


@pytest.mark.parametrize("file", REAL_ROWS)
def test_real_file_is_read_whole(cms_data_dir: Path, file: str) -> None:
    (source,) = open_sources(cms_data_dir / file)
    kind, rows = REAL_ROWS[file]
    parsed = read_one(source.content, "unnamed")
    assert (parsed.kind.code, len(parsed.rows)) == (kind, rows)


@pytest.mark.parametrize("file", OTHER_FILES)
def test_other_real_file_is_not_recognised(cms_data_dir: Path, file: str) -> None:
    with pytest.raises(ClaimsError) as caught:
        plan([cms_data_dir / file], Given())
    assert caught.value.code == "REFERENCE_FILE_NOT_USED"
    assert "PPRRVU" in caught.value.hint


def test_real_text_and_csv_hold_identical_rows(cms_data_dir: Path) -> None:
    (as_csv,) = open_sources(cms_data_dir / "PPRRVU2025_Oct.csv")
    (as_text,) = open_sources(cms_data_dir / "PPRRVU2025_Oct.txt")
    assert read_one(as_csv.content).rows == read_one(as_text.content).rows


def test_text_and_csv_hold_identical_rows() -> None:
    assert read_one(samples.pprrvu_csv()).rows == read_one(samples.pprrvu_txt()).rows


def test_layout_of_2026_has_the_same_positions(cms_data_dir: Path) -> None:
    (source,) = open_sources(cms_data_dir / "PPRRVU2026_Apr_nonQPP.txt")
    parsed = read_one(source.content)
    rows = {row[:2]: dict(zip(parsed.kind.column_names, row, strict=True)) for row in parsed.rows}
    knee = rows["29881", ""]
    assert knee["work_rvu"] == "6.85"
    assert knee["endoscopic_base"] == "29870"
    assert knee["conversion_factor"] == "33.4009"
    head = rows["70553", ""]
    assert (head["imaging_family"], head["opps_non_facility_pe_rvu"]) == ("88", "11.41")
    assert parsed.published.qpp_status == "non_qpp"


def test_leading_zeros_lost_in_a_spreadsheet_come_back() -> None:
    alaska = read_one(samples.GPCI_2025).rows[0]
    assert alaska[:4] == ("02102", "01", "ALASKA", "AK")
    assert alaska[4:6] == (None, "1.500")
    assert read_one(samples.OPPSCAP).rows[0][:4] == ("0633T", "TC", "01112", "05")


def test_both_work_indices_of_2026_are_kept() -> None:
    assert read_one(samples.GPCI_2026).rows[0][4:] == ("0.988", "1.000", "0.875", "0.566")


def test_zip_of_the_four_digits_is_not_taken_for_the_five_digit_file() -> None:
    nine = b"AK995010210201 Z9   10001     A                                            20254\r\n"
    assert read(Source("ZIP5.txt", nine)) is None


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("hcpcs", "9921", "is not a HCPCS code"),
        ("modifier", "27", "is none of nothing, 26, TC, 53"),
        ("status_code", "Z", "is none of"),
        ("work_rvu", "1,30", "is not a number"),
        ("work_rvu", "-1.30", "is not a number"),
        ("work_rvu", "1.305", "is not a number with at most 2 decimal places"),
        ("facility_pe_rvu", "", "is not a number"),
        ("malpractice_rvu", "10000", "is not within 0 and 9999.99"),
        ("non_facility_na", "X", "is neither NA nor nothing"),
        ("global_days", "011", "is none of"),
        ("preoperative_share", "1.10", "is not within 0 and 1"),
        ("multiple_procedure", "8", "is none of"),
        ("conversion_factor", "33.4009", "differs from the 32.3465 of the other rows"),
    ],
)
def test_bad_row_of_pprrvu_is_refused_with_its_place(column: str, value: str, reason: str) -> None:
    rows = [*samples.ROWS, samples.PPRRVU_ROW | {"hcpcs": "99214", column: value}]
    # Two heading rows, a title, a notice of two lines and an empty row stand above the data.
    content = samples.pprrvu_csv(rows).replace(b"1,30", b'"1,30"')
    message = refusal(content)
    assert f"line 11, column {column}: '{value}" in message
    assert reason in message


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (samples.pprrvu_txt().replace(b"  1.30", b"  1.3O", 1), "line 2, column work_rvu: '1.3O'"),
        (samples.pprrvu_txt().replace(b"  1.30", b" 1.30", 1), "line 2, column (all): "),
        (samples.GPCI_2025.replace(b"1.149", b"11.49"), "line 6, column practice_expense_gpci"),
        (samples.GPCI_2025.replace(b",1.149,", b","), "line 6, column (all): '6'"),
        (samples.GPCI_2025.replace(b"01212", b"garbage"), "line 6, column carrier: 'garbage'"),
        (samples.GPCI_2025 + b"Alaska is cold,,,,,,\n", "line 10, column carrier: 'Alaska is"),
        (samples.GPCI_2025 + b"10112,AL,00,ALABAMA,1,1,1\n", "line 9, column carrier: '*Work"),
        (samples.ANES.replace(b"27.86", b"n/a"), "line 3, column conversion_factor: 'n/a'"),
        (samples.ZIP5.replace(b"20254", b"20264", 1), "line 2, column year_quarter: '20254'"),
        (samples.ZIP5.replace(b"WY83121", b"WY8312X"), "line 2, column zip5: '8312X'"),
        (samples.OPPSCAP.replace(b"97.07", b"$97"), "line 3, column facility_amount: '$97'"),
        (samples.ICD10CM + b"A00.1\n", "line 5, column icd10cm: 'A00.1'"),
        (samples.ICD10CM_ORDER + b"00003 A001\n", "line 3, column icd10cm: '00003 A001'"),
        (samples.ICD10CM_BILLABLE + b"A001,yes\n", "line 4, column billable: 'A001,yes'"),
        (samples.PLACES.replace("Facility", "Indoors").encode(), "line 2, column is_facility"),
    ],
)
def test_bad_row_is_refused_with_its_place(content: bytes, place: str) -> None:
    assert place in refusal(content)


@pytest.mark.parametrize("layout", KINDS)
def test_duplicate_key_is_a_bad_row(layout: str) -> None:
    content, _, _ = KINDS[layout]
    parsed = read_one(content)
    text = content.decode("utf-8" if layout == "place of service" else "latin-1")
    key = str(parsed.rows[-1][0])
    double = next(line for line in text.splitlines(keepends=True) if key in line)
    encoded = double.encode("utf-8" if layout == "place of service" else "latin-1")
    message = refusal(content.replace(encoded, encoded + encoded))
    assert "is on line" in message
    assert "already" in message


@pytest.mark.parametrize("layout", ["GPCI 2025", "ANES", "OPPSCAP", "place of service"])
def test_file_without_data_is_refused(layout: str) -> None:
    content, _, _ = KINDS[layout]
    lines = content.splitlines(keepends=True)
    above = b"".join(lines[: {"GPCI 2025": 4}.get(layout, 1)])
    assert "the file has no data row" in refusal(above)


def test_first_bad_rows_are_shown_and_the_others_counted() -> None:
    message = refusal(b"".join(b"A%03d\n" % n for n in range(9)) + b"1\n2\n3\n4\n5\n6\n7\n")
    assert message.count("column icd10cm") == 5
    assert "and 2 more" in message


def test_missing_heading_is_named() -> None:
    message = refusal(samples.pprrvu_csv().replace(b"GLOB", b"LOCAL"))
    assert "global_days" in message


def test_project_layout_holds_several_releases() -> None:
    parsed = read(Source("file", samples.PROJECT))
    assert parsed is not None
    assert [(one.published.name, one.published.qpp_status) for one in parsed] == [
        ("ours 2025", "both"),
        ("ours 2026", "non_qpp"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (b"2025-12-31", b"2025-13-31", "line 2, column valid_to: '2025-13-31'"),
        (b"2025-12-31", b"2024-12-31", "line 2, column valid_to: '2024-12-31' is before"),
        (b"non_qpp", b"some", "line 3, column qpp_status: 'some'"),
        (b",19.5\n", b",1.95\n", "line 3, column conversion_factor: '1.95'"),
        (b"2026-01-01,,non_qpp", b"2025-01-01,2025-12-31,both", "line 3, column release"),
        (b",19.5\n", b"\n", "line 3, column (all): '7'"),
    ],
)
def test_bad_row_of_the_project_layout_is_refused(old: bytes, new: bytes, place: str) -> None:
    assert place in refusal(samples.PROJECT.replace(old, new))


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_title_gives_quarter_and_name(tmp_path: Path) -> None:
    path = write(tmp_path, "x.bin", samples.pprrvu_csv())
    (release,) = plan([path], Given()).releases
    assert (release.name, release.valid_from, release.qpp_status, release.dated_by) == (
        "RVU25D",
        date(2025, 10, 1),
        "both",
        "the file",
    )


@pytest.mark.parametrize(
    ("name", "content", "release"),
    [
        ("PPRRVU2025_Jul.txt", samples.pprrvu_txt(), "RVU25C"),
        ("pprrvu25_apr.txt", samples.pprrvu_txt(), "RVU25B"),
        ("OPPSCAP_2024_JAN.csv", samples.OPPSCAP, None),
        ("icd10cm_codes_2026_codesonly.txt", samples.ICD10CM, "ICD-10-CM FY2026"),
        ("icd10cm-codes-April-2025.txt", samples.ICD10CM, "ICD-10-CM FY2025"),
        ("anything", samples.PLACES.encode(), "place of service codes"),
        ("anything", samples.ANES, "ANES 2025"),
        ("anything", samples.ZIP5, "ZIP5 2025Q4"),
        ("anything", samples.GPCI_2026, "GPCI 2026"),
        ("anything", samples.ICD10CM, None),
        ("anything", samples.pprrvu_txt(), None),
        # A name that contradicts the conversion factor is not believed.
        ("PPRRVU2026_Apr.txt", samples.pprrvu_txt(), None),
    ],
)
def test_name_gives_what_the_file_does_not(
    tmp_path: Path, name: str, content: bytes, release: str | None
) -> None:
    path = write(tmp_path, name, content)
    if release is None:
        with pytest.raises(ClaimsError, match="from which date") as caught:
            plan([path], Given())
        assert caught.value.code == "REFERENCE_PERIOD_UNKNOWN"
        assert "--from" in caught.value.hint
        given = Given(valid_from=date(2025, 1, 1), valid_to=date(2025, 3, 31), name="mine")
        (found,) = plan([path], given).releases
        assert (found.name, found.valid_to) == ("mine", date(2025, 3, 31))
    else:
        (found,) = plan([path], Given()).releases
        assert found.name == release


def test_status_is_demanded_where_there_are_two_and_the_file_is_silent(tmp_path: Path) -> None:
    rows = [samples.PPRRVU_ROW | {"conversion_factor": "34.1111"}]
    path = write(tmp_path, "x", samples.pprrvu_csv(rows, samples.TITLE.replace("2025", "2027")))
    with pytest.raises(ClaimsError) as caught:
        plan([path], Given())
    assert caught.value.code == "REFERENCE_QPP_STATUS_UNKNOWN"
    (release,) = plan([path], Given(qpp_status="qpp")).releases
    assert (release.name, release.qpp_status) == ("RVU27D", "qpp")


def test_options_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    ours = write(tmp_path, "ours.csv", samples.PROJECT)
    gpci = write(tmp_path, "gpci.csv", samples.GPCI_2025)
    for path, given, code in [
        (ours, Given(valid_from=date(2025, 1, 1)), "REFERENCE_OPTION_CONFLICT"),
        (gpci, Given(qpp_status="qpp"), "REFERENCE_OPTION_CONFLICT"),
        (gpci, Given(valid_to=date(2024, 1, 1)), "REFERENCE_PERIOD_INVALID"),
    ]:
        with pytest.raises(ClaimsError) as caught:
            plan([path], given)
        assert caught.value.code == code


def make_zip(folder: Path, members: dict[str, bytes], name: str = "rvu25d.zip") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


def test_zip_gives_a_release_for_each_member_and_names_the_others(tmp_path: Path) -> None:
    path = make_zip(
        tmp_path,
        {
            "RVU25D.pdf": b"%PDF-1.7\x00\x01",
            "data/OPPSCAP_Oct.csv": samples.OPPSCAP,
            "PPRRVU.csv": samples.pprrvu_csv(),
            "PPRRVU.txt": samples.pprrvu_txt(),
            "GPCI2025.csv": samples.GPCI_2025,
        },
    )
    found = plan([path], Given())
    assert [(release.name, release.source.name) for release in found.releases] == [
        ("OPPSCAP 2025Q4", "rvu25d.zip/data/OPPSCAP_Oct.csv"),
        ("RVU25D", "rvu25d.zip/PPRRVU.csv"),
        ("GPCI 2025", "rvu25d.zip/GPCI2025.csv"),
    ]
    assert found.releases[0].dated_by == "rvu25d.zip/PPRRVU.csv beside it"
    assert found.unrecognised == ["rvu25d.zip/RVU25D.pdf"]
    assert found.twins == [("rvu25d.zip/PPRRVU.txt", "rvu25d.zip/PPRRVU.csv")]


def test_bad_row_in_a_zip_names_the_member(tmp_path: Path) -> None:
    bad = samples.ANES.replace(b"27.86", b"?")
    path = make_zip(tmp_path, {"GPCI2025.csv": samples.GPCI_2025, "ANES2025.csv": bad})
    with pytest.raises(ClaimsError, match=r"rvu25d\.zip/ANES2025\.csv: refused .*\n.*line 3"):
        plan([path], Given())


def test_files_that_disagree_are_refused(tmp_path: Path) -> None:
    other = samples.pprrvu_txt([*samples.ROWS[:3]])
    path = make_zip(tmp_path, {"PPRRVU.csv": samples.pprrvu_csv(), "PPRRVU.txt": other})
    with pytest.raises(ClaimsError) as caught:
        plan([path], Given())
    assert caught.value.code == "REFERENCE_FILES_DISAGREE"


def test_gzip_holds_the_same_content(tmp_path: Path) -> None:
    plain = write(tmp_path, "a", samples.GPCI_2025)
    packed = write(tmp_path, "b", gzip.compress(samples.GPCI_2025))
    assert open_sources(plain)[0].sha256 == open_sources(packed)[0].sha256


@pytest.mark.parametrize(
    "content",
    [
        None,
        gzip.compress(samples.GPCI_2025, mtime=0)[:-9],
        b"PK\x03\x04 and nothing more",
    ],
)
def test_file_that_cannot_be_read_is_reported(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ClaimsError) as caught:
        plan([path], Given())
    assert caught.value.code == "REFERENCE_FILE_UNREADABLE"
    assert str(path) in caught.value.message


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"hello, world\n", samples.pprrvu_csv().decode("latin-1").encode("utf-16")],
)
def test_file_that_is_nothing_known_says_what_is(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ClaimsError) as caught:
        plan([write(tmp_path, "PPRRVU2025_Oct.csv", content)], Given())
    assert caught.value.code == "REFERENCE_FILE_UNRECOGNISED"


@pytest.mark.parametrize(
    ("outside", "inside", "first"),
    [
        ("april-1-2026-code-descriptions-in-tabular-order.zip", "codes.txt", "2026-04-01"),
        ("2026-code-tables.zip", "icd10cm_order_2026.txt", "2025-10-01"),
        ("2026-icd-10-cm.zip", "icd10cm_codes_2026.txt", "2025-10-01"),
        ("october-1-2025-codes.zip", "icd10cm_codes_2026.txt", "2025-10-01"),
        ("codes.zip", "icd10cm_codes_2026.txt", "2025-10-01"),
        ("april-1-2026-code-descriptions.zip", "icd10cm_order_2026.txt", None),
        ("icd10cm_2025.zip", "icd10cm_codes_2026.txt", None),
    ],
)
def test_a_file_in_a_zip_does_not_override_what_the_zip_says(
    tmp_path: Path, outside: str, inside: str, first: str | None
) -> None:
    path = tmp_path / outside
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"Code Descriptions/{inside}", samples.ICD10CM)
    if first is not None:
        assert plan([path], Given()).releases[0].valid_from.isoformat() == first
        return
    with pytest.raises(ClaimsError, match="the zip's name says") as caught:
        plan([path], Given())
    assert caught.value.code == "REFERENCE_PERIOD_UNKNOWN"
    assert "--from" in caught.value.hint
    (told,) = plan([path], Given(valid_from=date(2026, 4, 1))).releases
    assert told.valid_from == date(2026, 4, 1)


UNUSED = {
    "25LOCCO.csv": "localities and their counties",
    "ZIP5lyout.txt": "the layout of a ZIP code file",
    "ncci_aoc.csv": "NCCI add-on codes",
    "ncci_ptp_practitioner_2024q3.csv.gz": "NCCI procedure pairs",
    "hcpcs_level2_2024.csv": "HCPCS level II",
    "taxonomy_codes.csv": "provider taxonomy",
    "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv": "medically unlikely",
    "anesthesia_base_units_2022.txt": "anesthesia base units",
}


@pytest.mark.parametrize("file", UNUSED)
def test_a_real_file_without_use_is_named(cms_data_dir: Path, file: str) -> None:
    (source,) = open_sources(cms_data_dir / file)
    assert UNUSED[file] in str(known_but_unused(source))


def test_amounts_that_cms_computed_are_named(cms_truth_dir: Path) -> None:
    (source,) = open_sources(cms_truth_dir / "PFREV4.txt")
    assert "PFREV" in str(known_but_unused(source))
