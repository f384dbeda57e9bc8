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

COMMANDS: Final = {
    "audit": "Seal, verify and read the record of who did what to which claims.",
    "batches": "List batches that do not go on by themselves; retry the failed, release the held.",
    "bench": "Measure loading and processing of generated claims in databases of its own.",
    "client": "Create, list and revoke API clients and their tokens.",
    "db": "Start and stop the embedded server, change the schema, look at the database.",
    "demo": "Run the main job: make the database, load claims, process them, show what came out.",
    "failed": (
        "List failed claims by reason, or with --rule those of one rule; retry or correct them."
    ),
    "find": "Find claims without decrypting any; give one of the three.",
    "generate": "Write realistic synthetic claims as NDJSON, the same for the same seed.",
    "keys": "Keys that protect what identifies patients: make, list, rotate, rewrap, destroy.",
    "load": "Load professional claims from NDJSON or JSON array files (- reads standard input).",
    "model": "Train, compare, activate and watch the models that score claims.",
    "price": "Price service lines from a CSV file (- reads standard input), without any claim.",
    "process": "Validate the claims that wait, score and price them and move them to production.",
    "reference": "Load fee schedules, localities and code lists as releases, and list them.",
    "review": "Work off the claims in production that wait for a person.",
    "serve": "Serve the HTTP API until it is interrupted; logs are JSON lines on standard output.",
    "show": "Explain one claim: its state, what was found, and how each amount came about.",
    "status": (
        "Show how many claims are where, the newest batches, and the releases in force today."
    ),
    "worker": "Validate, price and move batches as they come in, until Ctrl-C or SIGTERM.",
}
"""Each is the object of its own name in the module of its own name beside this one, with what its
help begins with: the list of them is shown without importing any."""

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

    _lists = False

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click declares it
        """Give the names of the commands."""
        return list(COMMANDS)

    def get_help(self, ctx: click.Context) -> str:
        """List the commands without importing any."""
        self._lists = True
        try:
            return super().get_help(ctx)
        finally:
            self._lists = False

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as click declares it
        """Import a command, or give it as the list shows it."""
        if cmd_name not in COMMANDS:
            return None
        if self._lists:
            return click.Command(cmd_name, help=COMMANDS[cmd_name])
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
