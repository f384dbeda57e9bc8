"""The generator: providers, patients, and claim after claim from one seed."""

import csv
import random
from bisect import bisect
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec

from app.generate.faults import FAULT_BOUNDS, FAULTS
from app.generate.practice import (
    CITIES,
    FACILITIES,
    FEMALE_NAMES,
    LAST_NAMES,
    MALE_NAMES,
    OFFICE_VISITS,
    PAYERS,
    SPECIALTIES,
    STREET_KINDS,
    STREETS,
    Procedure,
    Specialty,
)
from app.program.paths import DATA_DIR

POSTAL_STATES: Final = {"EK": "KS", "WK": "KS", "EM": "MO", "WM": "MO"}
"""Parts of states, each with a contractor of its own, as the ZIP code file writes them."""

SERVICE_DAYS: Final = 300
"""Days before that day over which the dates of service are spread."""

MARKUP_PERCENT: Final = (130, 320)
"""What a provider charges of the national fee, least and most."""

FEE_WITHOUT_RVUS: Final = Decimal("24.00")
"""Dollars: the fee taken for a code that the schedule gives no relative values."""

ANESTHESIA_BASE: Final = 5
"""Base units that the charge of an anesthesia assumes."""

RECENT: Final = 100
"""Claims among which a duplicate finds its model."""

FEMALE_SHARE: Final = 0.55
MIDDLE_NAME_SHARE: Final = 0.3
PHONE_SHARE: Final = 0.6
ZIP_SHARE: Final = 0.9
"""Share of the providers who give a ZIP code; the others give carrier and locality."""

AGES: Final = (*range(2, 65), *(3 * tuple(range(65, 98))))
LETTERS: Final = "ACDEFGHJKMNPQRTUVWXY"
CENT: Final = Decimal("0.01")
PROFESSIONAL: Final = "26"
SEPARATE_VISIT: Final = "25"

Json = dict[str, Any]
T = TypeVar("T")


class Dice:
    """Draws from one seeded sequence."""

    def __init__(self, seed: int) -> None:
        self.roll: Final = random.Random(seed).random  # noqa: S311 - no secret depends on it

    def pick(self, items: Sequence[T]) -> T:
        """Return one of the items; what stands there twice comes twice as often."""
        return items[int(self.roll() * len(items))]

    def between(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + int(self.roll() * (high - low + 1))

    def digits(self, count: int) -> str:
        """Return so many random digits."""
        return f"{int(self.roll() * 10**count):0{count}d}"


def npi(dice: Dice) -> str:
    """Return a made-up NPI whose check digit is right (Luhn over 80840 and the NPI)."""
    body = f"1{dice.digits(8)}"
    return body + str(-_luhn_sum(body) % 10)


def _luhn_sum(body: str) -> int:
    """Return the Luhn sum of nine digits that a check digit follows, prefix 80840 included."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in body[::2])
    return 24 + doubled + sum(int(digit) for digit in body[1::2])


def _rows(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a file of data/."""
    with (DATA_DIR / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _fees() -> dict[str, Decimal]:
    """Return the national non-facility fee of each code, of the last period it stands in."""
    fees: dict[str, Decimal] = {}
    for row in _rows("rvu_data.csv"):
        if not row["modifier"]:
            rvus = sum(
                Decimal(row[part])
                for part in ("work_rvu", "non_facility_pe_rvu", "malpractice_rvu")
            )
            fees[row["hcpcs"]] = rvus * Decimal(row["conversion_factor"]) or FEE_WITHOUT_RVUS
    return fees


@dataclass(frozen=True, slots=True)
class Provider:
    """A billing group of one specialty, with those who render in it."""

    specialty: Specialty
    npi: str
    renderers: tuple[str, ...]
    location: dict[str, str]
    """Service location of the claim model."""
    markup: Decimal


class Generator:
    """Writes claims one after another, from one seed."""

    def __init__(self, claims: int, seed: int, as_of: date, fault_share: float) -> None:
        """Make the providers and patients that so many claims are about."""
        self.dice: Final = Dice(seed)
        self.as_of: Final = as_of
        self.faults: Final = Counter[str]()
        """How often each fault was put in so far."""
        self.recent: Final = deque[Json](maxlen=RECENT)
        """The latest claims without a fault."""
        self._claims = claims
        self._seed = seed
        self._fault_share = fault_share
        self._fees = _fees()
        self._professional = {
            row["hcpcs"] for row in _rows("rvu_data.csv") if row["modifier"] == "26"
        }
        zips = list(_rows("zip_localities.csv"))
        self.zips_with_more_digits: Final = [
            row["zip5"] for row in zips if row["plus_four_required"] == "1"
        ]
        places = [row for row in zips if row["plus_four_required"] == "0"]
        specialties = [one for one in SPECIALTIES for _ in range(one.weight)]
        self._providers = [
            self._provider(self.dice.pick(specialties), self.dice.pick(places))
            for _ in range(min(20 + claims // 50, 5_000))
        ]
        patients = [
            self._patient(self.dice.pick(places)) for _ in range(min(60 + claims // 3, 60_000))
        ]
        self._patients = {
            one.taxonomy: [fit for fit in patients if self._fits(fit, one)] or patients
            for one in SPECIALTIES
        }

    def __iter__(self) -> Iterator[bytes]:
        """Yield the claims as lines of NDJSON."""
        encode = msgspec.json.Encoder(decimal_format="number").encode
        for number in range(1, self._claims + 1):
            claim = self._claim(number)
            if self.dice.roll() < self._fault_share and self.recent:
                fault = FAULTS[bisect(FAULT_BOUNDS, self.dice.roll() * FAULT_BOUNDS[-1])]
                fault.put_in(self, claim)
                self.faults[fault.name] += 1
            else:
                self.recent.append(claim)
            yield encode(claim) + b"\n"

    def _provider(self, specialty: Specialty, place: dict[str, str]) -> Provider:
        dice = self.dice
        by_zip = dice.roll() < ZIP_SHARE
        return Provider(
            specialty=specialty,
            npi=npi(dice),
            renderers=tuple(npi(dice) for _ in range(dice.between(1, 5))),
            location={"zip": place["zip5"]}
            if by_zip
            else {"carrier": place["carrier"], "locality": place["locality"]},
            markup=Decimal(dice.between(*MARKUP_PERCENT)) / 100,
        )

    def _patient(self, place: dict[str, str]) -> Json:
        dice = self.dice
        female = dice.roll() < FEMALE_SHARE
        born = date(self.as_of.year - dice.pick(AGES), 1, 1) + timedelta(dice.between(0, 364))
        patient: Json = {
            "member_id": f"{dice.digits(1)}{dice.pick(LETTERS)}{dice.pick(LETTERS)}"
            f"{dice.digits(1)}{dice.pick(LETTERS)}{dice.digits(6)}",
            "last_name": dice.pick(LAST_NAMES),
            "first_name": dice.pick(FEMALE_NAMES if female else MALE_NAMES),
            "birth_date": born.isoformat(),
            "sex": "F" if female else "M",
            "address": {
                "line": f"{dice.between(1, 9999)} {dice.pick(STREETS)} {dice.pick(STREET_KINDS)}",
                "city": dice.pick(CITIES),
                "state": POSTAL_STATES.get(place["state"], place["state"]),
                "zip": place["zip5"],
            },
        }
        if dice.roll() < MIDDLE_NAME_SHARE:
            patient["middle_name"] = dice.pick(LETTERS)
        if dice.roll() < PHONE_SHARE:
            patient["phone"] = f"{dice.between(201, 989)}555{dice.digits(4)}"
        return patient

    def _fits(self, patient: Json, specialty: Specialty) -> bool:
        age = self.as_of.year - int(patient["birth_date"][:4])
        youngest, oldest = specialty.ages
        return patient["sex"] in specialty.sexes and youngest <= age <= oldest

    def _claim(self, number: int) -> Json:
        """Return the claim of that number, without a fault."""
        dice = self.dice
        provider = dice.pick(self._providers)
        specialty = provider.specialty
        place = dice.pick(specialty.places.split())
        day = (self.as_of - timedelta(dice.between(1, SERVICE_DAYS))).isoformat()
        listed = specialty.diagnoses.split()
        diagnoses = list(dict.fromkeys(dice.pick(listed) for _ in range(dice.between(1, 4))))
        lines = [
            self._line(procedure, modifiers, provider.markup, len(diagnoses))
            | {"place_of_service": place, "date_of_service": day}
            for procedure, modifiers in self._billed(specialty, place)
        ]
        return {
            "claim_number": f"{self._seed}-{number:09d}",
            "frequency_code": "1",
            "payer_id": dice.pick(PAYERS),
            "billing_npi": provider.npi,
            "billing_taxonomy": specialty.taxonomy,
            "rendering_npi": dice.pick(provider.renderers),
            "rendering_taxonomy": specialty.taxonomy,
            "patient": dict(dice.pick(self._patients[specialty.taxonomy])),
            "service_location": provider.location,
            "diagnoses": diagnoses,
            "total_charge": sum(line["charge"] for line in lines),
            "service_lines": lines,
        }

    def _billed(self, specialty: Specialty, place: str) -> list[tuple[Procedure, tuple[str, ...]]]:
        """Choose the procedures of a claim, with the modifiers they take there."""
        dice = self.dice
        count = dice.pick(specialty.lines)
        in_facility = place in FACILITIES
        services: dict[str, Procedure] = {}
        sees = specialty.visits and not (in_facility and specialty.visits is OFFICE_VISITS)
        for _ in range(count - 1 if sees else count):
            procedure = dice.pick(specialty.services)
            services.setdefault(procedure.hcpcs, procedure)
        billed = [
            (
                service,
                (PROFESSIONAL,)
                if in_facility and service.hcpcs in self._professional
                else service.modifiers,
            )
            for service in services.values()
        ]
        if sees:
            visit = dice.pick(specialty.visits)
            separate = (SEPARATE_VISIT,) if billed and visit.hcpcs.startswith("99") else ()
            billed.insert(0, (visit, separate))
        return billed

    def _line(
        self, procedure: Procedure, modifiers: tuple[str, ...], markup: Decimal, diagnoses: int
    ) -> Json:
        dice = self.dice
        units = dice.pick(procedure.units)
        price = self._fees[procedure.hcpcs] * markup * units
        line: Json = {
            "hcpcs": procedure.hcpcs,
            "modifiers": modifiers,
            "units": units,
            "diagnosis_pointers": list(range(1, dice.between(1, diagnoses) + 1)),
        }
        if procedure.minutes:
            line["minutes"] = dice.between(*procedure.minutes)
            price *= line["minutes"] // 15 + ANESTHESIA_BASE
        line["charge"] = price.quantize(CENT)
        return line
