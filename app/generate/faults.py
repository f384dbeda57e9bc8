"""The faults that are put into claims: each names the rule that finds it, or why its line waits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    # The generator puts the faults in; they ask it for its dice and its day.
    from app.generate.claims import Generator

UNKNOWN_PROCEDURE: Final = "99999"
UNKNOWN_DIAGNOSIS: Final = "Y0099"
UNSPECIFIC_DIAGNOSIS: Final = "E11"
UNASSIGNED_PLACE: Final = "28"
UNKNOWN_ZIP: Final = "00000"
UNLISTED_PROCEDURE: Final = "64999"

Json = dict[str, Any]
PutIn = Callable[["Generator", Json], None]


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
def _billing_npi(_: "Generator", claim: Json) -> None:
    claim["billing_npi"] = _off_by_one(claim["billing_npi"])


@_fault(3, "V011", "the rendering NPI fails its check digit")
def _rendering_npi(_: "Generator", claim: Json) -> None:
    claim["rendering_npi"] = _off_by_one(claim["rendering_npi"])


@_fault(4, "V001", "a name stands in a code field")
def _text_in_code_field(generator: "Generator", claim: Json) -> None:
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
def _impossible_service_date(generator: "Generator", claim: Json) -> None:
    _first_line(claim)["date_of_service"] = f"{generator.as_of.year}-02-30"


@_fault(3, "V003", "the member id is blank or has strange characters")
def _member_id(generator: "Generator", claim: Json) -> None:
    claim["patient"]["member_id"] = generator.dice.pick(("", "unknown?", "#N/A"))


@_fault(2, "V004", "the birth date is not in the calendar")
def _impossible_birth_date(_: "Generator", claim: Json) -> None:
    claim["patient"]["birth_date"] = "1958-13-07"


@_fault(3, "V005", "the patient was born after the service")
def _born_after_service(generator: "Generator", claim: Json) -> None:
    claim["patient"]["birth_date"] = generator.as_of.isoformat()


@_fault(2, "V006", "the sex is a letter that means nothing")
def _sex(_: "Generator", claim: Json) -> None:
    claim["patient"]["sex"] = "X"


@_fault(3, "V012", "the service ends before it begins")
def _ends_before_it_begins(_: "Generator", claim: Json) -> None:
    line = _first_line(claim)
    before = date.fromisoformat(line["date_of_service"]) - timedelta(1)
    line["date_of_service_to"] = before.isoformat()


@_fault(3, "V013", "the service is three years ahead")
def _future_service_date(generator: "Generator", claim: Json) -> None:
    ahead = generator.as_of + timedelta(3 * 365)
    _first_line(claim)["date_of_service"] = ahead.isoformat()


@_fault(3, "V015", "the service was more than a year ago")
def _filed_late(generator: "Generator", claim: Json) -> None:
    for line in claim["service_lines"]:
        line["date_of_service"] = (generator.as_of - timedelta(450)).isoformat()


@_fault(4, "V021", "the procedure code does not exist")
def _unknown_procedure(_: "Generator", claim: Json) -> None:
    _first_line(claim)["hcpcs"] = UNKNOWN_PROCEDURE


@_fault(3, "V022", "an office visit has the modifier of a technical component")
def _modifier_without_row(_: "Generator", claim: Json) -> None:
    _first_line(claim).update(hcpcs="99213", modifiers=["TC"])


@_fault(3, "V023", "the diagnosis code does not exist")
def _unknown_diagnosis(_: "Generator", claim: Json) -> None:
    claim["diagnoses"][0] = UNKNOWN_DIAGNOSIS


@_fault(3, "V024", "the diagnosis is a heading with longer codes below it")
def _unspecific_diagnosis(_: "Generator", claim: Json) -> None:
    claim["diagnoses"][0] = UNSPECIFIC_DIAGNOSIS


@_fault(2, "V025", "the place of service code is not assigned")
def _place_of_service(_: "Generator", claim: Json) -> None:
    _first_line(claim)["place_of_service"] = UNASSIGNED_PLACE


@_fault(3, "V030", "the units are zero")
def _no_units(_: "Generator", claim: Json) -> None:
    _first_line(claim)["units"] = 0


@_fault(2, "V031", "the units are not whole")
def _broken_units(_: "Generator", claim: Json) -> None:
    _first_line(claim)["units"] = Decimal("1.5")


@_fault(2, "V032", "the line charge is zero")
def _no_charge(_: "Generator", claim: Json) -> None:
    line = _first_line(claim)
    claim["total_charge"] -= line["charge"]
    line["charge"] = 0


@_fault(4, "V033", "the line charges do not add up to the claim charge")
def _total_charge(_: "Generator", claim: Json) -> None:
    claim["total_charge"] += 10


@_fault(3, "V034", "a diagnosis pointer points at nothing")
def _diagnosis_pointer(_: "Generator", claim: Json) -> None:
    _first_line(claim)["diagnosis_pointers"] = [len(claim["diagnoses"]) + 1]


@_fault(4, "V040", "the claim is one of the last hundred once more")
def _duplicate_claim(generator: "Generator", claim: Json) -> None:
    claim.update(generator.dice.pick(generator.recent))


@_fault(2, "V041", "a line stands there twice")
def _duplicate_line(_: "Generator", claim: Json) -> None:
    line = _first_line(claim)
    claim["service_lines"] = [*claim["service_lines"], line]
    claim["total_charge"] += line["charge"]


@_fault(3, "D000", "the units are a word")
def _wrong_type(_: "Generator", claim: Json) -> None:
    _first_line(claim)["units"] = "two"


@_fault(3, "D000", "the billing NPI is missing")
def _missing_field(_: "Generator", claim: Json) -> None:
    del claim["billing_npi"]


@_fault(2, "D000", "the claim has a field that the model lacks")
def _unknown_field(_: "Generator", claim: Json) -> None:
    claim["remarks"] = "please expedite"


@_fault(3, "pended: no locality", "the service ZIP code does not exist")
def _unknown_zip(_: "Generator", claim: Json) -> None:
    claim["service_location"] = {"zip": UNKNOWN_ZIP}


@_fault(3, "pended: ZIP+4", "the locality of the service ZIP code depends on four digits more")
def _short_zip(generator: "Generator", claim: Json) -> None:
    claim["service_location"] = {"zip": generator.dice.pick(generator.zips_with_more_digits)}


@_fault(
    3,
    "pended: contractor-priced",
    "the procedure is unlisted, so that the contractor decides its price",
)
def _contractor_priced(_: "Generator", claim: Json) -> None:
    _first_line(claim).update(hcpcs=UNLISTED_PROCEDURE, modifiers=[])


FAULT_BOUNDS: Final = tuple(accumulate(fault.share for fault in FAULTS))
"""Upper bounds of the faults on a scale of claims in a thousand."""

FAULT_SHARE: Final = FAULT_BOUNDS[-1] / 1000
"""Share of the claims that have a fault, unless told otherwise."""
