"""Realistic synthetic claims: the same for the same seed, with a stated share of faults.

Providers keep to their specialty: its codes, modifiers, diagnoses and places of service
are those that occur together. Fees come from data/rvu_data.csv, ZIP codes from
data/zip_localities.csv. People and addresses are made up. Randomness is drawn from
`random.Random.random` alone, the one method whose sequence Python keeps between versions.
"""

import csv
import random
from bisect import bisect
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any, Final, TypeVar

import msgspec

from app.paths import DATA_DIR

AS_OF: Final = date(2026, 11, 1)
"""Day the synthetic claims are written, unless told otherwise."""

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

UNKNOWN_PROCEDURE: Final = "99999"
UNKNOWN_DIAGNOSIS: Final = "Y0099"
UNSPECIFIC_DIAGNOSIS: Final = "E11"
UNASSIGNED_PLACE: Final = "28"
UNKNOWN_ZIP: Final = "00000"
UNLISTED_PROCEDURE: Final = "64999"

FACILITIES: Final = frozenset({"19", "21", "22", "23", "24", "31"})

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


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure as a specialty bills it."""

    hcpcs: str
    modifiers: tuple[str, ...] = ()
    units: tuple[int, ...] = (1,)
    minutes: tuple[int, int] | None = None
    """Least and most anesthesia minutes."""


def _table(
    text: str, units: tuple[int, ...] = (1,), minutes: tuple[int, int] | None = None
) -> tuple[Procedure, ...]:
    """Read `code[-modifier][*weight]` entries; a procedure stands as often as it weighs."""
    procedures: list[Procedure] = []
    for entry in text.split():
        billed, _, weight = entry.partition("*")
        code, *modifiers = billed.split("-")
        procedure = Procedure(code, tuple(modifiers), units, minutes)
        procedures += [procedure] * int(weight or 1)
    return tuple(procedures)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@dataclass(frozen=True, slots=True)
class Specialty:
    """What the providers of one specialty do. What stands twice comes twice as often."""

    taxonomy: str
    weight: int
    places: str
    lines: tuple[int, ...]
    diagnoses: str
    visits: tuple[Procedure, ...] = ()
    """Evaluations: a claim has one at most, with modifier 25 where a service stands beside."""
    services: tuple[Procedure, ...] = ()
    ages: tuple[int, int] = (18, 94)
    sexes: str = "FM"


OFFICE_VISITS: Final = _table("99213*34 99214*30 99203*7 99204*5 99212*5 99215*3 99202")

SPECIALTIES: Final = (
    Specialty(  # family medicine
        taxonomy="207Q00000X",
        weight=24,
        places="11 11 11 11 11 11 11 11 11 10 02",
        lines=(1, 2, 3, 3, 4, 4, 5, 6),
        diagnoses="I10 I10 E785 E119 E1165 Z0000 J069 M5450 R5383 F411 K219 E039 J449 N390 R079",
        visits=OFFICE_VISITS,
        services=_table(
            "93000*6 G0439*5 96127*5 90471*5 99406*3 69210*3 G2211*6 G0444*2 17110*2 94010*2 "
            "20610*2 96372*4 11200 J3420 83036*3 36415*4 81002*2"
        ),
        sexes="FFM",
    ),
    Specialty(  # cardiology
        taxonomy="207RC0000X",
        weight=11,
        places="11 11 11 11 11 11 22 22 21",
        lines=(2, 3, 3, 4, 4),
        diagnoses="I10 I2510 I4891 I480 I5022 R079 R0602 I351 E785",
        visits=OFFICE_VISITS,
        services=_table("93306*8 93000*8 78452*3 93880*3 93350*2 93224*2 93280*2"),
        ages=(40, 96),
    ),
    Specialty(  # diagnostic radiology
        taxonomy="2085R0202X",
        weight=16,
        places="11 11 22 22 23 21",
        lines=(1, 1, 2, 3, 3, 4),
        diagnoses="R0602 R079 M5450 R109 R918 M25561 M25511 N200 Z1231 J189 R1031",
        services=_table(
            "71046*14 71045*8 70450*6 74177*6 73030*4 73562*5 72100*4 72148*4 70553*3 76700*3 "
            "76830*2 77067*6 77063*4 73630*3 93970*2 71260*3 76856*2"
        ),
    ),
    Specialty(  # orthopaedic surgery
        taxonomy="207X00000X",
        weight=8,
        places="11 11 11 11 11 11 22 24",
        lines=(2, 2, 3, 3, 4, 4),
        diagnoses="M1711 M1712 M25561 M25511 M7541 M5416 M1990",
        visits=OFFICE_VISITS,
        services=(
            *_table("20610-RT*8 20610-LT*6 20605*2 29881-RT 29125"),
            *_table("J3301*5", units=(1, 4, 8)),
        ),
    ),
    Specialty(  # dermatology
        taxonomy="207N00000X",
        weight=7,
        places="11",
        lines=(2, 3, 4, 4, 5),
        diagnoses="L570 L821 D485 L578 C44319 L309 D225 B079 L700",
        visits=OFFICE_VISITS,
        services=(
            *_table("17000*9 11102*7 17110*4 11301*2 11402*2 88305*4 17311"),
            *_table("17003*8 11103*3", units=(1, 2, 3, 4)),
        ),
    ),
    Specialty(  # physical therapy
        taxonomy="225100000X",
        weight=11,
        places="11 11 11 11 11 11 11 11 11 12",
        lines=(3, 4, 4, 5, 5),
        diagnoses="M5450 M25561 M25511 M542 R262 M6281 Z96651",
        services=(
            *_table("97161-GP*2 97162-GP 97035-GP*2 97014-GP"),
            *_table("97110-GP*10 97140-GP*8 97530-GP*6 97112-GP*6 97116-GP*2", (1, 1, 2, 2, 3)),
        ),
    ),
    Specialty(  # psychiatry
        taxonomy="2084P0800X",
        weight=8,
        places="11 11 11 10 10 02",
        lines=(1, 1, 2, 2, 3),
        diagnoses="F411 F331 F329 F4310 F319 F909 F1020 F4323",
        visits=_table("99213*5 99214*6 90792*2 90791*2 90837*7 90834*7 90832*2"),
        services=_table("90833*3 90785*2 96127*3 90836"),
        ages=(12, 88),
    ),
    Specialty(  # ophthalmology
        taxonomy="207W00000X",
        weight=6,
        places="11 11 11 11 11 11 11 11 11 24",
        lines=(2, 3, 3, 4),
        diagnoses="H2513 H401131 H353131 H04123 E113293 H25811",
        visits=_table("92014*8 92012*5 92004*3 99213*2"),
        services=(
            *_table("92134*8 92250*4 92083*3 92133*3 66984-RT*2 66984-LT*2 67028-RT*2"),
            *_table("J0178*2", units=(2,)),
        ),
        ages=(30, 96),
    ),
    Specialty(  # gastroenterology
        taxonomy="207RG0100X",
        weight=5,
        places="24 24 22 11",
        lines=(1, 2, 3),
        diagnoses="Z1211 K635 K219 D122 K5730 R195",
        services=_table("45380*5 45385*6 45378*3 43239*5 G0105"),
        ages=(40, 88),
    ),
    Specialty(  # emergency medicine
        taxonomy="207P00000X",
        weight=8,
        places="23",
        lines=(1, 2, 2, 3),
        diagnoses="R079 R109 S0990XA J189 N390 R55 I10 S61411A",
        visits=_table("99284*8 99283*6 99285*6 99282 99291"),
        services=_table("12001*2 12002 10060 93010*6"),
        ages=(1, 96),
    ),
    Specialty(  # hospital medicine
        taxonomy="208M00000X",
        weight=8,
        places="21",
        lines=(1, 1, 2, 2),
        diagnoses="J189 A419 I5033 N179 J9601 E1165 I10 K922",
        visits=_table("99232*10 99233*6 99223*4 99222*3 99238*2 99239*2"),
        services=_table("93010*3 99497 36556"),
        ages=(25, 98),
    ),
    Specialty(  # obstetrics and gynaecology
        taxonomy="207V00000X",
        weight=5,
        places="11",
        lines=(2, 2, 3, 4),
        diagnoses="N939 Z01419 N951 N760 N8189 Z3009",
        visits=OFFICE_VISITS,
        services=_table("76830*4 76817*3 58100*2 57454 59025*2 81002*4"),
        ages=(18, 70),
        sexes="F",
    ),
    Specialty(  # anesthesiology
        taxonomy="207L00000X",
        weight=2,
        places="22 24 21",
        lines=(1,),
        diagnoses="K635 Z1211 H2513 M1711 K8020 K219",
        services=(
            *_table("00811-AA*4 00731-QZ*3 00142-QZ*3", minutes=(15, 60)),
            *_table("01402-AA*2 00790-AA*2", minutes=(60, 200)),
        ),
        ages=(18, 90),
    ),
)

FEMALE_NAMES: Final = _words(
    "Ada Bea Cora Dora Edith Flora Greta Hanna Ines Judith Klara Lena Mabel Nora Olga Paula "
    "Rita Sonja Thea Ursula Vera Wilma Yvonne Zelda Amara Leila Mei Priya Rosa Svetlana"
)
MALE_NAMES: Final = _words(
    "Adam Boris Carl Derek Emil Frank Georg Hugo Ivan Jonas Kurt Louis Max Nils Otto Peter "
    "Quentin Ralph Simon Theo Ulrich Viktor Walter Xavier Yusuf Zoltan Amit Chen Diego Kofi"
)
LAST_NAMES: Final = _words(
    "Abelard Brandvold Castellane Dunmore Eriksen Fairweather Garrowby Hollins Ibarra Jessup "
    "Kowalczyk Lindqvist Marchetti Nakagawa Oyelaran Petrov Quillfeather Rasmussen Sandoval "
    "Thackeray Underhill Vandermeer Westerberg Xiang Yamamoto Zielinski O'Malley Núñez Müller "
    "Okonkwo Patel Fitzgerald Haverford Kingsley Larkspur Mossman Norcross Pemberton Rowntree"
)
STREETS: Final = _words("Oak Maple Cedar Elm Walnut Lake Hill Park River Spring Church Mill")
STREET_KINDS: Final = _words("St Ave Rd Ln Ct Dr")
CITIES: Final = _words("Fairview Riverton Lakeside Brookfield Oakdale Milford Ashland Clayton")
PAYERS: Final = ("60054", "87726", "SX109", "00431", "12B42", "61101")


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
                "state": place["state"],
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


PutIn = Callable[[Generator, Json], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of error that is put into claims."""

    name: str
    share: int
    """Claims in a thousand that have it, at the default share of faults."""
    outcome: str
    """The rule that finds it, D000 when it cannot be decoded, or the reason its line waits."""
    title: str
    put_in: PutIn


FAULTS: Final[list[Fault]] = []
"""Every kind of error, in the order they were written down."""


def _fault(share: int, outcome: str, title: str) -> Callable[[PutIn], PutIn]:
    def register(put_in: PutIn) -> PutIn:
        FAULTS.append(Fault(put_in.__name__.strip("_"), share, outcome, title, put_in))
        return put_in

    return register


def _first_line(claim: Json) -> Json:
    line: Json = claim["service_lines"][0]
    return line


def _off_by_one(number: str) -> str:
    """Return an NPI whose check digit is wrong."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


@_fault(4, "V010", "the billing NPI fails its check digit")
def _billing_npi(_: Generator, claim: Json) -> None:
    claim["billing_npi"] = _off_by_one(claim["billing_npi"])


@_fault(3, "V011", "the rendering NPI fails its check digit")
def _rendering_npi(_: Generator, claim: Json) -> None:
    claim["rendering_npi"] = _off_by_one(claim["rendering_npi"])


@_fault(4, "V001", "a name stands in a code field")
def _text_in_code_field(generator: Generator, claim: Json) -> None:
    name = claim["patient"]["last_name"]
    where = generator.dice.between(0, 3)
    if where == 0:
        claim["payer_id"] = name
    elif where == 1:
        claim["rendering_npi"] = name
    elif where == 2:  # noqa: PLR2004 - one of four
        _first_line(claim)["hcpcs"] = name
    else:
        claim["service_location"] = {"zip": name}


@_fault(3, "V002", "the date of service is not in the calendar")
def _impossible_service_date(generator: Generator, claim: Json) -> None:
    _first_line(claim)["date_of_service"] = f"{generator.as_of.year}-02-30"


@_fault(3, "V003", "the member id is blank or has strange characters")
def _member_id(generator: Generator, claim: Json) -> None:
    claim["patient"]["member_id"] = generator.dice.pick(("", "unknown?", "#N/A"))


@_fault(2, "V004", "the birth date is not in the calendar")
def _impossible_birth_date(_: Generator, claim: Json) -> None:
    claim["patient"]["birth_date"] = "1958-13-07"


@_fault(3, "V005", "the patient was born after the service")
def _born_after_service(generator: Generator, claim: Json) -> None:
    claim["patient"]["birth_date"] = generator.as_of.isoformat()


@_fault(2, "V006", "the sex is a letter that means nothing")
def _sex(_: Generator, claim: Json) -> None:
    claim["patient"]["sex"] = "X"


@_fault(3, "V012", "the service ends before it begins")
def _ends_before_it_begins(_: Generator, claim: Json) -> None:
    line = _first_line(claim)
    before = date.fromisoformat(line["date_of_service"]) - timedelta(1)
    line["date_of_service_to"] = before.isoformat()


@_fault(3, "V013", "the service is three years ahead")
def _future_service_date(generator: Generator, claim: Json) -> None:
    ahead = generator.as_of + timedelta(3 * 365)
    _first_line(claim)["date_of_service"] = ahead.isoformat()


@_fault(3, "V015", "the service was more than a year ago")
def _filed_late(generator: Generator, claim: Json) -> None:
    for line in claim["service_lines"]:
        line["date_of_service"] = (generator.as_of - timedelta(450)).isoformat()


@_fault(4, "V021", "the procedure code does not exist")
def _unknown_procedure(_: Generator, claim: Json) -> None:
    _first_line(claim)["hcpcs"] = UNKNOWN_PROCEDURE


@_fault(3, "V022", "an office visit has the modifier of a technical component")
def _modifier_without_row(_: Generator, claim: Json) -> None:
    _first_line(claim).update(hcpcs="99213", modifiers=["TC"])


@_fault(3, "V023", "the diagnosis code does not exist")
def _unknown_diagnosis(_: Generator, claim: Json) -> None:
    claim["diagnoses"][0] = UNKNOWN_DIAGNOSIS


@_fault(3, "V024", "the diagnosis is a heading with longer codes below it")
def _unspecific_diagnosis(_: Generator, claim: Json) -> None:
    claim["diagnoses"][0] = UNSPECIFIC_DIAGNOSIS


@_fault(2, "V025", "the place of service code is not assigned")
def _place_of_service(_: Generator, claim: Json) -> None:
    _first_line(claim)["place_of_service"] = UNASSIGNED_PLACE


@_fault(3, "V030", "the units are zero")
def _no_units(_: Generator, claim: Json) -> None:
    _first_line(claim)["units"] = 0


@_fault(2, "V031", "the units are not whole")
def _broken_units(_: Generator, claim: Json) -> None:
    _first_line(claim)["units"] = Decimal("1.5")


@_fault(2, "V032", "the line charge is zero")
def _no_charge(_: Generator, claim: Json) -> None:
    line = _first_line(claim)
    claim["total_charge"] -= line["charge"]
    line["charge"] = 0


@_fault(4, "V033", "the line charges do not add up to the claim charge")
def _total_charge(_: Generator, claim: Json) -> None:
    claim["total_charge"] += 10


@_fault(3, "V034", "a diagnosis pointer points at nothing")
def _diagnosis_pointer(_: Generator, claim: Json) -> None:
    _first_line(claim)["diagnosis_pointers"] = [len(claim["diagnoses"]) + 1]


@_fault(4, "V040", "the claim is one of the last hundred once more")
def _duplicate_claim(generator: Generator, claim: Json) -> None:
    claim.update(generator.dice.pick(generator.recent))


@_fault(2, "V041", "a line stands there twice")
def _duplicate_line(_: Generator, claim: Json) -> None:
    line = _first_line(claim)
    claim["service_lines"] = [*claim["service_lines"], line]
    claim["total_charge"] += line["charge"]


@_fault(3, "D000", "the units are a word")
def _wrong_type(_: Generator, claim: Json) -> None:
    _first_line(claim)["units"] = "two"


@_fault(3, "D000", "the billing NPI is missing")
def _missing_field(_: Generator, claim: Json) -> None:
    del claim["billing_npi"]


@_fault(2, "D000", "the claim has a field that the model lacks")
def _unknown_field(_: Generator, claim: Json) -> None:
    claim["remarks"] = "please expedite"


@_fault(3, "pended: no locality", "the service ZIP code does not exist")
def _unknown_zip(_: Generator, claim: Json) -> None:
    claim["service_location"] = {"zip": UNKNOWN_ZIP}


@_fault(3, "pended: ZIP+4", "the locality of the service ZIP code depends on four digits more")
def _short_zip(generator: Generator, claim: Json) -> None:
    claim["service_location"] = {"zip": generator.dice.pick(generator.zips_with_more_digits)}


@_fault(
    3,
    "pended: contractor-priced",
    "the procedure is unlisted, so that the contractor decides its price",
)
def _contractor_priced(_: Generator, claim: Json) -> None:
    _first_line(claim).update(hcpcs=UNLISTED_PROCEDURE, modifiers=[])


FAULT_BOUNDS: Final = tuple(accumulate(fault.share for fault in FAULTS))
"""Upper bounds of the faults on a scale of claims in a thousand."""

FAULT_SHARE: Final = FAULT_BOUNDS[-1] / 1000
"""Share of the claims that have a fault, unless told otherwise."""
