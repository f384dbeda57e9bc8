"""`claims process`: validate, score and transfer what waits."""

from dataclasses import asdict

import rich_click as click
from rich.table import Table

from app.cli.options import json_option
from app.cli.starter import load_starter
from app.database.connect import Role, connect
from app.pipeline.once import ProcessResult, process_pending
from app.program.console import err, out, print_json, progress
from app.program.settings import Settings, load_settings


@click.command()
@json_option
def process(*, as_json: bool) -> None:
    """Validate the claims that wait, score and price them and move them to production.

    Any number of these may run at once: no claim is done twice. What is interrupted
    goes on with the next call.
    """
    with connect(Role.OPERATOR) as conn:
        load_starter(conn)
    result = run(load_settings())
    if as_json:
        print_json(as_object(result))
        return
    table = Table(show_header=False, box=None)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("claims processed", f"{result.claims:,}")
    table.add_row("transferred to production", f"{result.transferred:,}")
    table.add_row("  of them waiting for a person: a line without amount", f"{result.pended:,}")
    table.add_row("  of them waiting for a person: the score", f"{result.below_threshold:,}")
    table.add_row("  of them denied: no line is payable", f"{result.denied:,}")
    table.add_row("failed", f"{result.failed:,}")
    table.add_row("allowed", f"${result.allowed_total:,.2f}")
    table.add_row("seconds", f"{result.seconds:,.1f}")
    table.add_row("claims per second", f"{result.claims_per_second:,.0f}")
    out.print(table)
    if result.in_progress:
        err.print(
            f"{result.in_progress:,} claims are in other hands, held, or wait for another attempt: "
            "claims batches"
        )
    if result.pended or result.below_threshold:
        err.print("What waits for a person: claims review")
    if result.failed:
        err.print("The failed claims by reason: claims failed")


def run(settings: Settings) -> ProcessResult:
    """Run the pipeline behind a progress bar."""
    with progress() as display:
        task = display.add_task("Processing claims", total=None)
        return process_pending(
            settings,
            on_progress=lambda done, total: display.update(task, completed=int(done), total=total),
        )


def as_object(result: ProcessResult) -> dict[str, object]:
    """Give the result as a JSON object."""
    return {
        "claims": result.claims,
        "transferred": result.transferred,
        "failed": result.failed,
        "pended": result.pended,
        "below_threshold": result.below_threshold,
        "denied": result.denied,
        "in_progress": result.in_progress,
        "allowed_total": result.allowed_total,
        "process_seconds": round(result.seconds, 3),
        "claims_per_second": round(result.claims_per_second, 1),
        "scoring_seconds": {
            part: round(spent, 3) for part, spent in asdict(result.scoring).items()
        },
    }
