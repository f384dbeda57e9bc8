"""The fee schedule, and prices of lines that belong to no claim; kept in memcached where it is."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, Final, LiteralString

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import Body, PathParameter, QueryParameter
from psycopg import Connection, rows

from app.claim.model import LINES_LIMIT
from app.pricing.lines import Priced, line_maker, price_lines
from app.service.answers import encode, encoded
from app.service.auth import needs
from app.service.cache import cache_key
from app.service.clients import Client
from app.service.database import seen_by
from app.service.exact import ExactBody
from app.service.parts import SMALL_BODY, Parts
from app.service.problems import ApiError, responses

READ_VERSION: Final = "select access.reference_version()"

READ_RVU: Final[LiteralString] = """
select
  rvu.hcpcs,
  rvu.modifier,
  release.name as release,
  period.valid_from as release_valid_from,
  nullif(period.valid_to, 'infinity') as release_valid_to,
  rvu.status_code,
  rvu.work_rvu,
  rvu.non_facility_pe_rvu,
  rvu.facility_pe_rvu,
  rvu.malpractice_rvu,
  rvu.conversion_factor,
  rvu.pctc_indicator,
  rvu.global_days,
  rvu.multiple_procedure,
  rvu.bilateral_surgery,
  rvu.assistant_surgery,
  rvu.co_surgeons,
  rvu.team_surgery
from reference.periods_in_force as period
inner join queue.settings as settings on period.qpp_status = settings.qpp_status
inner join reference.releases as release on period.release_id = release.release_id
inner join reference.procedure_rvus as rvu on period.release_id = rvu.release_id
where
  period.kind = 'rvu'
  and %(on)s between period.valid_from and period.valid_to
  and rvu.hcpcs = %(hcpcs)s
  and rvu.modifier = pricing.choose_row_modifier(%(modifiers)s::text[])"""

SETTINGS: Final = {"non_facility": "11", "facility": "22"}
"""A place of service for each setting: office, and on-campus outpatient hospital."""

Hcpcs = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9A-Za-z][0-9]{3}[0-9A-Za-z]$", examples=["99213"])
]
Modifier = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z]{2}$", examples=["25"])]
Carrier = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{5}$", examples=["09102"])]
Locality = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{2}$", examples=["04"])]
Zip = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{5}(-?[0-9]{4})?$", examples=["33035"])]

_CHARGE_LIMIT: Final = Decimal(10) ** 10
_CENT: Final = Decimal("0.01")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an amount."""

    step: str
    title: str
    factor: Decimal | None
    amount: Decimal


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """An amount with its steps, or the reason why there is none."""

    allowed_amount: Decimal | None
    """Dollars; null when the line waits for a person."""
    status: str
    reason_code: str | None
    reason: str | None
    steps: list[Step]


class QuotedLine(Price, frozen=True, kw_only=True):
    """The price of a line of a quote."""

    line_number: int


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What lines would be allowed; nothing is stored."""

    lines: list[QuotedLine]
    allowed_total: Decimal
    """Of the lines that have an amount."""


class LineToQuote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service line without any patient."""

    date_of_service: date
    hcpcs: Hcpcs
    modifiers: Annotated[list[Modifier], msgspec.Meta(max_length=4)] = []
    place_of_service: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{2}$", examples=["11"])]
    units: Annotated[int, msgspec.Meta(ge=1, le=999_999)] = 1
    charge: Decimal | None = None
    """Dollars; where it is given, no more than it is allowed."""
    carrier: Carrier | None = None
    """Goes together with the locality; else the ZIP code gives both."""
    locality: Locality | None = None
    zip: Zip | None = None
    taxonomy: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{3}[0-9A-Z]{6}X$")] | None = None
    """Of the rendering provider."""

    def __post_init__(self) -> None:
        """Refuse what pricing cannot take; messages hold no values."""
        _check_place(self.carrier, self.locality)
        if self.charge is not None and not (
            self.charge.is_finite()
            and 0 < self.charge < _CHARGE_LIMIT
            and self.charge == self.charge.quantize(_CENT)
        ):
            raise ValueError("`charge` is no amount of dollars and cents above zero")


class QuoteRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines of one patient and provider: multiple procedures of a day are judged together."""

    lines: Annotated[list[LineToQuote], msgspec.Meta(min_length=1, max_length=LINES_LIMIT)]


class SettingPrice(Price, frozen=True, kw_only=True):
    """The price of one unit in a setting."""

    setting: str
    place_of_service: str


class Rvu(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the fee schedule in force on a date."""

    hcpcs: str
    modifier: str
    """26, TC, 53, or empty for the global row."""
    on: date = msgspec.field(name="date")
    release: str
    release_valid_from: date
    release_valid_to: date | None
    status_code: str
    work_rvu: Decimal
    non_facility_pe_rvu: Decimal
    facility_pe_rvu: Decimal
    malpractice_rvu: Decimal
    conversion_factor: Decimal
    pctc_indicator: str
    global_days: str
    multiple_procedure: str
    bilateral_surgery: str
    assistant_surgery: str
    co_surgeons: str
    team_surgery: str
    prices: list[SettingPrice] | None
    """By setting, where a place was given; null without one."""


class RvuQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What GET /rvu asks."""

    hcpcs: str
    on: date
    modifiers: list[str]
    carrier: str | None
    locality: str | None
    zip: str | None


def _modifiers(text: str) -> list[str]:
    return [part.upper() for part in text.split(",") if part]


@get(
    "/rvu/{hcpcs:str}",
    guards=[needs("claims:read")],
    sync_to_thread=True,
    responses=responses(404),
    operation_id="get_rvu",
)
def show_rvu(  # noqa: PLR0913 - one parameter for each thing that a price depends on
    parts: NamedDependency[Parts],
    client: NamedDependency[Client],
    *,
    hcpcs: Annotated[
        str, PathParameter(pattern=r"^[0-9A-Za-z][0-9]{3}[0-9A-Za-z]$", description="A HCPCS code.")
    ],
    on: Annotated[
        date | None,
        QueryParameter(name="date", description="Date of service; otherwise today, UTC."),
    ] = None,
    modifiers: Annotated[
        str,
        QueryParameter(
            pattern=r"^([0-9A-Za-z]{2}(,[0-9A-Za-z]{2}){0,3})?$",
            description="Up to four, separated by commas.",
        ),
    ] = "",
    carrier: Annotated[str | None, QueryParameter(pattern=r"^[0-9]{5}$")] = None,
    locality: Annotated[str | None, QueryParameter(pattern=r"^[0-9]{2}$")] = None,
    zip_code: Annotated[
        str | None, QueryParameter(name="zip", pattern=r"^[0-9]{5}(-?[0-9]{4})?$")
    ] = None,
) -> Response[Rvu]:
    """Show the relative values of a code, and with a place what one unit is allowed there.

    The place is a carrier with its locality, or a ZIP code.
    """
    try:
        _check_place(carrier, locality)
    except ValueError as error:
        raise ApiError(
            HTTPStatus.BAD_REQUEST,
            "REQUEST_INVALID",
            str(error).replace("`", ""),
            "Give both, or a ZIP code.",
        ) from None
    question = RvuQuestion(
        hcpcs=hcpcs.upper(),
        on=on or datetime.now(UTC).date(),
        modifiers=_modifiers(modifiers),
        carrier=carrier,
        locality=locality,
        zip=_zip(zip_code),
    )
    content = _cached(parts, client, "rvu", question, lambda conn: _rvu(conn, question))
    return encoded(content, body_type=Rvu)


@post(
    "/pricing/quote",
    guards=[needs("claims:read")],
    status_code=HTTPStatus.OK,
    sync_to_thread=True,
    dto=ExactBody[QuoteRequest],
    return_dto=None,
    request_max_body_size=SMALL_BODY,
    responses=responses(413),
    operation_id="quote_prices",
)
def quote(
    parts: NamedDependency[Parts],
    client: NamedDependency[Client],
    data: Annotated[
        QuoteRequest,
        Body(
            examples=[
                Example(
                    value={
                        "lines": [
                            {
                                "date_of_service": "2026-04-24",
                                "hcpcs": "99213",
                                "modifiers": ["25"],
                                "place_of_service": "11",
                                "zip": "33035",
                            }
                        ]
                    }
                )
            ]
        ),
    ],
) -> Response[Quote]:
    """Price service lines of one patient and provider, without any claim."""
    content = _cached(parts, client, "quote", data, lambda conn: _quote(conn, data))
    return encoded(content, body_type=Quote)


def _cached(
    parts: Parts,
    client: Client,
    kind: str,
    question: msgspec.Struct,
    ask: Callable[[Connection[Any]], msgspec.Struct],
) -> bytes:
    """Answer from the cache, else from the database, with the releases in force right now."""
    with seen_by(parts.pool, client, one_snapshot=True) as conn:
        (version,) = conn.execute(READ_VERSION).fetchone() or (None,)
        key = cache_key(kind, str(version), encode(question))
        content = parts.cache.get(key)
        if content is None:
            content = encode(ask(conn))
            parts.cache.put(key, content)
    return content


def _rvu(conn: Connection[Any], question: RvuQuestion) -> Rvu:
    with conn.cursor(row_factory=rows.dict_row) as cur:
        row = cur.execute(
            READ_RVU, {"hcpcs": question.hcpcs, "on": question.on, "modifiers": question.modifiers}
        ).fetchone()
    if row is None:
        raise ApiError(
            HTTPStatus.NOT_FOUND,
            "PROCEDURE_UNKNOWN",
            "the fee schedule in force on that date has no such row",
            "Look at the code, the modifiers and the date, or load the release for it.",
        )
    prices = None
    if question.carrier or question.zip:
        make_line = line_maker(conn)
        priced = price_lines(
            conn,
            [
                make_line(
                    claim_id=at,
                    line_number=1,
                    service_date=question.on,
                    hcpcs=question.hcpcs,
                    modifiers=question.modifiers or None,
                    place_of_service=place,
                    units=Decimal(1),
                    charge=None,
                    carrier=question.carrier,
                    locality=question.locality,
                    service_zip=question.zip,
                    rendering_taxonomy=None,
                )
                for at, place in enumerate(SETTINGS.values())
            ],
        )
        prices = [
            SettingPrice(setting=setting, place_of_service=place, **_price(priced[at, 1]))
            for at, (setting, place) in enumerate(SETTINGS.items())
        ]
    return Rvu(on=question.on, prices=prices, **row)


def _quote(conn: Connection[Any], data: QuoteRequest) -> Quote:
    make_line = line_maker(conn)
    priced = price_lines(
        conn,
        [
            make_line(
                claim_id=1,
                line_number=number,
                service_date=line.date_of_service,
                hcpcs=line.hcpcs.upper(),
                modifiers=[code.upper() for code in line.modifiers] or None,
                place_of_service=line.place_of_service,
                units=Decimal(line.units),
                charge=line.charge,
                carrier=line.carrier,
                locality=line.locality,
                service_zip=_zip(line.zip),
                rendering_taxonomy=line.taxonomy,
            )
            for number, line in enumerate(data.lines, start=1)
        ],
    )
    lines = [
        QuotedLine(line_number=number, **_price(price))
        for (_, number), price in sorted(priced.items())
    ]
    amounts = [line.allowed_amount for line in lines if line.allowed_amount is not None]
    return Quote(lines=lines, allowed_total=sum(amounts, Decimal()))


def _price(priced: Priced) -> dict[str, Any]:
    return {
        "allowed_amount": priced.allowed_amount,
        "status": priced.status,
        "reason_code": priced.reason_code,
        "reason": priced.reason,
        "steps": [
            Step(step=step.step, title=step.title, factor=step.factor, amount=step.amount)
            for step in priced.steps
        ],
    }


def _zip(text: str | None) -> str | None:
    return text.replace("-", "") if text is not None else None


def _check_place(carrier: str | None, locality: str | None) -> None:
    if (carrier is None) != (locality is None):
        raise ValueError("`carrier` and locality go together")


router: Final = Router("/", route_handlers=[show_rvu, quote], tags=["prices"])
