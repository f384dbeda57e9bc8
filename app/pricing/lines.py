"""Price service lines that stand in memory, by the SQL that prices claims."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import starmap
from typing import Any, Final, LiteralString

from psycopg import Connection
from psycopg.types.composite import CompositeInfo, register_composite

from app.program.errors import translated

PRICE_LINES: Final[LiteralString] = """
select
  priced.claim_id,
  priced.line_number,
  priced.allowed_amount,
  priced.pricing_status,
  priced.reason_code,
  reason.title,
  priced.step_codes,
  priced.step_factors,
  priced.step_amounts,
  array(
    select step.title
    from unnest(priced.step_codes) with ordinality as told (step_code, number)
    left join catalogue.pricing_steps as step on told.step_code = step.step_code
    order by told.number
  ) as step_titles
from pricing.price_lines(%(lines)s) as priced
left join catalogue.pricing_reasons as reason on priced.reason_code = reason.reason_code"""

LINE_TYPE: Final = "pricing.line_to_price"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an amount; the factor is None where the step has none."""

    step: str
    factor: Decimal | None
    amount: Decimal
    title: str


@dataclass(frozen=True, slots=True)
class Priced:
    """What a line came to: an amount with its steps, or a reason."""

    allowed_amount: Decimal | None
    """Dollars; None when the line waits for a person."""
    status: str
    reason_code: str | None
    reason: str | None
    steps: tuple[Step, ...]

    @property
    def explained(self) -> str:
        """The steps, or the reason, as a person reads them."""
        if self.reason_code is not None:
            return f"{self.reason_code}: {self.reason}"
        return "; ".join(
            f"{step.step} = {step.amount}"
            if step.factor is None
            else f"{step.step} {step.factor} = {step.amount}"
            for step in self.steps
        )


def line_maker(conn: Connection[Any]) -> Callable[..., Any]:
    """Give the constructor of pricing.line_to_price, by the names of its columns."""
    with translated():
        line_type = CompositeInfo.fetch(conn, LINE_TYPE)
    if line_type is None:
        msg = f"the current schema has the type {LINE_TYPE}"
        raise AssertionError(msg)
    register_composite(line_type, conn)
    # The registration makes the type and its constructor.
    make_line: Callable[..., Any] | None = line_type.python_type
    if make_line is None:
        raise AssertionError(LINE_TYPE)
    return make_line


def price_lines(conn: Connection[Any], lines: list[Any]) -> dict[tuple[int, int], Priced]:
    """Price lines made by `line_maker`, in one call, by claim id and line number."""
    with translated():
        # Never prepared: planned for this array, the planner knows how long it is.
        rows = conn.execute(PRICE_LINES, {"lines": lines}, prepare=False).fetchall()
    if len(rows) != len(lines):
        msg = f"{len(lines)} lines went into pricing and {len(rows)} came out"
        raise AssertionError(msg)
    return {
        (claim_id, number): Priced(amount, status, reason_code, reason, _steps(*steps))
        for claim_id, number, amount, status, reason_code, reason, *steps in rows
    }


def _steps(
    codes: list[str] | None,
    factors: list[Decimal | None] | None,
    amounts: list[Decimal] | None,
    titles: list[str] | None,
) -> tuple[Step, ...]:
    return tuple(
        starmap(Step, zip(codes or (), factors or (), amounts or (), titles or (), strict=True))
    )
