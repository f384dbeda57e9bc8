"""Amounts that CMS computed and published itself, against what `claims price` gives."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from app.cli import main
from tests.servers import Database

PAYMENT_FILES: Final = ("PFREV4.txt", "PFREV25C.txt")
CAP_FILE: Final = "OPPSCAP_Oct.csv"
FACILITY: Final = "21"
OFFICE: Final = "11"
SERVED_ON: Final = "2025-10-01"
REFERENCE: Final = ("PPRRVU2025_Oct.csv", "GPCI2025.csv", "pos_codes.csv")

COLUMNS: Final = (
    *("date_of_service", "carrier", "locality", "hcpcs", "modifiers"),
    *("place_of_service", "units", "published"),
)

SOUTHERN_CALIFORNIA: Final = {("01112", number) for number in ("17", "18", "71", "72", "73", "74")}
"""Localities of contractor 01182, which the cap file also lists under 01112."""


@dataclass(frozen=True)
class Published:
    """An amount in a file of CMS."""

    carrier: str
    locality: str
    hcpcs: str
    modifier: str
    status: str
    place_of_service: str
    amount: Decimal


def _payments(folder: Path) -> Iterator[Published]:
    """Read the payment files: non-facility, then facility amount; trailers have one cell."""
    for name in PAYMENT_FILES:
        with (folder / name).open(encoding="latin-1", newline="") as file:
            for row in csv.reader(file):
                if row[0].startswith("TRL"):
                    continue
                _, carrier, locality, hcpcs, modifier, office, facility = row[:7]
                for place, amount in ((OFFICE, office), (FACILITY, facility)):
                    yield Published(
                        carrier, locality, hcpcs, modifier.strip(), row[9], place, Decimal(amount)
                    )


def _caps(folder: Path) -> Iterator[Published]:
    """Read the cap file: facility, then non-facility amount; the last row is empty."""
    with (folder / CAP_FILE).open(encoding="latin-1", newline="") as file:
        for hcpcs, modifier, status, carrier, locality, *amounts in csv.reader(file):
            if hcpcs in {"HCPCS", ""}:
                continue
            for place, amount in zip((FACILITY, OFFICE), amounts, strict=True):
                yield Published(
                    carrier, locality, hcpcs, modifier.strip(), status, place, Decimal(amount)
                )


def _run(*arguments: str, text: str | None = None) -> str:
    result = CliRunner().invoke(main, arguments, input=text, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def _price(published: list[Published]) -> list[dict[str, str]]:
    """Price each published row as a line of its own."""
    given = io.StringIO()
    writer = csv.writer(given)
    writer.writerow(COLUMNS)
    for row in published:
        writer.writerow(
            (
                *(SERVED_ON, row.carrier, row.locality, row.hcpcs, row.modifier),
                *(row.place_of_service, 1, row.amount),
            )
        )
    priced = list(csv.DictReader(io.StringIO(_run("price", "-", text=given.getvalue()))))
    assert [row["published"] for row in priced] == [str(row.amount) for row in published]
    return priced


def _compare(published: list[Published]) -> Counter[str]:
    """Count what agrees to the cent, what does not, and what has no amount by its reason."""
    counts: Counter[str] = Counter()
    for truth, line in zip(published, _price(published), strict=True):
        if line["status"] == "priced":
            same = Decimal(line["allowed_amount"]) == truth.amount
            counts["agree" if same else f"differ: {truth} {line}"] += 1
        else:
            assert not line["allowed_amount"]
            counts[f"excluded: {line['steps'].partition(':')[0]}"] += 1
    return counts


@pytest.fixture
def cms_database(database: Database, cms_data_dir: Path) -> Database:
    """A database with the releases of October 2025, which the published amounts are of."""
    files = [str(cms_data_dir / name) for name in REFERENCE]
    _run("reference", "load", *files, "--from", "2025-01-01")
    return database


@pytest.mark.usefixtures("cms_database")
def test_published_amounts_agree_to_the_cent(
    cms_data_dir: Path, cms_truth_dir: Path, record_property: Callable[[str, object], None]
) -> None:
    payments = list(_payments(cms_truth_dir))
    caps = list(_caps(cms_data_dir))
    against_payments = _compare(payments)
    against_caps = _compare(caps)
    for name, counts in (
        (" and ".join(PAYMENT_FILES), against_payments),
        (CAP_FILE, against_caps),
    ):
        told = ", ".join(f"{key} {count:,}" for key, count in counts.items())
        record_property(name, f"{counts.total():,} amounts read, {told}")
    assert against_payments == {"agree": 3_270}
    assert against_caps == {
        "agree": 12_644,
        # Status C: a contractor may follow the published amount, and may not.
        "excluded: contractor_priced": 18_860,
        # Listed by CMS under a contractor that the indices do not give the locality to.
        "excluded: locality_unknown": 696,
    }


def test_the_rows_without_a_locality_repeat_rows_that_have_one(cms_data_dir: Path) -> None:
    caps = {
        (row.carrier, row.locality, row.hcpcs, row.modifier, row.place_of_service): row
        for row in _caps(cms_data_dir)
    }
    repeated = {key: row for key, row in caps.items() if key[:2] in SOUTHERN_CALIFORNIA}
    assert sum(row.status == "A" for row in repeated.values()) == 696
    for key, row in repeated.items():
        assert row.amount == caps["01182", *key[1:]].amount
