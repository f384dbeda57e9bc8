"""Withdraw a release that was a mistake: what it superseded is in force again."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, LiteralString

from psycopg import Connection
from psycopg.rows import class_row

from app.program.errors import translated
from app.reference.listing import Period, list_periods

WITHDRAW: Final[LiteralString] = "select maintenance.withdraw_release(%(release_id)s, %(reason)s)"

FIND_KIND: Final[LiteralString] = """
select release.kind from reference.releases as release where release.release_id = %(release_id)s"""

CLAIMS_PRICED: Final[LiteralString] = """
select priced.claim_id, priced.service_month, priced.lines, priced.allowed_amount
from maintenance.claims_priced_by(%(release_id)s) as priced"""


@dataclass(frozen=True, slots=True)
class PricedClaim:
    """A claim with lines that a release priced, or left without an amount."""

    claim_id: int
    service_month: date
    lines: int
    allowed_amount: Decimal | None
    """Of these lines, dollars; None when none has an amount."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What a withdrawal came to."""

    in_force_again: list[Period]
    """Periods of other releases that were not in force on these dates before."""
    priced: list[PricedClaim]
    """Claims in production that the release priced; they stay as they are."""


def withdraw(conn: Connection[Any], release_id: int, reason: str) -> Withdrawn:
    """Withdraw a release in one transaction; conn as the operator.

    Raises:
        DatabaseError: PL016 there is none, PL017 it was withdrawn already, PL018 without a reason.

    """
    with translated(), conn.transaction():
        kind = conn.execute(FIND_KIND, {"release_id": release_id}).fetchone()
        before = list_periods(conn, kind[0]) if kind else []
        conn.execute(WITHDRAW, {"release_id": release_id, "reason": reason})
        after = list_periods(conn, kind[0]) if kind else []
        with conn.cursor(row_factory=class_row(PricedClaim)) as cur:
            priced = cur.execute(CLAIMS_PRICED, {"release_id": release_id}).fetchall()
    return Withdrawn([period for period in after if period not in before], priced)
