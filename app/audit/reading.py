"""Read the audit trail: by claim, patient, actor and time, and as an accounting of disclosures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg import Connection, rows

from app.database.trail import Concerned, record_access
from app.program.errors import ClaimsError, translated

_EVENT: Final[LiteralString] = """
select
  event.event_id,
  event.occurred_at,
  event.action,
  event.outcome,
  event.database_role,
  event.acting_role,
  event.client,
  event.origin,
  host(event.client_address) as client_address,
  event.application,
  event.purpose,
  event.recipient,
  event.submitter_id,
  event.batch_ids,
  event.first_claim_id,
  event.last_claim_id,
  event.detail,
  event.transaction_id::text::bigint as transaction_id,
  event.system_identifier
from audit.events as event
where
  (%(from)s::timestamptz is null or event.occurred_at >= %(from)s::timestamptz)
  and (%(to)s::timestamptz is null or event.occurred_at < %(to)s::timestamptz)
  and (%(action)s::text is null or event.action = %(action)s::text)
  and (
    %(actor)s::text is null
    or %(actor)s::text in (event.database_role, event.acting_role, event.client, event.origin)
  )
  and (
    %(claim_ids)s::bigint[] is null
    or event.event_id in (
      select found.event_id from auditing.find_events_of_claims(%(claim_ids)s::bigint[]) as found
    )
  )"""

READ_EVENTS: Final[LiteralString] = _EVENT + "\norder by event.event_id"
READ_NEWEST_EVENTS: Final[LiteralString] = (
    _EVENT + "\norder by event.event_id desc\nlimit %(limit)s"
)

FIND_CLAIMS: Final = """
select found.claim_id
from auditing.find_claims_of_patient(%(patient_token)s) as found
order by found.claim_id"""

FIND_PATIENT: Final = "select auditing.find_patient_of_claim(%(claim_id)s)"

FIND_ACTION: Final = """
select exists (select from auditing.actions as action where action.action = %(action)s)"""

READ_DISCLOSURES: Final = """
select
  event.event_id,
  event.occurred_at as disclosed_at,
  coalesce(event.recipient, event.client, event.origin, event.database_role) as recipient,
  coalesce(event.origin, host(event.client_address)) as recipient_address,
  action.title as what,
  found.claim_ids,
  event.purpose,
  coalesce(purpose.title, 'not stated') as purpose_title,
  coalesce(purpose.is_accounted, true) as is_accounted
from auditing.find_events_of_claims(%(claim_ids)s) as found
inner join audit.events as event on found.event_id = event.event_id
inner join auditing.actions as action on event.action = action.action and action.discloses_phi
left join auditing.purposes as purpose on event.purpose = purpose.purpose
where
  event.occurred_at >= %(from)s
  and (%(with_exempt)s or coalesce(purpose.is_accounted, true))
order by event.event_id"""

TOKEN_SIZE: Final = 16
ROWS_AT_ONCE: Final = 2000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events; what is None does not matter."""

    claim_ids: list[int] | None = None
    actor: str | None = None
    """Database role, role taken on, API client or origin."""
    action: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    def parameters(self) -> dict[str, Any]:
        """Give the parameters of the queries."""
        return {
            "claim_ids": self.claim_ids,
            "actor": self.actor,
            "action": self.action,
            "from": self.start,
            "to": self.end,
        }


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What 45 CFR 164.528 (b)(2) asks of each disclosure."""

    event_id: int
    disclosed_at: datetime
    recipient: str
    recipient_address: str | None
    what: str
    claim_ids: list[int]
    purpose: str | None
    purpose_title: str
    is_accounted: bool
    """Whether an accounting must list it; what states no purpose must be listed."""


def patient_token(text: str) -> bytes:
    """Read a patient token in hexadecimal, as analysis.claims shows it.

    Raises:
        ClaimsError: AUDIT_PATIENT_INVALID.

    """
    try:
        token = bytes.fromhex(text.strip().removeprefix("\\x"))
    except ValueError:
        token = b""
    if len(token) != TOKEN_SIZE:
        raise ClaimsError(
            "AUDIT_PATIENT_INVALID",
            f"a patient is named by a token of {TOKEN_SIZE} bytes in hexadecimal",
            "Take patient_token from analysis.claims, or name a claim of the patient: --claim.",
        )
    return token


def patient_of(conn: Connection[Any], claim_id: int) -> bytes:
    """Find the patient token of a claim.

    Raises:
        ClaimsError: AUDIT_PATIENT_UNKNOWN.

    """
    with translated():
        (token,) = conn.execute(FIND_PATIENT, {"claim_id": claim_id}).fetchone() or (None,)
    if token is None:
        raise ClaimsError(
            "AUDIT_PATIENT_UNKNOWN",
            f"claim {claim_id} is not there, or names no patient that can be told from others",
            "Look at it with `claims show`.",
        )
    return bytes(token)


def claims_of(conn: Connection[Any], token: bytes) -> list[int]:
    """Find the claims of a patient, wherever they stand."""
    with translated():
        found = conn.execute(FIND_CLAIMS, {"patient_token": token}).fetchall()
    return [claim_id for (claim_id,) in found]


def newest_events(conn: Connection[Any], wanted: Filter, limit: int) -> list[dict[str, Any]]:
    """Read the newest events, in the order in which they were written.

    Raises:
        ClaimsError: AUDIT_ACTION_UNKNOWN.

    """
    _check_action(conn, wanted)
    with translated(), conn.cursor(row_factory=rows.dict_row) as cur:
        found = cur.execute(READ_NEWEST_EVENTS, {**wanted.parameters(), "limit": limit}).fetchall()
    return found[::-1]


def all_events(conn: Connection[Any], wanted: Filter) -> Iterator[dict[str, Any]]:
    """Read all events a block at a time, in the running transaction; the export is recorded.

    Raises:
        ClaimsError: AUDIT_ACTION_UNKNOWN.

    """
    _check_action(conn, wanted)
    with translated():
        told = {name: str(value) for name, value in wanted.parameters().items() if value}
        record_access(conn, "audit.exported", Concerned(), told)
        with conn.cursor("audit_export", row_factory=rows.dict_row) as cur:
            cur.itersize = ROWS_AT_ONCE
            yield from cur.execute(READ_EVENTS, wanted.parameters())


def disclosures(
    conn: Connection[Any], token: bytes, start: datetime, *, with_exempt: bool
) -> list[Disclosure]:
    """Account for the disclosures of a patient's PHI; that this was done is recorded."""
    claim_ids = claims_of(conn, token)
    with translated(), conn.cursor(row_factory=rows.class_row(Disclosure)) as cur:
        found = cur.execute(
            READ_DISCLOSURES,
            {"claim_ids": claim_ids, "from": start, "with_exempt": with_exempt},
        ).fetchall()
    record_access(
        conn,
        "disclosures.accounted",
        Concerned(),
        {"patient_token": token.hex(), "from": start.isoformat(), "disclosures": len(found)},
    )
    return found


def _check_action(conn: Connection[Any], wanted: Filter) -> None:
    if wanted.action is None:
        return
    with translated():
        (known,) = conn.execute(FIND_ACTION, {"action": wanted.action}).fetchone() or (False,)
    if not known:
        raise ClaimsError(
            "AUDIT_ACTION_UNKNOWN",
            f"there is no action {wanted.action}",
            "Take one of the view auditing.actions.",
        )
