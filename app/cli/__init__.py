"""The command `claims`: one group, its commands, and how errors reach people and programs."""

import os
import resource
import sys
from errno import EDQUOT, EFBIG, EIO, ENOSPC
from importlib import import_module
from typing import Any, Final

import rich_click as click

from app.cli.options import JSON_FLAG
from app.program.console import err, notice, print_json
from app.program.errors import ClaimsError

COMMANDS: Final = (
    *("audit", "batches", "bench", "client", "db", "demo", "failed", "find", "generate"),
    *("keys", "load", "model", "price", "process", "reference", "review", "serve", "show"),
    *("status", "worker"),
)
"""Each is the object of its own name in the module of its own name beside this one."""

NO_ROOM: Final = (ENOSPC, EDQUOT, EFBIG, EIO)
"""The errors by which a system refuses bytes that a command writes."""

USAGE: Final = "USAGE"
"""The code of a command line that click refuses."""


class ClaimsGroup(click.RichGroup):
    """A group that shows a ClaimsError as message, hint and code, and ends with status 1.

    What click refuses itself ends with status 2. With `--json`, both stand on standard output
    as a JSON object too. A command is imported when it is called, so that each starts with what
    it needs itself: SQLAlchemy alone takes as long as most commands do.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click declares it
        """Give the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as click declares it
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"app.cli.{cmd_name}"), cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click declares it
        """Run the command; any other exception is a fault and keeps its traceback."""
        # Looked for here, because a command line that is refused has no values yet.
        wants_json = JSON_FLAG in ctx.args
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except click.UsageError as error:
            if wants_json:
                command = error.ctx.command_path if error.ctx else ctx.command_path
                hint = f"Try `{command} --help`."
                _print_error(USAGE, error.format_message(), hint)
            raise
        except ClaimsError as error:
            err.print("Error:", style="bold red", end=" ")
            notice(error.message)
            notice(f"{error.hint} [{error.code}]")
            if wants_json:
                _print_error(error.code, error.message, error.hint)
            ctx.exit(1)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            err.print("Error:", style="bold red", end=" ")
            notice(f"{error.filename or 'the output'} cannot be written: {error.strerror}")
            notice("Make room where it goes, then run the command again. [OUTPUT_UNWRITABLE]")
            # What is still in the buffer of standard output would fail once more at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        return result


def _print_error(code: str, message: str, hint: str) -> None:
    # A file's name may hold bytes that are no text.
    text = message.encode("utf-8", "backslashreplace").decode()
    print_json({"error": {"code": code, "message": text, "hint": hint}})


@click.group(cls=ClaimsGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="claims-processor")
def main() -> None:
    """Healthcare claims: loaded, validated, priced by RVU, moved to production, in PostgreSQL."""
    # The core file of a crash would hold keys and patients; children inherit the limit.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
