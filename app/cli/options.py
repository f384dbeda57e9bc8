"""Options that many commands share."""

import sys
from collections.abc import Callable
from typing import Final, TypeVar

import rich_click as click

JSON_FLAG: Final = "--json"

_Command = TypeVar("_Command", bound=Callable[..., object])


def json_option(function: _Command) -> _Command:
    """Add `--json` (parameter `as_json`); errors then are JSON on standard output too."""
    return click.option(
        JSON_FLAG,
        "as_json",
        is_flag=True,
        help="Print one JSON object on standard output, for programs.",
    )(function)


def asked_for(label: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """Make the callback of what may be PHI: given as `-`, it is asked for, or read from a pipe.

    What stands on a command line is seen by every user of the machine, and kept by shells.
    """

    def callback(_: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
        if value != "-":
            return value
        if sys.stdin.isatty():
            answer: str = click.prompt(label, err=True)
            return answer
        line = sys.stdin.readline().strip()
        if not line:
            raise click.BadParameter("standard input has no line to read it from", param=parameter)
        return line

    return callback


def submitter_option(function: _Command) -> _Command:
    """Add `--submitter`; without it CLAIMS_SUBMITTER holds."""
    return click.option("--submitter", help="Whose claims they are; otherwise CLAIMS_SUBMITTER.")(
        function
    )
