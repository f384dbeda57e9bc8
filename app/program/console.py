"""What the commands print with: people's text, progress, and JSON for programs."""

import sys
from functools import cache
from pathlib import PurePath
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

out: Final = Console()
"""Standard output: results."""

err: Final = Console(stderr=True)
"""Standard error: progress, notices and errors."""


def _as_text(value: object) -> str:
    """Give what JSON has no type of its own for."""
    if isinstance(value, PurePath):
        return str(value)
    raise NotImplementedError(type(value))


_ENCODER: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=_as_text)


def notice(text: str) -> None:
    """Tell a person something on standard error, as it stands."""
    err.print(text, markup=False, highlight=False, soft_wrap=True)


@cache
def notice_once(text: str) -> None:
    """Tell it once in the life of the program, however many connections find it."""
    notice(text)


def progress(*, of_bytes: bool = False) -> Progress:
    """Give a progress display on standard error; without a terminal it prints its last state."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        DownloadColumn() if of_bytes else MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
    )


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever msgspec can encode
    """Print one line of JSON on standard output; dates as ISO text, decimals as exact numbers."""
    sys.stdout.write(_ENCODER.encode(value).decode() + "\n")
    sys.stdout.flush()
