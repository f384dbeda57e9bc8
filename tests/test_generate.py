"""The generator: the same for the same seed, correct where it should be, faults as stated."""

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from app.claim.model import Claim
from app.cli import main
from app.generate import AS_OF, FAULT_SHARE, FAULTS, Generator
from app.generate.claims import SERVICE_DAYS, Dice, npi
from app.generate.faults import (
    UNASSIGNED_PLACE,
    UNKNOWN_DIAGNOSIS,
    UNKNOWN_PROCEDURE,
    UNKNOWN_ZIP,
    UNLISTED_PROCEDURE,
    UNSPECIFIC_DIAGNOSIS,
)
from app.generate.practice import SPECIALTIES
from app.program.paths import DATA_DIR

SAMPLE = DATA_DIR / "sample_claims.ndjson.gz"


def rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA_DIR / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def is_valid_npi(number: str) -> bool:
    """Check the digit by the definition: Luhn over 80840 and the NPI."""
    digits = [int(digit) for digit in reversed("80840" + number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return len(number) == 10 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


@pytest.fixture(scope="module")
def faultless() -> list[Claim]:
    return [msgspec.json.decode(line, type=Claim) for line in Generator(3000, 5, AS_OF, 0)]


def test_the_same_seed_gives_the_same_claims() -> None:
    first, second, other = (b"".join(Generator(500, seed, AS_OF, 0.5)) for seed in (1, 1, 2))
    assert first == second != other


def test_the_sample_is_what_the_generator_gives() -> None:
    sample = gzip.decompress(SAMPLE.read_bytes())
    assert sample == b"".join(Generator(1000, 1, AS_OF, FAULT_SHARE))


def test_npis_have_the_right_check_digit(faultless: list[Claim]) -> None:
    dice = Dice(3)
    assert all(is_valid_npi(npi(dice)) for _ in range(1000))
    assert is_valid_npi("1234567893")
    assert all(is_valid_npi(claim.billing_npi) for claim in faultless)


def test_faultless_claims_hang_together(faultless: list[Claim]) -> None:
    numbers = {claim.claim_number for claim in faultless}
    assert len(numbers) == len(faultless) == 3000
    lines = [line for claim in faultless for line in claim.service_lines]
    assert 2.2 < len(lines) / len(faultless) < 2.8
    earliest = (AS_OF - timedelta(SERVICE_DAYS)).isoformat()
    for claim in faultless:
        assert claim.total_charge == sum(line.charge for line in claim.service_lines)
        for line in claim.service_lines:
            assert line.charge > 0
            assert max(line.diagnosis_pointers) <= len(claim.diagnoses)
            assert earliest <= line.date_of_service < AS_OF.isoformat()
            assert claim.patient.birth_date < line.date_of_service
        billed = [(line.hcpcs, line.modifiers) for line in claim.service_lines]
        assert len(set(billed)) == len(billed)


def test_faultless_claims_use_codes_of_the_starter_data(faultless: list[Claim]) -> None:
    fees = {(row["hcpcs"], row["modifier"]) for row in rows("rvu_data.csv")}
    codes = {hcpcs for hcpcs, _ in fees}
    billable = {row["icd10cm"] for row in rows("icd10cm_codes.csv")}
    places = {row["place_of_service"] for row in rows("place_of_service_codes.csv")}
    zips = {row["zip5"]: row["plus_four_required"] for row in rows("zip_localities.csv")}
    localities = {(row["carrier"], row["locality"]) for row in rows("localities.csv")}
    for specialty in SPECIALTIES:
        assert {one.hcpcs for one in (*specialty.visits, *specialty.services)} <= codes
        assert set(specialty.diagnoses.split()) <= billable
        assert set(specialty.places.split()) <= places
    for claim in faultless:
        location = claim.service_location
        if location.zip is None:
            assert (location.carrier, location.locality) in localities
        else:
            assert zips[location.zip] == "0"
        for line in claim.service_lines:
            assert {"26", "TC"}.isdisjoint(line.modifiers) or (line.hcpcs, "26") in fees
    assert any(claim.service_location.zip is None for claim in faultless)


def test_codes_that_should_not_exist_do_not() -> None:
    procedures = {row["hcpcs"]: row["status_code"] for row in rows("rvu_data.csv")}
    billable = {row["icd10cm"] for row in rows("icd10cm_codes.csv")}
    settings = {
        row["place_of_service"]: row["is_facility"] for row in rows("place_of_service_codes.csv")
    }
    assert UNKNOWN_PROCEDURE not in procedures
    assert procedures[UNLISTED_PROCEDURE] == "C"
    assert not any(code.startswith(UNKNOWN_DIAGNOSIS[:4]) for code in billable)
    assert UNSPECIFIC_DIAGNOSIS not in billable
    assert any(code.startswith(UNSPECIFIC_DIAGNOSIS) for code in billable)
    assert settings[UNASSIGNED_PLACE] == "Unassigned"
    assert UNKNOWN_ZIP not in {row["zip5"] for row in rows("zip_localities.csv")}


def test_codes_that_should_not_exist_do_not_in_the_published_lists(cms_data_dir: Path) -> None:
    with (cms_data_dir / "PPRRVU2025_Oct.csv").open(encoding="latin-1", newline="") as file:
        assert UNKNOWN_PROCEDURE not in {row[0] for row in csv.reader(file) if row}
    codes = (cms_data_dir / "icd10cm_codes_2026_codesonly.txt").read_text().split()
    assert UNKNOWN_DIAGNOSIS not in codes
    assert UNSPECIFIC_DIAGNOSIS not in codes
    zips = (cms_data_dir / "ZIP5_OCT2025.txt").read_text(encoding="latin-1").splitlines()
    assert UNKNOWN_ZIP not in {line[2:7] for line in zips}


def test_each_kind_of_fault_has_its_stated_share() -> None:
    generator = Generator(40_000, 9, AS_OF, FAULT_SHARE)
    assert sum(1 for _ in generator) == 40_000
    for fault in FAULTS:
        stated = fault.share * 40
        assert abs(generator.faults[fault.name] - stated) < 5 * stated**0.5, fault.name


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.2, 150, 250), (1, 999, 1000)])
def test_the_share_of_faults_can_be_told(share: float, least: int, most: int) -> None:
    generator = Generator(1000, 1, AS_OF, share)
    assert sum(1 for _ in generator) == 1000
    assert least <= generator.faults.total() <= most


def test_claims_are_as_of_the_day_told() -> None:
    claims = [json.loads(line) for line in Generator(50, 1, date(2025, 6, 1), 0)]
    dates = {line["date_of_service"] for claim in claims for line in claim["service_lines"]}
    assert "2024-08-01" < min(dates) < max(dates) < "2025-06-01"


def test_amounts_are_exact() -> None:
    claim: Any = msgspec.json.decode(next(iter(Generator(1, 1, AS_OF, 0))), type=Claim)
    assert all(line.charge == round(line.charge, 2) for line in claim.service_lines)
    assert isinstance(claim.total_charge, Decimal)


def test_the_command_writes_what_the_generator_gives(tmp_path: Path) -> None:
    expected = b"".join(Generator(30, 4, AS_OF, FAULT_SHARE))
    run = CliRunner().invoke
    arguments = ["generate", "--claims", "30", "--seed", "4"]
    assert run(main, arguments).stdout_bytes == expected
    plain, packed = tmp_path / "claims.ndjson", tmp_path / "claims.ndjson.gz"
    answer = run(main, [*arguments, "--output", str(plain), "--json"])
    assert json.loads(answer.stdout)["claims"] == 30
    assert plain.read_bytes() == expected
    assert run(main, [*arguments, "--output", str(packed)]).exit_code == 0
    assert gzip.decompress(packed.read_bytes()) == expected
    first = packed.read_bytes()
    run(main, [*arguments, "--output", str(packed)])
    assert packed.read_bytes() == first


def test_the_command_lists_the_faults_and_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    run = CliRunner().invoke
    listed = " ".join(run(main, ["generate", "--list-faults"]).stdout.split())
    assert all(fault.outcome in listed for fault in FAULTS)
    assert run(main, ["generate", "--claims", "1", "--json"]).exit_code == 2
    refused = run(main, ["generate", "--claims", "1", "--output", f"{tmp_path}/no/x", "--json"])
    assert json.loads(refused.stdout)["error"]["code"] == "GENERATE_FILE_UNWRITABLE"


def test_addresses_have_states_that_the_post_knows() -> None:
    """The file of ZIP codes writes parts of Kansas and Missouri as states."""
    with gzip.open(SAMPLE) as sample:
        claims = [json.loads(line) for line in sample]
    claims += [json.loads(claim) for claim in Generator(2_000, 3, AS_OF, 0)]
    states = {claim["patient"]["address"]["state"] for claim in claims}
    assert "MO" in states
    assert states.isdisjoint({"EK", "WK", "EM", "WM"})
