"""Find claims by who they are of, without decrypting any: equality search by token.

The routines that search record it in the same transaction; no token stands in the event.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal, LiteralString

from psycopg import Connection, rows
from psycopg.types.json import Jsonb

from app.claim.grammar import calendar_date
from app.program.errors import ClaimsError, translated
from app.vault import Tokens

_SELECT_FOUND: Final[LiteralString] = """
select
  found.claim_id,
  found.submitter_id,
  found.batch_id,
  found.state,
  found.decision,
  found.received_at,
  found.first_service_date,
  found.total_charge,
  found.allowed_amount
from {} as found
order by found.claim_id"""

FIND_CLAIMS: Final = _SELECT_FOUND.format(
    "keys.search_claims(%(kind)s, %(token)s, null, %(after)s, %(limit)s)"
)

FIND_OWN_CLAIMS: Final = _SELECT_FOUND.format(
    "access.find_claims(%(kind)s, %(token)s, %(after)s, %(limit)s, %(request)s)"
)

Kind = Literal["claim_number", "member", "patient"]

_PATIENT_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A claim found; the fields are those of the type keys.found_claim."""

    claim_id: int
    submitter_id: int
    batch_id: int
    state: str
    decision: str | None
    received_at: datetime
    first_service_date: date | None
    total_charge: Decimal | None
    allowed_amount: Decimal | None


def find_claims(
    conn: Connection[Any],
    kind: Kind,
    token: bytes,
    *,
    after: int = 0,
    limit: int = 100,
) -> list[Found]:
    """Find claims in any state, in the order of their ids; conn as the operator."""
    values = {"kind": kind, "token": token, "after": after, "limit": limit}
    with translated(), conn.transaction(), conn.cursor(row_factory=rows.class_row(Found)) as cur:
        return cur.execute(FIND_CLAIMS, values).fetchall()


@dataclass(frozen=True, slots=True)
class Search:
    """What a client looks for, and a stretch of it."""

    kind: Kind
    token: bytes
    after: int
    limit: int
    request: Mapping[str, Any]
    """What else there is to say of the request, for the detail of the audit event."""


def find_own_claims(conn: Connection[Any], search: Search) -> list[Found]:
    """Find claims of the submitter that the transaction sees, as the app; else as find_claims."""
    values = {
        "kind": search.kind,
        "token": search.token,
        "after": search.after,
        "limit": search.limit,
        "request": Jsonb(dict(search.request)),
    }
    with translated(), conn.cursor(row_factory=rows.class_row(Found)) as cur:
        return cur.execute(FIND_OWN_CLAIMS, values).fetchall()


def patient_token(tokens: Tokens, text: str) -> bytes:
    """Return the token of a patient given as `LAST,FIRST,YYYY-MM-DD`.

    Raises:
        ClaimsError: FIND_PATIENT_INVALID.

    """
    parts = [part.strip() for part in text.split(",")]
    birth = calendar_date(parts[-1])
    if len(parts) != _PATIENT_PARTS or birth is None or not all(parts):
        raise ClaimsError(
            "FIND_PATIENT_INVALID",
            "a patient is given as last name, first name and birth date",
            'Write "LAST,FIRST,YYYY-MM-DD", with the birth date as the claim has it.',
        )
    return tokens.patient(parts[0], parts[1], birth)
