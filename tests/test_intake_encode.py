"""Encoding: what may stand in clear, what is found at the edge, and no value in a reason."""

import json
import re
from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.claim import grammar
from app.generate import AS_OF, Generator
from app.intake.encode import CLAIM_COLUMNS, FAILED_COLUMNS, LINE_COLUMNS, Encoded, encode_batch
from app.vault import Sealed
from tests.vault_support import key_ring

RING = key_ring(bytes(range(32)), bytes(32))
BATCH = 5
SURNAME = "Zebedee"
NO_NUMBER = "is a text that is no number"
CODE_FIELDS = [
    "frequency_code",
    "payer_id",
    "billing_npi",
    "billing_taxonomy",
    "rendering_npi",
    "rendering_taxonomy",
    "patient.sex",
    "service_location.zip",
    "service_location.carrier",
    "service_location.locality",
    "diagnoses[1]",
    "service_lines[0].hcpcs",
    "service_lines[0].modifiers[0]",
    "service_lines[0].place_of_service",
]

Json = dict[str, Any]


def a_claim() -> Json:
    """Return a claim without faults that has every field."""
    claim: Json = json.loads(next(iter(Generator(1, 1, AS_OF, 0))))
    claim["patient"] |= {"middle_name": "Q", "phone": "2175550100"}
    claim["service_location"] = {"zip": "60601", "carrier": "06102", "locality": "16"}
    claim["diagnoses"] = ["e11.9 ", "I10"]
    claim["service_lines"] = [claim["service_lines"][0]]
    claim["service_lines"][0] |= {"modifiers": ["25", ""], "minutes": 30}
    claim["service_lines"][0]["date_of_service_to"] = claim["service_lines"][0]["date_of_service"]
    claim["total_charge"] = claim["service_lines"][0]["charge"]
    return claim


def changed(path: str, value: object) -> Json:
    """Return the claim with another value at a path such as `service_lines[0].hcpcs`."""
    claim = a_claim()
    *parents, last = path.replace("[", ".").replace("]", "").split(".")
    part: Any = claim
    for key in parents:
        part = part[int(key) if key.isdigit() else key]
    part[int(last) if last.isdigit() else last] = value
    return claim


def encoded(*claims: Json | bytes) -> Encoded:
    records = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in claims]
    return encode_batch(records, range(1, len(records) + 1), RING, BATCH)


def staged(claim: Json) -> Json:
    """Return the staging row of a claim that decodes, by column."""
    result = encoded(claim)
    assert result.reasons == []
    return dict(zip(CLAIM_COLUMNS, result.claims[0], strict=True))


def findings(claim: Json) -> list[Json]:
    found: list[Json] = json.loads(staged(claim)["intake_findings"] or "[]")
    return found


def decrypted(row: Json, column: str) -> str:
    sealed = Sealed(row["claim_id"], BATCH, row["erasure_id"])
    return RING.decrypt(sealed, column, row[column])


def test_every_phi_field_comes_back_and_codes_stand_in_clear() -> None:
    claim = a_claim()
    row = staged(claim)
    patient = claim["patient"]
    assert {
        column: decrypted(row, column)
        for column in CLAIM_COLUMNS
        if isinstance(row[column], bytes) and not column.endswith("_token")
    } == {
        "claim_number": claim["claim_number"],
        "member_id": patient["member_id"],
        "patient_last_name": patient["last_name"],
        "patient_first_name": patient["first_name"],
        "patient_middle_name": "Q",
        "patient_birth_date": patient["birth_date"],
        "patient_address_line": patient["address"]["line"],
        "patient_city": patient["address"]["city"],
        "patient_state": patient["address"]["state"],
        "patient_zip": patient["address"]["zip"],
        "patient_phone": "2175550100",
    }
    assert row["diagnoses"] == "{E119,I10}"
    assert row["service_zip"] == "60601"
    assert row["total_charge"] == Decimal(str(claim["total_charge"]))
    assert row["intake_findings"] is None
    line = dict(zip(LINE_COLUMNS, encoded(claim).lines[0], strict=True))
    assert line["modifiers"] == "{25}"
    assert line["service_date"] == line["service_date_to"] == row["first_service_date"]


@pytest.mark.parametrize("path", CODE_FIELDS)
@pytest.mark.parametrize(
    "text", [SURNAME, SURNAME.upper(), "O'Neil\0", "\uff21\uff11", "Ng\t{,}\\N"]
)
def test_a_name_in_a_code_field_is_encrypted_and_found(path: str, text: str) -> None:
    result = encoded(changed(path, text))
    row = dict(zip(CLAIM_COLUMNS, result.claims[0], strict=True))
    line = int("service_lines" in path)
    assert json.loads(row["intake_findings"]) == [{"rule": "V001", "line": line, "field": path}]
    assert json.loads(decrypted(row, "malformed_values")) == {path: text}
    assert text.lower() not in str(result).lower()


@pytest.mark.parametrize("name", ["date_of_service", "date_of_service_to"])
@pytest.mark.parametrize("text", ["2025-02-30", "20250101", "2025-W01-1", "1899-12-31", SURNAME])
def test_a_service_date_that_is_none_is_found(name: str, text: str) -> None:
    path = f"service_lines[0].{name}"
    row = staged(changed(path, text))
    assert json.loads(row["intake_findings"]) == [{"rule": "V002", "line": 1, "field": path}]
    assert json.loads(decrypted(row, "malformed_values")) == {path: text}
    if name == "date_of_service":
        assert row["first_service_date"] is None
        assert row["patient_age"] is None


@pytest.mark.parametrize("text", ["", " ", "A", "12?4", "A" * 81, "--"])
def test_a_malformed_member_id_is_found_and_has_no_token(text: str) -> None:
    row = staged(changed("patient.member_id", text))
    assert json.loads(row["intake_findings"]) == [
        {"rule": "V003", "line": 0, "field": "patient.member_id"}
    ]
    assert row["member_token"] is None
    assert decrypted(row, "member_id") == text


@pytest.mark.parametrize(
    ("born", "age", "rule"),
    [
        ("2025-13-01", None, "V004"),
        ("", None, "V004"),
        ("2026-06-16", None, "V005"),
        ("2026-06-15", 0, None),
        ("2000-06-15", 26, None),
        ("2000-06-16", 25, None),
        ("1936-06-16", 89, None),
        ("1936-06-15", 90, None),
        ("1901-06-16", 90, None),
        ("1901-06-15", 90, "V007"),
    ],
)
def test_age_at_first_service(born: str, age: int | None, rule: str | None) -> None:
    claim = changed("patient.birth_date", born)
    line = claim["service_lines"][0]
    claim["service_lines"] = [line | {"date_of_service": "2026-06-20"}, deepcopy(line)]
    claim["service_lines"][1]["date_of_service"] = "2026-06-15"
    row = staged(claim)
    assert row["patient_age"] == age
    assert row["first_service_date"] == date(2026, 6, 15)
    rules = [one["rule"] for one in json.loads(row["intake_findings"] or "[]")]
    assert rules == ([rule] if rule else [])
    assert (row["patient_token"] is None) == (rule == "V004")


def test_optional_codes_may_be_blank() -> None:
    claim = changed("rendering_npi", " ")
    claim |= {"rendering_taxonomy": None, "service_location": {}}
    row = staged(claim)
    assert row["intake_findings"] is None
    assert row["rendering_npi"] is row["rendering_taxonomy"] is row["service_zip"] is None


def test_tokens_are_those_of_the_same_person_typed_differently() -> None:
    one = staged(changed("patient.last_name", "O'Malley"))
    two = staged(changed("patient.last_name", "OMALLEY "))
    assert one["patient_token"] == two["patient_token"]
    assert (
        staged(changed("claim_number", "a1"))["claim_number_token"]
        != (staged(changed("claim_number", "A1"))["claim_number_token"])
    )


@pytest.mark.parametrize(
    ("path", "value", "where", "reason"),
    [
        *(
            ("service_lines[0].charge", text, "service_lines[0].charge", NO_NUMBER)
            for text in (
                SURNAME,
                "NaN",
                "sNaN",
                "Infinity",
                "5_3_1.07",
                "+1",
                " 1",
                "1 ",
                "1e2",
                "",
            )
        ),
        *(
            ("service_lines[0].units", text, "service_lines[0].units", NO_NUMBER)
            for text in ("1_0", "\u0661\u0660", "\uff11", "0x1", "1,0", "1.0.0", "--1", ".")
        ),
        ("total_charge", "9" * 400, "total_charge", "is not between -10000000000 and 10000000000"),
        ("total_charge", "1.001", "total_charge", "has more than 2 decimals"),
        (
            "service_lines[0].units",
            1_000_000,
            "service_lines[0].units",
            "is not between -1000000 and 1000000",
        ),
        ("total_charge", True, "total_charge", "has to be a number, and is true or false"),
        ("claim_number", 5, "claim_number", "has to be a text, and is a number"),
        ("claim_number", " ", "claim_number", "is blank"),
        ("payer_id", "1" * 101, "payer_id", "has more than 100 characters"),
        ("patient.address", {"line": "x"}, "patient.address.city", "is missing"),
        ("patient.last_name", "", "patient.last_name", "is empty"),
        ("diagnoses", [], "diagnoses", "is empty"),
        ("service_lines", [], "service_lines", "is empty"),
        (
            "service_lines[0].modifiers",
            ["25"] * 5,
            "service_lines[0].modifiers",
            "has more than 4 entries",
        ),
        (
            "service_lines[0].modifiers",
            [25],
            "service_lines[0].modifiers[0]",
            "has to be a text, and is a number",
        ),
        ("service_lines[0].minutes", -1, "service_lines[0].minutes", "is less than 0"),
        (
            "service_lines[0].minutes",
            1.5,
            "service_lines[0].minutes",
            "has to be a whole number, and is a number with decimals",
        ),
        ("patient.phone", ["x"], "patient.phone", "has to be a text, and is a list"),
        (
            "service_lines[0].minuts",
            5,
            "service_lines[0].minuts",
            "is not known: did you mean minutes?",
        ),
        ("patient.nickname", "x", "patient.nickname", "is not known"),
        (f"patient.{SURNAME}", 1, "patient", "has a field that is not known"),
        ("service_lines[0].minutes", 10**30, "service_lines[0].minutes", "is more than 99999"),
    ],
)
def test_a_decode_failure_names_the_field_and_no_value(
    path: str, value: object, where: str, reason: str
) -> None:
    claim = changed(path, value)
    result = encoded(a_claim(), claim)
    row = dict(zip(FAILED_COLUMNS, result.failed[0], strict=True))
    assert json.loads(row["reasons"]) == [{"rule": "D000", "field": where, "reason": reason}]
    assert SURNAME not in str(result)
    assert row["position_in_batch"] == 2
    assert len(result.claims) == 1
    assert json.loads(decrypted(row, "original")) == claim
    number = claim["claim_number"]
    assert (row["claim_number_token"] is not None) == (isinstance(number, str) and number != " ")


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"{",
        b"nul",
        b"[1]",
        b"\xff\xfe{",
        b'{"claim_number": "\xff"}',
        rb'{"claim_number": "\ud800"}',
        b'{"claim_number": "\x00"}',
        b'{"claim_number": "1", "x": ' + b"[" * 100_000,
        b'{"claim_number": "Zebedee" "Zebedee"}',
        b'"' + b"x" * (1 << 20) + b'"',
    ],
)
def test_what_is_no_json_fails_and_is_kept(record: bytes) -> None:
    result = encoded(record)
    row = dict(zip(FAILED_COLUMNS, result.failed[0], strict=True))
    assert decrypted(row, "original").encode("utf-8", "surrogateescape") == record
    assert SURNAME not in row["reasons"]


def test_amounts_are_exact_and_plain() -> None:
    claim = json.dumps(a_claim()).encode()
    start, end = claim.index(b'"total_charge"'), claim.index(b', "service_lines"')
    for text in (
        b"0.10000",
        b'"-0.1"',
        b'"5."',
        b'".5"',
        b"-0e-999999",
        b'"9999999999.99"',
        b" 1e2",
    ):
        row = encoded(claim[:start] + b'"total_charge": ' + text + claim[end:]).claims[0]
        amount = row[CLAIM_COLUMNS.index("total_charge")]
        assert amount == Decimal(text.decode().strip(' "'))
        assert amount.as_tuple().exponent == -2


# What Decimal reads and nobody else, and what nobody reads: with all that may stand in a number.
NUMBER_LIKE = st.text(alphabet="0123456789.-+_eE \t\u0661\uff11NaInfity", max_size=9) | st.text(
    max_size=4
)


@given(
    text=NUMBER_LIKE,
    field=st.sampled_from(["units", "charge", "total_charge"]),
    hidden=st.booleans(),
)
@settings(max_examples=2000, deadline=None)
def test_a_text_is_a_number_by_its_grammar_alone(text: str, field: str, *, hidden: bool) -> None:
    """Whatever Python takes for one; and where the name of the field is written in escapes."""
    claim = a_claim()
    holder = claim if field == "total_charge" else claim["service_lines"][0]
    holder[field] = text
    record = json.dumps(claim).encode()
    if hidden:
        record = record.replace(
            f'"{field}"'.encode(), f'"\\u{ord(field[0]):04x}{field[1:]}"'.encode()
        )
    is_number = re.fullmatch(r"-?(\d+\.?\d*|\.\d+)", text, re.ASCII) is not None
    result = encoded(record)
    where = field if field == "total_charge" else f"service_lines[0].{field}"
    if not is_number:
        assert result.reasons == [(where, "is a text that is no number")]
    elif result.reasons:
        assert result.reasons[0][0] == where
        assert "decimals" in result.reasons[0][1] or "is not between" in result.reasons[0][1]
    elif field == "total_charge":
        assert result.claims[0][CLAIM_COLUMNS.index(field)] == Decimal(text)
    else:
        assert result.lines[0][LINE_COLUMNS.index(field)] == Decimal(text)


@given(amount=st.decimals(-(10**10) + 1, 10**10 - 1, places=2), as_text=st.booleans())
@settings(max_examples=500, deadline=None)
def test_an_amount_keeps_every_digit(amount: Decimal, *, as_text: bool) -> None:
    claim = json.dumps(a_claim() | {"total_charge": "here"}).encode()
    written = f'"{amount:f}"' if as_text else f"{amount:f}"
    row = encoded(claim.replace(b'"here"', written.encode())).claims[0]
    assert row[CLAIM_COLUMNS.index("total_charge")] == amount


@pytest.mark.parametrize(
    ("grammar_of", "codes", "others"),
    [
        (grammar.npi, ["1234567893"], ["123456789", "12345678931", "\uff11" * 10]),
        (grammar.taxonomy, ["207Q00000X"], ["207Q00000", "ABCDEFGHIX"]),
        (grammar.hcpcs, ["99213", "G0439", "0001F", "0075T"], ["9921", "SMITH", "A12"]),
        (grammar.modifier, ["25", "GP", ""], ["2", "GP1", "ß"]),
        (grammar.place_of_service, ["11"], ["1", "1A"]),
        (grammar.icd10cm, ["I10", "E11.9", "S61411A", "Z3A20", "C7A1"], ["SMITH", "I1", "E11."]),
        (grammar.payer_id, ["60054", "SX109", "12B42"], ["SMITH", "12", "MEMBER12345"]),
        (grammar.zip_code, ["60601", "60601-1234", "606011234"], ["6060", "60601-12"]),
        (grammar.carrier, ["06102"], ["6102"]),
        (grammar.frequency_code, ["1", "7"], ["0", "11", "A"]),
        (grammar.sex, ["F", "X"], ["FM", ""]),
    ],
)
def test_grammars(grammar_of: Any, codes: list[str], others: list[str]) -> None:  # noqa: ANN401
    for code in codes:
        assert grammar_of(f" {code.lower()} ") == code.replace(".", "").replace("-", "")
    assert [grammar_of(other) for other in others] == [None] * len(others)
