"""`claims load`: files of claims into staging."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

import rich_click as click
from rich.table import Table
from rich.text import Text

from app.cli.options import json_option, submitter_option
from app.intake.load import LoadResult, Progress, load_files
from app.intake.reader import STDIN
from app.program.console import notice, out, print_json, progress
from app.program.settings import Settings, load_settings

REASONS_SHOWN: Final = 10
NAME_SHOWN: Final = 24


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@submitter_option
@click.option(
    "--received-on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day on which the claims came in, for a backlog; timely filing counts to it. "
    "Otherwise today.",
)
@json_option
def load(
    files: tuple[str, ...],
    submitter: str | None,
    received_on: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Load professional claims from NDJSON or JSON array files (- reads standard input).

    Files may be gzipped. A claim that cannot be decoded is kept with the reason, and
    the rest goes on. Loading a file again loads only what is not there yet.
    """
    settings = load_settings()
    if submitter is not None:
        settings = settings.model_copy(update={"claims_submitter": submitter})
    result = load_behind_bar(files, settings, received_on and received_on.date())
    if as_json:
        print_json(
            {
                "files": result.files,
                "claims": result.claims,
                "not_decoded": result.not_decoded,
                "decode_failures": dict(result.reasons.most_common()),
                "batches": result.batches,
                "batches_already_loaded": result.batches_already_loaded,
                "claims_already_loaded": result.claims_already_loaded,
                "seconds": round(result.seconds, 3),
                "claims_per_second": round(result.claims_per_second, 1),
            }
        )
    else:
        _show(result)


def load_behind_bar(
    files: Sequence[str], settings: Settings, received_on: date | None = None
) -> LoadResult:
    """Load files behind a progress bar for each."""
    with progress(of_bytes=True) as display:
        tasks = {
            path: display.add_task(f"Loading {_short(path)}", total=None, start=False)
            for path in files
        }

        def show(at: Progress) -> None:
            display.start_task(tasks[at.path])
            display.update(tasks[at.path], completed=at.position, total=at.size)

        return load_files(files, settings, received_on=received_on, on_progress=show)


def _short(path: str) -> str:
    """Give a name that leaves room for the bar."""
    name = "standard input" if path == STDIN else Path(path).name
    return name if len(name) <= NAME_SHOWN else f"…{name[1 - NAME_SHOWN :]}"


def _show(result: LoadResult) -> None:
    """Print the summary for a person."""
    table = Table(show_header=False, box=None)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("claims loaded", f"{result.claims:,}")
    table.add_row("batches", f"{result.batches:,}")
    table.add_row("claims not decoded", f"{result.not_decoded:,}")
    if result.batches_already_loaded:
        table.add_row("claims already loaded before", f"{result.claims_already_loaded:,}")
    table.add_row("seconds", f"{result.seconds:,.1f}")
    table.add_row("claims per second", f"{result.claims_per_second:,.0f}")
    out.print(table)
    for reason, count in result.reasons.most_common(REASONS_SHOWN):
        out.print(Text(f"  {count:,} not decoded: {reason}"))
    if len(result.reasons) > REASONS_SHOWN:
        out.print(Text(f"  and {len(result.reasons) - REASONS_SHOWN:,} reasons more"))
    if result.claims == 0 and result.claims_already_loaded:
        notice("Nothing new: every claim of these files was loaded before.")
    elif result.claims == 0:
        notice("These files hold no claims.")
    else:
        notice("Next: claims process")
    if result.not_decoded:
        notice("The claims that were not decoded: claims failed")
