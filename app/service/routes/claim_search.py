"""Find claims by an identifier that the client has, without decrypting any."""

import asyncio
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, QueryParameter

from app.database.trail import Purpose, Told, tell
from app.desk.search import Found, Kind, Search, find_own_claims
from app.service.answers import answer
from app.service.auth import about, needs
from app.service.clients import Client
from app.service.database import seen_by
from app.service.parts import Parts
from app.service.problems import ApiError, responses
from app.vault import Tokens

_IDENTIFIER_LIMIT: Final = 200


def _identifier(description: str) -> QueryParameter:
    """Describe a query parameter that says whose claims are looked for."""
    return QueryParameter(min_length=1, max_length=_IDENTIFIER_LIMIT, description=description)


class FoundClaims(msgspec.Struct, frozen=True, kw_only=True):
    """Claims that a search found, in the order of their ids."""

    claims: list[Found]
    next_after: int | None
    """Give this as `after` for those that follow; null when there are none."""


@get(
    "/",
    guards=[needs("claims:read"), needs("phi:read")],
    responses=responses(422),
    operation_id="find_claims",
)
async def find_claims(  # noqa: PLR0913 - one parameter for each that the query has
    request: Request[Client, Any, Any],
    parts: NamedDependency[Parts],
    client: NamedDependency[Client],
    *,
    purpose: Annotated[
        Purpose,
        HeaderParameter(
            name="Purpose-Of-Use",
            description="States why the claims of a patient are looked for; an audit event "
            "records the search, and not what was looked for.",
        ),
    ],
    member_id: Annotated[
        str | None,
        _identifier("Member id, as on the insurance card."),
    ] = None,
    claim_number: Annotated[
        str | None,
        _identifier("Claim number (patient account number), as it was sent."),
    ] = None,
    last_name: Annotated[
        str | None,
        _identifier("With first_name and birth_date: the patient."),
    ] = None,
    first_name: Annotated[str | None, _identifier("With last_name and birth_date.")] = None,
    birth_date: Annotated[
        date | None, QueryParameter(description="With last_name and first_name.")
    ] = None,
    after: Annotated[
        int, QueryParameter(ge=0, le=2**63 - 1, description="Only those with a higher id.")
    ] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=1000, description="How many.")] = 100,
) -> Response[FoundClaims]:
    """Find claims in any state by an identifier that the client has; give one of the three.

    Nothing is decrypted: keyed hashes are compared. Case, accents, blanks, punctuation and leading
    zeros of names and member ids do not matter.
    """
    kind, token = _sought(
        parts.keyring.tokens, member_id, claim_number, (last_name, first_name, birth_date)
    )
    search = Search(kind, token, after, limit, about(request))
    found = await asyncio.to_thread(_find, parts, client, Told(purpose=purpose), search)
    following = found[-1].claim_id if len(found) == limit else None
    return answer(FoundClaims(claims=found, next_after=following))


def _sought(
    tokens: Tokens,
    member_id: str | None,
    claim_number: str | None,
    patient: tuple[str | None, str | None, date | None],
) -> tuple[Kind, bytes]:
    """Make the token of the one identifier that is given; raises ApiError SEARCH_INVALID."""
    last_name, first_name, birth = patient
    match member_id, claim_number, last_name, first_name, birth:
        case str(), None, None, None, None:
            return "member", tokens.member(member_id)
        case None, str(), None, None, None:
            return "claim_number", tokens.claim_number(claim_number)
        case None, None, str(), str(), date():
            return "patient", tokens.patient(last_name, first_name, birth)
    raise ApiError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "SEARCH_INVALID",
        "the query does not name one identifier",
        "Give member_id, or claim_number, or last_name, first_name and birth_date.",
    )


def _find(parts: Parts, client: Client, told: Told, search: Search) -> list[Found]:
    with seen_by(parts.pool, client) as conn:
        tell(conn, told, in_transaction=True)
        return find_own_claims(conn, search)
