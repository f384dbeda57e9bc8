"""`claims batches`: those that failed, wait for another attempt or are held; retry and release."""

import rich_click as click
from rich.table import Table
from rich.text import Text

from app.cli.options import json_option, submitter_option
from app.database.connect import Role, connect
from app.desk.second_chances import release_batches, retry_batches
from app.desk.status import StuckBatch, read_stuck_batches
from app.program.console import notice, out, print_json
from app.program.settings import load_settings


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def batches(ctx: click.Context, *, as_json: bool) -> None:
    """List batches that do not go on by themselves; retry the failed, release the held."""
    if ctx.invoked_subcommand is not None:
        return
    with connect(Role.OPERATOR) as conn:
        found = read_stuck_batches(conn)
    if as_json:
        print_json({"batches": found})
    else:
        _show(found)


@batches.command()
@click.argument("batch_ids", nargs=-1, required=True, type=int, metavar="BATCH...")
@json_option
def retry(batch_ids: tuple[int, ...], *, as_json: bool) -> None:
    """Put failed batches back where they stood, and let waiting ones go at once."""
    with connect(Role.OPERATOR, autocommit=True) as conn:
        retried = retry_batches(conn, list(batch_ids))
    _answer(retried, "go on", as_json=as_json)


@batches.command()
@click.argument("batch_ids", nargs=-1, type=int, metavar="[BATCH]...")
@submitter_option
@json_option
def release(batch_ids: tuple[int, ...], submitter: str | None, *, as_json: bool) -> None:
    """Let held batches be transferred: the given ones, or all that are ready."""
    with connect(Role.OPERATOR, autocommit=True) as conn:
        released = release_batches(
            conn, submitter or load_settings().claims_submitter, list(batch_ids) or None
        )
    _answer(released, "may be transferred", as_json=as_json)


def _answer(found: list[tuple[int, str]], what: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"batches": [{"batch_id": key, "state": state} for key, state in found]})
        return
    for batch_id, state in found:
        notice(f"Batch {batch_id} ({state}) {what}.")
    notice("Next: claims process, or a claims worker" if found else "No batch is held and ready.")


def _show(found: list[StuckBatch]) -> None:
    if not found:
        notice("No batch failed, waits for another attempt or is held. Next: claims status")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("batch", "state", "claims", "why", "attempts", "next attempt", "error"):
        table.add_column(heading)
    for row in found:
        table.add_row(
            str(row.batch_id),
            row.state,
            f"{row.claims:,}",
            row.why,
            str(row.attempts),
            f"{row.next_attempt_at.astimezone():%m-%d %H:%M:%S}" if row.next_attempt_at else "",
            Text(" ".join(filter(None, (row.last_sqlstate, row.last_error)))),
        )
    out.print(table)
    notice("Failed: claims batches retry BATCH. Held: claims batches release [BATCH]")
