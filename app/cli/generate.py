"""`claims generate`: synthetic claims as NDJSON."""

import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

import rich_click as click
from rich.table import Table

from app.cli.options import json_option
from app.generate import AS_OF, FAULT_SHARE, FAULTS, Generator
from app.program.console import notice, out, print_json, progress
from app.program.errors import ClaimsError

STDOUT: Final = "-"
STEP: Final = 1000


def _list_faults(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click passes the flag's value so
    if value:
        table = Table("in 1,000", "found by", "fault", box=None)
        for fault in FAULTS:
            table.add_row(str(fault.share), fault.outcome, fault.title)
        out.print(table)
        ctx.exit()


@click.command()
@click.option("--claims", "count", type=click.IntRange(1), required=True, help="How many.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="The same seed gives the same claims.",
)
@click.option(
    "--output", default=STDOUT, help="File (.gz is compressed); default: standard output."
)
@click.option(
    "--error-share",
    type=click.FloatRange(0, 1),
    default=FAULT_SHARE,
    show_default=True,
    help="Share of the claims with a fault; the kinds keep their proportions.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    default=AS_OF.isoformat(),
    show_default=True,
    help="Day they are written; services are in the 300 days before.",
)
@click.option(
    "--list-faults",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_faults,
    help="Show the kinds of faults, their shares and what finds them, and end.",
)
@json_option
def generate(  # noqa: PLR0913 - click gives each option as an argument
    count: int, seed: int, output: str, error_share: float, as_of: datetime, *, as_json: bool
) -> None:
    """Write realistic synthetic claims as NDJSON, the same for the same seed."""
    if as_json and output == STDOUT:
        msg = "--json needs --output: the claims themselves go to standard output."
        raise click.UsageError(msg)
    generator = Generator(count, seed, as_of.date(), error_share)
    with _opened(output) as file, progress() as display:
        task = display.add_task("Writing claims", total=count)
        for number, line in enumerate(generator, start=1):
            file.write(line)
            if number % STEP == 0 or number == count:
                display.update(task, completed=number)
    if as_json:
        print_json({"claims": count, "seed": seed, "faults": dict(generator.faults)})
    else:
        notice(f"{count:,} claims written, {generator.faults.total():,} of them with a fault.")
        if output != STDOUT:
            notice(f"Next: claims load {output}")


@contextmanager
def _opened(output: str) -> Iterator[BinaryIO]:
    """Open the output; gzip without the time, so that the same claims are the same bytes."""
    if output == STDOUT:
        yield sys.stdout.buffer
        return
    try:
        file = Path(output).open("wb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise ClaimsError(
            "GENERATE_FILE_UNWRITABLE",
            f"{output} cannot be written: {error.strerror}",
            "Check the path and the permissions.",
        ) from error
    with file:
        if output.endswith(".gz"):
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                yield cast("BinaryIO", packed)
        else:
            yield file
