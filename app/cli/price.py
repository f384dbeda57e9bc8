"""`claims price`: amounts for lines that belong to no claim."""

import codecs
import csv
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any, Final

import msgspec
import rich_click as click
from psycopg import Connection
from rich.progress import Progress

from app.cli.options import json_option
from app.cli.starter import load_starter
from app.database.connect import Role, connect
from app.pricing.file import ADDED, CHUNK_LINES, PriceFile, price_file, read_price_file
from app.pricing.lines import Priced
from app.program.console import notice, progress
from app.program.errors import ClaimsError

_ENCODE: Final = msgspec.json.Encoder(decimal_format="number").encode


@click.command()
@click.argument("file", metavar="FILE.csv")
@json_option
def price(file: str, *, as_json: bool) -> None:
    """Price service lines from a CSV file (- reads standard input), without any claim.

    Columns, in any order: date_of_service (YYYY-MM-DD), carrier and locality or zip,
    hcpcs, modifiers (several separated by a blank, comma, colon or bar),
    place_of_service, units; and, if you like, charge, minutes, taxonomy (of the
    rendering provider) and group: lines of one group belong to one patient, provider
    and day. Zeros that a spreadsheet took from the front of a code are put back.

    Standard output has the same columns, then allowed_amount, status and steps: how
    the amount came about, or the reason why there is none. --json gives an array.
    """
    lines = _read(file)
    if lines.unused:
        notice(f"Passed on, and not used for pricing: {', '.join(lines.unused)}")
    with connect(Role.OPERATOR, autocommit=True) as conn:
        load_starter(conn)
        with progress() if len(lines.rows) > CHUNK_LINES else nullcontext() as display:
            priced = _priced(conn, lines, display)
            if as_json:
                _write_json(lines, priced)
            else:
                _write_csv(lines, priced)


def _read(file: str) -> PriceFile:
    """Read the file; `-` is standard input."""
    try:
        with click.open_file(file, "rb") as handle:
            return read_price_file(handle)
    except OSError as error:
        raise ClaimsError(
            "PRICE_FILE_UNREADABLE",
            f"{file} cannot be read: {error.strerror}",
            "Check the path and the permissions.",
        ) from error


def _priced(
    conn: Connection[Any], lines: PriceFile, display: Progress | None
) -> Iterator[tuple[list[str], Priced]]:
    """Price behind a progress bar, where there is one."""
    if display is None:
        return price_file(conn, lines)
    task = display.add_task("Pricing lines", total=len(lines.rows))
    return price_file(conn, lines, on_progress=lambda done: display.update(task, completed=done))


def _write_csv(file: PriceFile, priced: Iterator[tuple[list[str], Priced]]) -> None:
    out = codecs.getwriter("utf-8")(sys.stdout.buffer)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*file.columns, *ADDED])
    writer.writerows(
        [*row, price.allowed_amount, price.status, price.explained] for row, price in priced
    )
    out.flush()


def _write_json(file: PriceFile, priced: Iterator[tuple[list[str], Priced]]) -> None:
    """Write an array, a line for each object, as the prices come."""
    out = sys.stdout.buffer
    before = b"[\n"
    for row, price in priced:
        out.write(before + _ENCODE(dict(zip(file.columns, row, strict=True)) | _as_object(price)))
        before = b",\n"
    out.write(b"[]\n" if before == b"[\n" else b"\n]\n")
    out.flush()


def _as_object(price: Priced) -> dict[str, object]:
    """Give a price as a JSON object."""
    return {
        "allowed_amount": price.allowed_amount,
        "status": price.status,
        "reason_code": price.reason_code,
        "reason": price.reason,
        "steps": price.steps,
    }
