"""`claims reference`: what CMS publishes, loaded as releases, and which one holds when."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import rich_click as click
from rich.table import Table
from rich.text import Text

from app.cli.options import json_option
from app.database.connect import Role, connect
from app.program.console import notice, out, print_json, progress
from app.reference.kinds import KINDS
from app.reference.listing import ListedRelease, Period, list_periods, list_releases
from app.reference.load import Loaded, load
from app.reference.releases import Given, Plan, plan
from app.reference.withdraw import withdraw

DAY: Final = click.DateTime(["%Y-%m-%d"])
PRICED_SHOWN: Final = 20
STATUSES: Final = {"qpp", "non_qpp"}


@click.group()
def reference() -> None:
    """Load fee schedules, localities and code lists as releases, and list them."""


@reference.command(name="load")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@click.option(
    "--from", "first", type=DAY, help="First date of service; otherwise what the file says."
)
@click.option(
    "--to", "last", type=DAY, help="Last date of service; otherwise until a newer release."
)
@click.option("--name", help="Name of the release; otherwise the publisher's, such as RVU25D.")
@click.option(
    "--qpp-status",
    type=click.Choice(["both", "qpp", "non_qpp"]),
    help="Whom it is for, where CMS publishes two and the file does not say which.",
)
@click.option(
    "--smaller",
    is_flag=True,
    help="Take a list that has less than half of the rows that it takes the place of.",
)
@json_option
def load_command(  # noqa: PLR0913 - one parameter for each option
    files: Sequence[Path],
    first: datetime | None,
    last: datetime | None,
    name: str | None,
    qpp_status: str | None,
    *,
    smaller: bool,
    as_json: bool,
) -> None:
    """Load files as CMS publishes them, plain, gzipped or in their zip.

    What a file is, is recognised from its content: PPRRVU, GPCI, ANES, OPPSCAP, ZIP5,
    ICD-10-CM, place of service codes, or the project's own CSV of any of these. All files
    are checked before the first is loaded; one bad row, and nothing is. A newer release
    takes over from its first date on, and deletes nothing. The options are for all FILES.
    """
    given = Given(
        valid_from=first.date() if first else None,
        valid_to=last.date() if last else None,
        name=name,
        qpp_status=qpp_status,
    )
    started = time.monotonic()
    with progress() as display:
        checking = display.add_task("Checking files", total=len(files))
        found = plan(files, given, on_file=lambda: display.advance(checking))
        loaded = []
        with connect(Role.OPERATOR) as conn:
            for release in found.releases:
                task = display.add_task(f"Loading {release.name}", total=len(release.rows))
                loaded.append(
                    load(
                        conn,
                        release,
                        may_be_smaller=smaller,
                        on_rows=partial(display.advance, task),
                    )
                )
    seconds = time.monotonic() - started
    if as_json:
        print_json(_loaded_as_object(found, loaded, seconds))
    else:
        _show_loaded(loaded, seconds)
    for member in found.unrecognised:
        notice(f"Not loaded: {member} is no reference data in a known layout.")
    for file, title in found.unused:
        notice(f"Not used: {file} is {title}, which this program has no use for.")
    for left_out, kept in found.twins:
        notice(f"Not loaded twice: {left_out} holds the same rows as {kept}.")


@reference.command(name="list")
@json_option
def list_command(*, as_json: bool) -> None:
    """List the releases and the dates of service on which each is in force."""
    with connect(Role.OPERATOR) as conn:
        releases = list_releases(conn)
        periods = list_periods(conn)
    in_force: dict[int, list[Period]] = {}
    for period in periods:
        in_force.setdefault(period.release_id, []).append(period)
    if as_json:
        print_json({"releases": [_listed_as_object(row, in_force) for row in releases]})
    elif releases:
        _show_list(releases, in_force)
    else:
        notice("No release is loaded. Next: claims reference load FILE...")


@reference.command(name="withdraw")
@click.argument("release", type=int)
@click.option("--reason", required=True, help="Why it was a mistake; kept with the release.")
@json_option
def withdraw_command(release: int, *, reason: str, as_json: bool) -> None:
    """Take RELEASE, loaded by mistake, out of force; its id stands in `claims reference list`.

    What it superseded is in force again. Claims that it priced are listed, and stay as they are.
    Nothing is deleted; an audit event records it.
    """
    with connect(Role.OPERATOR, autocommit=True) as conn:
        done = withdraw(conn, release, reason)
    if as_json:
        print_json({"release_id": release, **asdict(done)})
        return
    out.print(f"Release {release} is withdrawn.")
    for text in _lost(done.in_force_again):
        out.print(f"  in force now: {text}", markup=False, highlight=False, soft_wrap=True)
    if not done.priced:
        out.print("  no claim in production was priced by it")
        return
    table = Table("claim", "month", "lines", "allowed", box=None, padding=(0, 2, 0, 0))
    for column in (table.columns[0], *table.columns[2:]):
        column.justify = "right"
    for row in done.priced[:PRICED_SHOWN]:
        allowed = "" if row.allowed_amount is None else f"${row.allowed_amount:,.2f}"
        table.add_row(str(row.claim_id), f"{row.service_month:%Y-%m}", str(row.lines), allowed)
    out.print(f"  {len(done.priced):,} claims in production were priced by it:")
    out.print(table)
    if len(done.priced) > PRICED_SHOWN:
        notice(f"The first {PRICED_SHOWN}; all of them: --json, or maintenance.claims_priced_by")


def _show_list(releases: Sequence[ListedRelease], in_force: dict[int, list[Period]]) -> None:
    for kind in KINDS:
        rows = [row for row in releases if row.kind == kind.code]
        if not rows:
            continue
        table = Table(title=kind.title, title_justify="left", box=None, padding=(0, 1, 0, 0))
        table.add_column("id", justify="right")
        table.add_column("release", overflow="fold")
        table.add_column("in force", min_width=24)
        table.add_column("superseded by", width=10)
        table.add_column("rows", justify="right", no_wrap=True)
        table.add_column("loaded", no_wrap=True)
        for row in rows:
            table.add_row(
                str(row.release_id),
                _name(row.name, row.qpp_status),
                "\n".join(_spans(in_force.get(row.release_id, []))) or "never",
                ", ".join(map(str, row.superseded_by)),
                f"{row.row_count:,}",
                f"{row.loaded_at:%Y-%m-%d}",
                style=None if row.release_id in in_force else "dim",
            )
            if row.withdrawn_at is not None:
                why = f"withdrawn {row.withdrawn_at:%Y-%m-%d}: {row.withdrawn_reason}"
                table.add_row("", "", Text(why), "", "", "", style="dim")
        out.print(table, "")


def _show_loaded(loaded: Sequence[Loaded], seconds: float) -> None:
    for one in loaded:
        release = one.release
        new = one.superseded is not None
        done = "loaded" if new else "nothing changed, already loaded"
        until = "until superseded" if release.valid_to is None else f"to {release.valid_to}"
        lines = [
            f"{_name(release.name, release.qpp_status)}: {done} as release {one.release_id}",
            f"  {release.kind.title}: {len(release.rows):,} rows of {release.source.name}",
            f"  dates of service from {release.valid_from} {until} (from {release.dated_by})",
        ]
        spans = _spans(one.in_force)
        lines.append(f"  in force: {'; '.join(spans)}" if spans else "  in force: never")
        lines += [f"  supersedes {text}" for text in _lost(one.superseded or [])]
        if not spans:
            lines.append("  other releases hold on all its dates: claims reference list")
        out.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    notice(f"{len(loaded)} in {seconds:.1f} s. Next: claims reference list")


def _spans(periods: Iterable[Period]) -> list[str]:
    """Dates in force as text, with the status where it is not for everybody."""
    by_dates: dict[tuple[date, date | None], set[str]] = {}
    for period in periods:
        by_dates.setdefault((period.valid_from, period.valid_to), set()).add(period.qpp_status)
    return [
        f"{first} to {last}" + _whom(statuses) if last else f"from {first}" + _whom(statuses)
        for (first, last), statuses in by_dates.items()
    ]


def _lost(periods: Sequence[Period]) -> list[str]:
    names = {period.release_id: period.name for period in periods}
    return [
        f"{name} (release {release_id}): {span}"
        for release_id, name in names.items()
        for span in _spans(period for period in periods if period.release_id == release_id)
    ]


def _name(name: str, qpp_status: str) -> str:
    return name if qpp_status == "both" else f"{name}, {qpp_status}"


def _whom(statuses: set[str]) -> str:
    return "" if statuses == STATUSES else f" ({', '.join(sorted(statuses))})"


def _loaded_as_object(found: Plan, loaded: Sequence[Loaded], seconds: float) -> dict[str, Any]:
    return {
        "releases": [
            {
                "release_id": one.release_id,
                "kind": one.release.kind.code,
                "name": one.release.name,
                "qpp_status": one.release.qpp_status,
                "valid_from": one.release.valid_from,
                "valid_to": one.release.valid_to,
                "dated_by": one.release.dated_by,
                "layout": one.release.layout,
                "file": one.release.source.name,
                "file_sha256": one.release.source.sha256.hex(),
                "rows": len(one.release.rows),
                "loaded": one.superseded is not None,
                "in_force": one.in_force,
                "supersedes": one.superseded or [],
            }
            for one in loaded
        ],
        "same_rows": [{"file": left_out, "same_as": kept} for left_out, kept in found.twins],
        "unrecognised": found.unrecognised,
        "unused": [{"file": name, "holds": title} for name, title in found.unused],
        "seconds": round(seconds, 3),
    }


def _listed_as_object(row: ListedRelease, in_force: dict[int, list[Period]]) -> dict[str, Any]:
    return {
        "release_id": row.release_id,
        "kind": row.kind,
        "name": row.name,
        "qpp_status": row.qpp_status,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "in_force": in_force.get(row.release_id, []),
        "superseded_by": row.superseded_by,
        "rows": row.row_count,
        "is_starter": row.is_starter,
        "file": row.file_name,
        "file_sha256": row.file_sha256,
        "loaded_at": row.loaded_at,
        "withdrawn_at": row.withdrawn_at,
        "withdrawn_reason": row.withdrawn_reason,
    }
