"""What the commands print with: people's text, progress, and JSON for programs."""

import sys
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
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

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def notice(text: str) -> None:
    """Tell a person something on standard error, as it stands."""
    err.print(text, markup=False, highlight=False, soft_wrap=True)


def progress() -> Progress:
    """Give a progress display on standard error; without a terminal it prints its last state."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
    )


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever msgspec can encode
    """Print one line of JSON on standard output; dates as ISO text, decimals as exact numbers."""
    sys.stdout.write(_ENCODER.encode(value).decode() + "\n")
    sys.stdout.flush()
