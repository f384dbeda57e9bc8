"""`claims review`: the claims that wait for a person, and what the person decides."""

from typing import Final

import rich_click as click
from rich.table import Table

from app.cli.options import json_option
from app.database.connect import Role, connect
from app.desk.review import read_queue, read_reasons, record_review
from app.program.console import notice, out, print_json

VERDICTS: Final = {"approve": "approved", "refuse": "not_approved"}


@click.group()
def review() -> None:
    """Work off the claims in production that wait for a person."""


@review.command("list")
@click.option(
    "--reason",
    type=click.Choice(["score", "pended_lines"]),
    help="Only claims that wait for this reason.",
)
@click.option("--after", default=0, help="Only claims with a higher id.")
@click.option(
    "--limit",
    default=20,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="How many to list at most.",
)
@json_option
def list_(reason: str | None, after: int, limit: int, *, as_json: bool) -> None:
    """List claims that wait, and why: a score below the threshold, or lines without an amount."""
    with connect(Role.REVIEWER) as conn:
        found = read_queue(conn, reason=reason, after=after, limit=limit)
    if as_json:
        print_json({"claims": found})
        return
    if not found:
        notice("No claim waits for a person.")
        return
    table = Table("claim", "waits for", "score", "service", "charge", "allowed", box=None)
    for column in (0, 2, 4, 5):
        table.columns[column].justify = "right"
    for one in found:
        lines = f"{one.pended_lines} line{'s' if one.pended_lines > 1 else ''} without amount"
        why = {"score": "its score", "pended_lines": lines}
        table.add_row(
            str(one.claim_id),
            ", ".join(why[name] for name in one.reasons),
            "" if one.score is None else f"{one.score:.3f}",
            str(one.first_service_date),
            f"{one.total_charge:,.2f}",
            f"{one.allowed_amount:,.2f}",
        )
    out.print(table)
    if len(found) == limit:
        notice(f"There may be more: claims review list --after {found[-1].claim_id}")
    notice("Why: claims show CLAIM. Then: claims review record CLAIM approve|refuse REASON")


@review.command()
@json_option
def reasons(*, as_json: bool) -> None:
    """List the reasons that a verdict may have."""
    with connect(Role.REVIEWER) as conn:
        found = read_reasons(conn)
    if as_json:
        print_json({"reasons": found})
        return
    said = {verdict: word for word, verdict in VERDICTS.items()}
    table = Table("verdict", "reason", "", box=None)
    for one in found:
        table.add_row(said[one.verdict], one.reason_code, one.title)
    out.print(table)


@review.command()
@click.argument("claim", type=click.IntRange(1))
@click.argument("verdict", type=click.Choice(list(VERDICTS)))
@click.argument("reason")
@json_option
def record(claim: int, verdict: str, reason: str, *, as_json: bool) -> None:
    """Record that CLAIM was approved as billed, or not, for a REASON of claims review reasons.

    Models learn from it. A later verdict on the same claim goes before.
    """
    with connect(Role.REVIEWER) as conn:
        record_review(conn, claim, VERDICTS[verdict], reason)
    if as_json:
        print_json({"claim_id": claim, "verdict": VERDICTS[verdict], "reason": reason})
    else:
        notice(f"Recorded: claim {claim}, {VERDICTS[verdict].replace('_', ' ')}, {reason}.")
