"""Find claims by who they are of, without decrypting any: equality search by token."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from psycopg import Connection, rows

from app.errors import ClaimsError, translated
from app.intake.grammar import calendar_date
from app.vault import Tokens

FIND_CLAIMS: Final = """
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
from keys.find_claims(%(kind)s, %(token)s, null, %(after)s, %(limit)s) as found
order by found.claim_id"""

RECORD_SEARCH: Final = """
select auditing.record_event(
  'claims.searched', null, null, %(first)s, %(last)s,
  jsonb_build_object('by', %(kind)s::text, 'claims', %(claims)s::integer)
)"""

Kind = Literal["claim_number", "member", "patient"]

_PATIENT_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A claim found; the fields are the columns of keys.find_claims."""

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
    """Find claims in any state, in the order of their ids; conn as the operator.

    Leaves an audit event behind, which holds no token.
    """
    with translated(), conn.transaction():
        with conn.cursor(row_factory=rows.class_row(Found)) as cur:
            found = cur.execute(
                FIND_CLAIMS, {"kind": kind, "token": token, "after": after, "limit": limit}
            ).fetchall()
        conn.execute(
            RECORD_SEARCH,
            {
                "kind": kind,
                "first": found[0].claim_id if found else None,
                "last": found[-1].claim_id if found else None,
                "claims": len(found),
            },
        )
    return found


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
