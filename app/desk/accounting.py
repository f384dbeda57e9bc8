"""Where all claims ever loaded are: what came in must be somewhere."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from psycopg import Connection, rows

from app.program.errors import translated

ACCOUNTING: Final = """
select
  accounting.loaded,
  accounting.in_progress,
  accounting.transferred,
  accounting.failed,
  accounting.superseded,
  accounting.pended,
  accounting.below_threshold,
  accounting.denied,
  (select coalesce(sum(status.allowed_total), 0) from pipeline.status) as allowed_total
from pipeline.accounting as accounting"""


@dataclass(frozen=True, slots=True)
class Accounting:
    """Where all claims ever loaded are; the fields are the columns of pipeline.accounting."""

    loaded: int
    in_progress: int
    transferred: int
    failed: int
    superseded: int
    pended: int
    below_threshold: int
    """Transferred claims that wait for a person because of their score alone."""
    denied: int
    """Transferred claims of which no line is payable."""
    allowed_total: Decimal
    """Allowed amounts of the transferred claims, dollars."""


def read_accounting(conn: Connection[Any]) -> Accounting:
    """Read where all claims are."""
    with translated(), conn.cursor(row_factory=rows.class_row(Accounting)) as cur:
        accounting = cur.execute(ACCOUNTING).fetchone()
    if accounting is None:
        msg = "pipeline.accounting has one row"
        raise AssertionError(msg)
    return accounting
