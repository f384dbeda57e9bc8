"""Options that many commands share."""

from collections.abc import Callable
from typing import Final, TypeVar

import rich_click as click

WANTS_JSON: Final = "app.wants_json"

_Command = TypeVar("_Command", bound=Callable[..., object])


def _remember(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:  # noqa: FBT001 - click passes the flag's value so
    ctx.meta[WANTS_JSON] = value
    return value


def json_option(function: _Command) -> _Command:
    """Add `--json` (parameter `as_json`); errors then are JSON on standard output too."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        is_eager=True,
        callback=_remember,
        help="Print one JSON object on standard output, for programs.",
    )(function)
