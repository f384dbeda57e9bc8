"""Options that many commands share."""

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


def submitter_option(function: _Command) -> _Command:
    """Add `--submitter`; without it CLAIMS_SUBMITTER holds."""
    return click.option("--submitter", help="Whose claims they are; otherwise CLAIMS_SUBMITTER.")(
        function
    )
