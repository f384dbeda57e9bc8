"""`claims price`: every column counts, what comes out is what went in, and no bad row is priced."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.pricing import file as pricing
from app.program.paths import DATA_DIR
from tests.servers import Database, Server

Row = dict[str, str]

OFFICE: Final = "11"
MANHATTAN: Final = {"carrier": "13202", "locality": "01"}
ZIP_IN_MANHATTAN: Final = "10028"
ZIP_THAT_NEEDS_MORE: Final = "77082"
LINE: Final[Row] = {
    "date_of_service": "2026-03-02",
    **MANHATTAN,
    "hcpcs": "99213",
    "modifiers": "",
    "place_of_service": OFFICE,
    "units": "1",
}
ADDED: Final = ["allowed_amount", "status", "steps"]


@pytest.fixture(scope="module", autouse=True)
def priced_in(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database for all tests of this module: pricing writes nothing but the starter data."""
    with pytest.MonkeyPatch.context() as patch, server.database(server.migrated) as database:
        database.use(patch, tmp_path_factory.mktemp("priced"))
        yield database


def invoke(text: str | bytes, *options: str) -> Result:
    return CliRunner().invoke(main, ["price", "-", *options], input=text)


def priced(*lines: Row) -> list[Row]:
    """Price lines, each of which has the same columns; the rows that come out."""
    given = io.StringIO()
    writer = csv.DictWriter(given, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    result = invoke(given.getvalue())
    assert result.exit_code == 0, result.output
    reader = csv.DictReader(io.StringIO(result.stdout))
    rows = list(reader)
    assert reader.fieldnames == [*lines[0], *ADDED]
    assert [{name: row[name] for name in lines[0]} for row in rows] == list(lines)
    return rows


def refused(text: str | bytes) -> tuple[str, str]:
    """Price what must be refused; the code and the message. Nothing is priced."""
    result = invoke(text)
    assert result.exit_code == 1
    assert result.stdout == ""
    told = invoke(text, "--json")
    error = json.loads(told.stdout)["error"]
    assert error["message"] in result.stderr
    assert f"{error['hint']} [{error['code']}]" in result.stderr
    return error["code"], error["message"]


def starter(name: str, **wanted: str) -> Row:
    with (DATA_DIR / name).open(encoding="utf-8", newline="") as file:
        (row,) = (
            row
            for row in csv.DictReader(file)
            if all(row[column] == value for column, value in wanted.items())
        )
    return row


def fee(hcpcs: str, *, facility: bool = False, modifier: str = "") -> Decimal:
    """Compute a fee in Manhattan in 2026 by the formula, from the starter files themselves."""
    rvu = starter("rvu_data.csv", release="starter 2026", hcpcs=hcpcs, modifier=modifier)
    gpci = starter("localities.csv", release="starter 2026", **MANHATTAN)
    practice = rvu["facility_pe_rvu" if facility else "non_facility_pe_rvu"]
    return (
        Decimal(rvu["work_rvu"]) * Decimal(gpci["work_gpci_floored"])
        + Decimal(practice) * Decimal(gpci["practice_expense_gpci"])
        + Decimal(rvu["malpractice_rvu"]) * Decimal(gpci["malpractice_gpci"])
    ) * Decimal(rvu["conversion_factor"])


def cents(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))


def test_the_fee_of_a_line_is_the_formula() -> None:
    (row,) = priced(LINE)
    assert row["allowed_amount"] == cents(fee("99213"))
    assert row["status"] == "priced"
    assert row["steps"].startswith("fee_schedule 33.4009 = ")


@pytest.mark.parametrize(
    ("change", "amount"),
    [
        ({"place_of_service": "21"}, cents(fee("99213", facility=True))),
        ({"units": "3"}, cents(3 * fee("99213"))),
        ({"units": "3.0"}, cents(3 * fee("99213"))),
        ({"hcpcs": "93306", "modifiers": "26"}, cents(fee("93306", modifier="26"))),
        ({"hcpcs": "93306", "modifiers": "59, 26"}, cents(fee("93306", modifier="26"))),
        ({"hcpcs": "93306", "modifiers": "59:TC|"}, cents(fee("93306", modifier="TC"))),
        ({"charge": "10.00"}, "10.00"),
        ({"charge": "1000"}, cents(fee("99213"))),
        ({"charge": ""}, cents(fee("99213"))),
    ],
)
def test_each_column_counts(change: Row, amount: str) -> None:
    (row,) = priced(LINE | change)
    assert (row["allowed_amount"], row["status"]) == (amount, "priced")


def test_the_date_gives_the_year_of_the_schedule() -> None:
    before, after = priced(
        LINE | {"date_of_service": "2025-12-31"}, LINE | {"date_of_service": "2026-01-01"}
    )
    assert before["steps"].startswith("fee_schedule 32.3465 = ")
    assert after["steps"].startswith("fee_schedule 33.4009 = ")


def test_a_zip_code_stands_for_carrier_and_locality() -> None:
    """Of five or nine digits; what is given of carrier and locality goes before it."""
    line = {name: text for name, text in LINE.items() if name not in MANHATTAN}
    five, nine = priced(
        line | {"zip": ZIP_IN_MANHATTAN}, line | {"zip": f"{ZIP_IN_MANHATTAN}-1234"}
    )
    both, alaska = priced(
        LINE | {"zip": "00000"},
        LINE | {"carrier": "02102", "locality": "01", "zip": ZIP_IN_MANHATTAN},
    )
    expected = cents(fee("99213"))
    assert five["allowed_amount"] == nine["allowed_amount"] == both["allowed_amount"] == expected
    assert alaska["allowed_amount"] > expected


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"zip": ZIP_THAT_NEEDS_MORE}, "zip_plus_four"),
        ({"zip": "00000"}, "zip_list_incomplete"),
        ({"zip": ZIP_THAT_NEEDS_MORE + "0001"}, "zip_plus_four_unlisted"),
        ({"zip": ""}, "locality_unknown"),
        ({"zip": "", "carrier": "99999", "locality": "99"}, "locality_unknown"),
        ({"zip": ZIP_IN_MANHATTAN, "hcpcs": "64999"}, "contractor_priced"),
        ({"zip": ZIP_IN_MANHATTAN, "hcpcs": "99999"}, "unknown_code"),
        ({"zip": ZIP_IN_MANHATTAN, "date_of_service": "2020-01-01"}, "no_release"),
    ],
)
def test_a_line_without_an_amount_has_a_reason(change: Row, reason: str) -> None:
    """Never a national amount."""
    (row,) = priced(LINE | {"carrier": "", "locality": ""} | change)
    assert (row["allowed_amount"], row["status"]) == ("", "pended")
    assert row["steps"].startswith(f"{reason}: ")


def test_a_line_that_is_not_paid_is_zero() -> None:
    with (DATA_DIR / "rvu_data.csv").open(encoding="utf-8", newline="") as file:
        not_paid = next(
            row["hcpcs"]
            for row in csv.DictReader(file)
            if row["release"] == "starter 2026" and row["status_code"] in {"N", "I"}
        )
    (row,) = priced(LINE | {"hcpcs": not_paid})
    assert (row["allowed_amount"], row["status"]) == ("0.00", "not_covered")


def test_lines_of_a_group_are_priced_together_wherever_they_stand() -> None:
    """Two imaging studies of one patient depend on each other; those of two patients do not."""
    brain, chest = LINE | {"hcpcs": "70450"}, LINE | {"hcpcs": "71250"}
    alone = priced(brain | {"group": "a"}, LINE | {"group": "b"}, chest | {"group": "c"})
    together = priced(brain | {"group": "a"}, LINE | {"group": "b"}, chest | {"group": "a"})
    ungrouped = priced(brain | {"group": ""}, LINE | {"group": ""}, chest | {"group": ""})
    assert [row["status"] for row in alone] == 3 * ["priced"]
    assert [row["steps"] for row in ungrouped] == [row["steps"] for row in alone]
    assert together[1]["steps"] == alone[1]["steps"]
    assert together[0]["steps"] != alone[0]["steps"] or together[2]["steps"] != alone[2]["steps"]


def test_the_taxonomy_of_the_rendering_provider_counts() -> None:
    physician, practitioner = priced(
        LINE | {"taxonomy": "207Q00000X"}, LINE | {"taxonomy": "363LF0000X"}
    )
    assert physician["allowed_amount"] == cents(fee("99213"))
    assert practitioner["steps"] != physician["steps"]


def test_minutes_are_taken() -> None:
    (row,) = priced(LINE | {"hcpcs": "00142", "modifiers": "AA", "minutes": "47"})
    assert row["minutes"] == "47"


def test_chunks_give_the_same_prices_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        LINE | {"hcpcs": hcpcs, "units": str(number), "group": group}
        for number, (hcpcs, group) in enumerate(
            zip(
                5 * ["99213", "70450", "71250", "93000"], 4 * ["a", "b", "", "a", "c"], strict=True
            ),
            start=1,
        )
    ]
    whole = priced(*lines)
    monkeypatch.setattr(pricing, "CHUNK_LINES", 3)
    assert priced(*lines) == whole


def test_columns_come_back_as_they_were_given() -> None:
    """In any order and case, with more than pricing knows, as spreadsheets write them."""
    given = (
        '\ufeffnote, Units ,Place_Of_Service,ZIP,HCPCS,"Modifiers",DATE_OF_SERVICE\r\n'
        '"say ""hi"",\r\nthere",1,11,10028,99213,"25, 59",2026-03-02\r\n'
        "\r\n"
        ",1,2,10028,99213,,2026-03-02\r\n"
    )
    result = invoke(given.encode())
    assert result.exit_code == 0, result.output
    heading, first, second = csv.reader(io.StringIO(result.stdout_bytes.decode(), newline=""))
    assert (
        heading == given.removeprefix("\ufeff").split("\r\n")[0].replace('"', "").split(",") + ADDED
    )
    assert first[:-1] == [
        *('say "hi",\r\nthere', "1", "11", "10028", "99213", "25, 59", "2026-03-02"),
        *(cents(fee("99213")), "priced"),
    ]
    assert second[2] == "2"
    assert second[-3] == cents(fee("99213", facility=True))
    assert "Passed on, and not used for pricing: note" in result.stderr


def test_zeros_that_a_spreadsheet_took_are_put_back() -> None:
    whole, shortened = priced(
        LINE | {"carrier": "02102", "locality": "01"}, LINE | {"carrier": "2102", "locality": "1"}
    )
    assert whole["allowed_amount"] == shortened["allowed_amount"] != ""


def test_json_is_an_array_of_the_rows_with_exact_amounts() -> None:
    text = ",".join(LINE) + "\n" + ",".join((LINE | {"units": "2"}).values()) + "\n"
    text += ",".join((LINE | {"hcpcs": "64999"}).values()) + "\n"
    first, second = json.loads(invoke(text, "--json").stdout, parse_float=Decimal)
    steps = first.pop("steps")
    assert first == LINE | {
        "units": "2",
        "allowed_amount": Decimal(cents(2 * fee("99213"))),
        "status": "priced",
        "reason_code": None,
        "reason": None,
    }
    assert [(step["step"], step["factor"]) for step in steps] == [
        ("fee_schedule", Decimal("33.4009")),
        ("units", 2),
    ]
    assert [step["title"] for step in steps] == ["fee", "units"]
    for step, amount in zip(steps, (fee("99213"), 2 * fee("99213")), strict=True):
        assert abs(step["amount"] - amount) < Decimal("0.0001")
    assert second["allowed_amount"] is None
    assert (second["status"], second["reason_code"]) == ("pended", "contractor_priced")
    assert (second["reason"], second["steps"]) == ("the contractor sets the price", [])


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_a_file_with_a_heading_alone_gives_a_heading_alone(option: list[str]) -> None:
    result = invoke(",".join(LINE) + "\n", *option)
    assert result.exit_code == 0
    assert result.stdout == ("[]\n" if option else ",".join([*LINE, *ADDED]) + "\n")


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "lines of today.csv"
    file.write_text(",".join(LINE) + "\n" + ",".join(LINE.values()) + "\n")
    result = CliRunner().invoke(main, ["price", str(file)])
    assert result.exit_code == 0
    assert cents(fee("99213")) in result.stdout


@pytest.mark.parametrize("missing", [True, False])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, *, missing: bool) -> None:
    file = tmp_path / "none" if missing else tmp_path
    result = CliRunner().invoke(main, ["price", str(file), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"] == "PRICE_FILE_UNREADABLE"
    assert str(file) in result.stderr


@pytest.mark.parametrize(
    ("heading", "told"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("date_of_service;hcpcs", "date_of_service is missing; hcpcs is missing"),
        (",".join(LINE).replace("units", "unit"), "'unit' is not known; did you mean units?"),
        (",".join(LINE).replace("locality,", ""), "carrier and locality go together"),
        (
            ",".join(LINE).replace("carrier,locality,", ""),
            "carrier and locality are missing, and zip that could stand for them",
        ),
        (",".join(LINE) + ", UNITS", "units stands there twice"),
        (",".join(LINE) + ",status", "status is what this command adds"),
    ],
)
def test_a_bad_heading_is_refused(heading: str, told: str) -> None:
    code, message = refused(heading)
    assert code == "PRICE_COLUMNS_INVALID"
    assert told in message


BAD_CELLS: Final = {
    "date_of_service": ["3/2/2026", "2026-02-30", "20260302", ""],
    "carrier": ["132020", "NY", ""],
    "locality": ["001", ""],
    "hcpcs": ["99213-25", "Hildegard", ""],
    "modifiers": ["255", "25 5", "Jr."],
    "place_of_service": ["111", "office", ""],
    "units": ["0", "-1", "0.5", "one", "NaN", "Infinity", "1000000", ""],
    "zip": ["100288", "London"],
    "charge": ["0", "-5", "1.005", "$5", "1e99", "NaN"],
    "minutes": ["-1", "1.5", "an hour", "100000"],
    "taxonomy": ["207Q", "Family medicine"],
}


@pytest.mark.parametrize(
    ("column", "cell"), [(column, cell) for column, cells in BAD_CELLS.items() for cell in cells]
)
def test_a_bad_cell_is_refused_with_its_line_and_column(column: str, cell: str) -> None:
    good = LINE | dict.fromkeys(("zip", "charge", "minutes", "taxonomy"), "")
    rows = [good, good | {column: cell}]
    text = "\n".join([",".join(good), "", *(",".join(row.values()) for row in rows)])
    code, message = refused(text)
    assert code == "PRICE_ROW_INVALID"
    (problem,) = message.splitlines()[1:]
    if column in MANHATTAN and not cell:
        assert problem == "  line 4 carrier, locality: one is there without the other"
        return
    assert problem.startswith(f"  line 4 {column}: ")
    assert (repr(cell) in problem) == bool(cell)


def test_all_bad_rows_are_told_at_once() -> None:
    rows = [
        LINE | {"units": "0", "locality": ""},
        LINE,
        LINE | {"hcpcs": "x" * 500, "modifiers": "abc"},
    ]
    lines = [",".join(LINE), *(",".join(row.values()) for row in rows), "too,few"]
    _, message = refused("\n".join(lines))
    assert [problem.split(":")[0].strip() for problem in message.splitlines()[1:]] == [
        *("line 2 units", "line 2 carrier, locality", "line 4 hcpcs", "line 4 modifiers"),
        "line 5 has 2 values for 7 columns",
    ]
    assert max(map(len, message.splitlines())) < 120


def test_of_many_bad_rows_the_first_are_told_and_the_others_counted() -> None:
    lines = [",".join(LINE), *(200 * [",".join((LINE | {"units": "x"}).values())])]
    _, message = refused("\n".join(lines))
    assert message.splitlines()[-1].strip() == "and 150 more"


def test_a_group_that_line_numbers_cannot_count_is_refused() -> None:
    lines = [",".join(LINE) + ",group", *(32_768 * [",".join(LINE.values()) + ",a"])]
    _, message = refused("\n".join(lines))
    assert message.splitlines()[1:] == ["  line 32769 group: has more than 32,767 lines"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\ufeffdate_of_service".encode("utf-16"), "line 1 is not UTF-8"),
        (f"{','.join(LINE)}\n".encode() + b"\xff\n", "line 2 is not UTF-8"),
        (f'{",".join(LINE)}\n2026-03-02,"'.encode(), "line 2 is no CSV"),
        (f"{','.join(LINE)}\n{'x' * 200_000}".encode(), "line 2 is no CSV"),
        (bytes(range(1, 256)), "date_of_service is missing"),
    ],
)
def test_what_is_no_csv_is_refused(text: bytes, told: str) -> None:
    code, message = refused(text)
    assert code in {"PRICE_ROW_INVALID", "PRICE_COLUMNS_INVALID"}
    assert told in message
