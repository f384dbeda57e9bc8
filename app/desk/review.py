"""Review: what waits for a person, and what a person decided."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, LiteralString

from psycopg import Connection, rows

from app.program.errors import translated

READ_QUEUE: Final[LiteralString] = """
select
  queue.claim_id,
  queue.reasons,
  queue.score,
  queue.threshold,
  queue.pended_line_count as pended_lines,
  queue.first_service_date,
  queue.total_charge,
  queue.allowed_amount,
  queue.transferred_at
from production.review_queue as queue
where queue.claim_id > %(after)s
  and (%(reason)s::text is null or %(reason)s = any(queue.reasons))
order by queue.claim_id
limit %(limit)s"""

READ_REASONS: Final[LiteralString] = """
select reason.verdict, reason.reason_code, reason.title
from models.review_reasons as reason
order by reason.verdict, reason.reason_code"""

RECORD_REVIEW: Final[LiteralString] = """
call scoring.record_review(%(claim_id)s, %(verdict)s, %(reason)s)"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A claim that waits for a person."""

    claim_id: int
    reasons: list[str]
    """`score`: below the threshold; `pended_lines`: lines without an amount."""
    score: float | None
    threshold: float | None
    pended_lines: int
    first_service_date: date
    total_charge: Decimal
    allowed_amount: Decimal
    transferred_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewReason:
    """A reason that a reviewer may give for a verdict."""

    verdict: str
    reason_code: str
    title: str


def read_queue(
    conn: Connection[Any], *, reason: str | None, after: int, limit: int
) -> list[Waiting]:
    """Read so many claims of the queue in order of claim id, above `after`; conn as reviewer."""
    with translated(), conn.cursor(row_factory=rows.class_row(Waiting)) as cur:
        return cur.execute(
            READ_QUEUE, {"reason": reason, "after": after, "limit": limit}
        ).fetchall()


def read_reasons(conn: Connection[Any]) -> list[ReviewReason]:
    """Read the reasons that a verdict may have."""
    with translated(), conn.cursor(row_factory=rows.class_row(ReviewReason)) as cur:
        return cur.execute(READ_REASONS).fetchall()


def record_review(conn: Connection[Any], claim_id: int, verdict: str, reason: str) -> None:
    """Record what the one who is logged in decided on a claim.

    Raises:
        ClaimsError: SC006 no such reason, SC007 the claim is not in production.

    """
    with translated():
        conn.execute(RECORD_REVIEW, {"claim_id": claim_id, "verdict": verdict, "reason": reason})
