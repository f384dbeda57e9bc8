"""`claims status`: where claims and batches stand, and which releases are in force."""

from datetime import UTC, datetime
from typing import Final

import rich_click as click
from rich.table import Table
from rich.text import Text

from app.cli.options import json_option
from app.database.connect import Role, connect
from app.desk.status import BatchRow, InForce, Status, read_status
from app.program.console import notice, out, print_json
from app.reference.kinds import KINDS

_KIND_TITLES: Final = {kind.code: kind.title for kind in KINDS}


@click.command()
@click.option(
    "--batches",
    type=click.IntRange(min=0, max=10_000),
    default=10,
    show_default=True,
    help="How many of the newest batches to list.",
)
@json_option
def status(batches: int, *, as_json: bool) -> None:
    """Show how many claims are where, the newest batches, and the releases in force today."""
    with connect(Role.OPERATOR) as conn:
        found = read_status(conn, batches=batches)
    if as_json:
        print_json(
            {
                "claims": found.accounting,
                "difference": found.difference,
                "oldest_waiting": found.oldest_waiting,
                "states": found.states,
                "batches": found.batches,
                "in_force": found.in_force,
                "schedules": found.schedules,
                "kinds_missing": found.kinds_missing,
            }
        )
        return
    _show_claims(found)
    if found.batches:
        _show_batches(found.batches, sum(row.batches for row in found.states))
    _show_releases(found)
    _say_next(found)


def _show_claims(found: Status) -> None:
    counted = found.accounting
    table = Table(title="Claims", title_justify="left", show_header=False, box=None)
    table.add_column(min_width=36)
    table.add_column(justify="right")
    table.add_row("loaded", f"{counted.loaded:,}")
    table.add_row("= in progress", f"{counted.in_progress:,}")
    if found.waiting_for_scores:
        table.add_row("  of them waiting for scores", f"{found.waiting_for_scores:,}")
    table.add_row("+ transferred to production", f"{counted.transferred:,}")
    table.add_row("+ failed", f"{counted.failed:,}")
    table.add_row("+ superseded", f"{counted.superseded:,}")
    if found.difference:
        table.add_row("+ NOWHERE: this is a defect", f"{found.difference:,}", style="bold red")
    table.add_row("of the transferred, waiting for a person", f"{counted.pended:,}", style="yellow")
    table.add_row(
        "of the transferred, on review by score", f"{counted.below_threshold:,}", style="yellow"
    )
    table.add_row("of the transferred, denied", f"{counted.denied:,}", style="red")
    table.add_row("allowed", f"${counted.allowed_total:,.2f}")
    out.print(table, "")


def _show_batches(shown: list[BatchRow], total: int) -> None:
    title = "Batches" if len(shown) == total else f"The newest {len(shown)} of {total:,} batches"
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("batch", justify="right", no_wrap=True)
    for heading in ("state", "loaded"):
        table.add_column(heading, no_wrap=True)
    for heading in ("claims", "moved", "pended", "denied", "failed", "allowed"):
        table.add_column(heading, justify="right", no_wrap=True)
    several = len({row.submitter for row in shown}) > 1
    if several:
        table.add_column("submitter", overflow="fold")
    for row in shown:
        table.add_row(
            str(row.batch_id),
            row.state,
            f"{row.received_at.astimezone():%m-%d %H:%M}",
            f"{row.claims:,}",
            _number(row.transferred),
            _number(row.pended),
            _number(row.denied),
            f"{row.failed:,}",
            "" if row.allowed_total is None else f"{row.allowed_total:,.2f}",
            *([Text(row.submitter)] if several else []),
        )
    out.print(table, "")


def _show_releases(found: Status) -> None:
    if found.in_force:
        table = Table(
            title="Reference releases in force today", title_justify="left", box=None,
            padding=(0, 2, 0, 0),
        )  # fmt: skip
        table.add_column(no_wrap=True)
        table.add_column("release", overflow="fold")
        table.add_column("dates of service", no_wrap=True)
        for row in found.in_force:
            table.add_row(_KIND_TITLES[row.kind], Text(row.name), _dates(row))
        out.print(table, "")
    for schedule in found.schedules:
        if schedule.ends_soon:
            what = _KIND_TITLES[schedule.kind]
            when = f"{schedule.covered_to}, in {schedule.days_left} days"
            out.print(Text(f"Ends on {when}: {what}", style="yellow"))
    for kind in found.kinds_missing:
        out.print(Text(f"Not in force today: {_KIND_TITLES[kind]}", style="yellow"))


def _say_next(found: Status) -> None:
    counted = found.accounting
    if found.oldest_waiting is not None:
        since = datetime.now(UTC) - found.oldest_waiting
        minutes = int(since.total_seconds()) // 60
        notice(f"The oldest waiting batch was loaded {minutes:,} minutes ago. Next: claims process")
    if not counted.loaded:
        notice("No claims yet. Next: claims load FILE, or claims demo")
    if counted.failed:
        notice("Failed claims by reason: claims failed")
    if counted.transferred:
        notice("Why a claim came to its amount: claims show CLAIM")
    if any(schedule.ends_soon for schedule in found.schedules):
        notice("Lines of later dates wait until the next is there: claims reference load FILE...")
    if "rvu" in found.kinds_missing or "gpci" in found.kinds_missing:
        notice("No fee schedule for today: claims reference load FILE...")


def _dates(row: InForce) -> str:
    return f"{row.valid_from} to {row.valid_to}" if row.valid_to else f"from {row.valid_from}"


def _number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"
