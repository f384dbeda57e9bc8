"""The one claim model of the project: a professional claim, named after the 837P.

A claim is one JSON object. Its shape is checked here, while it is decoded: unknown
or missing fields, wrong types, lists too short or too long, texts longer than
`TEXT_LIMIT` characters and amounts that no claim can have are decode failures. What
has the right shape but a wrong value (`2025-02-30`, a name where a code belongs, a
bad check digit) is decoded, and reported as a finding by the validation rules.

Amounts are dollars, as JSON numbers (`150`, `150.00`, `1.5e2`) or as texts of digits with at
most one point and a minus before them (`"150.00"`; not `"1_50"`, `"+150"`, `" 150"` or
`"1.5e2"`), and never pass through a float: `app.claim.decoding` decodes them.
Dates are texts `YYYY-MM-DD`. Codes may be in lower case and are trimmed; an optional
code that is blank counts as not given, and so does a blank modifier.
"""

from decimal import Decimal
from typing import Annotated, Final

import msgspec

TEXT_LIMIT: Final = 100
"""Characters in a text field; the longest of the 837P has 80."""

LINES_LIMIT: Final = 50
"""Service lines of a claim: 837P loop 2400 repeats at most 50 times."""

CENT: Final = Decimal("0.01")
"""Scale of amounts of money: `numeric(12,2)`."""

THOUSANDTH: Final = Decimal("0.001")
"""Scale of service units: `numeric(9,3)`."""

_MONEY_LIMIT: Final = Decimal(10) ** 10
_UNITS_LIMIT: Final = Decimal(10) ** 6

Text = Annotated[str, msgspec.Meta(max_length=TEXT_LIMIT)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_LIMIT)]


def _check(field: str, value: Decimal, limit: Decimal, scale: Decimal) -> None:
    """Raise ValueError, without the value, unless the column can hold it exactly."""
    if not value.is_finite():
        reason = "is not a finite number"
    elif not -limit < value < limit:
        reason = f"is not between -{limit:f} and {limit:f}"
    elif value != value.quantize(scale):
        reason = f"has more than {-int(scale.as_tuple().exponent)} decimals"
    else:
        return
    msg = f"`{field}` {reason}"
    raise ValueError(msg)


class _Part(msgspec.Struct, forbid_unknown_fields=True, gc=False, frozen=True, kw_only=True):
    """What all parts of a claim share: exactly these fields, by name, never changed."""


class Address(_Part, frozen=True, kw_only=True):
    """Patient address, 837P loop 2010BA / 2010CA, segments N3 and N4. All PHI."""

    line: Text
    """Street address, N301."""
    city: Text
    """City, N401."""
    state: Text
    """State, N402."""
    zip: Text
    """ZIP code, N403."""


class Patient(_Part, frozen=True, kw_only=True):
    """The patient, 837P loop 2010BA (subscriber) or 2010CA. All PHI but the sex."""

    member_id: Text
    """Member id of the subscriber, NM109."""
    last_name: Name
    """Last name, NM103."""
    first_name: Name
    """First name, NM104."""
    middle_name: Text | None = None
    """Middle name, NM105."""
    birth_date: Text
    """Birth date, DMG02, as YYYY-MM-DD."""
    sex: Text
    """Sex, DMG03: F, M or U."""
    address: Address | None = None
    """Address, N3 and N4."""
    phone: Text | None = None
    """Telephone, PER04."""


class ServiceLocation(_Part, frozen=True, kw_only=True):
    """Where the service was: a ZIP code, or the payment locality itself.

    With none of them the claim is accepted and its lines wait for a person: a
    national amount is never assumed.
    """

    zip: Text | None = None
    """ZIP code of the service facility (loop 2310C, else 2010AA) N403: 5 or 9 digits."""
    carrier: Text | None = None
    """Medicare contractor number, five digits; given together with the locality."""
    locality: Text | None = None
    """Medicare payment locality, two digits."""


class ServiceLine(_Part, frozen=True, kw_only=True):
    """One service line, 837P loop 2400."""

    hcpcs: Text
    """Procedure code (HCPCS or CPT), SV101-2."""
    modifiers: Annotated[tuple[Text, ...], msgspec.Meta(max_length=4)] = ()
    """Up to four modifiers in order, SV101-3 to SV101-6."""
    place_of_service: Text
    """Place of service code, SV105 (or CLM05-1 of the claim)."""
    units: Decimal
    """Service units, SV104 under UN; at most 3 decimals."""
    minutes: Annotated[int, msgspec.Meta(ge=0, le=99_999)] | None = None
    """Anesthesia minutes, SV104 under MJ."""
    charge: Decimal
    """Line charge in dollars, SV102."""
    diagnosis_pointers: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=-999, le=999)], ...],
        msgspec.Meta(min_length=1, max_length=4),
    ]
    """1-based positions in the claim's diagnoses, SV107."""
    date_of_service: Text
    """First (or only) date of service, DTP*472, as YYYY-MM-DD."""
    date_of_service_to: Text | None = None
    """Last date of service where the line spans days, DTP*472 with RD8."""

    def __post_init__(self) -> None:
        """Refuse amounts that the columns cannot hold exactly."""
        _check("units", self.units, _UNITS_LIMIT, THOUSANDTH)
        _check("charge", self.charge, _MONEY_LIMIT, CENT)


class Claim(_Part, frozen=True, kw_only=True):
    """One professional claim, 837P loop 2300 with its providers and patient."""

    claim_number: Annotated[str, msgspec.Meta(max_length=TEXT_LIMIT, pattern=r"\S")]
    """The submitter's number of the claim (patient control number), CLM01. PHI."""
    frequency_code: Text = "1"
    """Claim frequency, CLM05-3: 1 original, 7 replacement, 8 void."""
    payer_id: Text
    """Payer identifier, loop 2010BB NM109."""
    billing_npi: Text
    """Billing provider NPI, loop 2010AA NM109."""
    billing_taxonomy: Text | None = None
    """Billing provider taxonomy, loop 2000A PRV03."""
    rendering_npi: Text | None = None
    """Rendering provider NPI, loop 2310B NM109; without it the billing one rendered."""
    rendering_taxonomy: Text | None = None
    """Rendering provider taxonomy, loop 2310B PRV03."""
    patient: Patient
    """The patient, loops 2010BA and 2010CA."""
    service_location: ServiceLocation = ServiceLocation()
    """Where the service was, loop 2310C."""
    diagnoses: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1, max_length=12)]
    """ICD-10-CM codes, the principal first, with or without the dot, HI*ABK/ABF."""
    total_charge: Decimal
    """Claim charge in dollars, CLM02."""
    service_lines: Annotated[
        tuple[ServiceLine, ...], msgspec.Meta(min_length=1, max_length=LINES_LIMIT)
    ]
    """The service lines, loop 2400, in line number order."""

    def __post_init__(self) -> None:
        """Refuse a total that the column cannot hold exactly."""
        _check("total_charge", self.total_charge, _MONEY_LIMIT, CENT)
