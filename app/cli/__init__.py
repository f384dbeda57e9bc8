"""The command `claims`: one group, its commands, and how errors reach people and programs."""

from typing import Any, Final

import rich_click as click

from app.cli.audit import audit
from app.cli.bench import bench
from app.cli.db import db
from app.cli.demo import demo
from app.cli.failed import failed
from app.cli.generate import generate
from app.cli.load import load
from app.cli.options import JSON_FLAG
from app.cli.price import price
from app.cli.process import process
from app.cli.reference import reference
from app.cli.show import show
from app.cli.status import status
from app.console import err, notice, print_json
from app.errors import ClaimsError

USAGE: Final = "USAGE"
"""The code of a command line that click refuses."""


class ClaimsGroup(click.RichGroup):
    """A group that shows a ClaimsError as message, hint and code, and ends with status 1.

    What click refuses itself ends with status 2. With `--json`, both stand on standard output
    as a JSON object too.
    """

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click declares it
        """Run the command; any other exception is a fault and keeps its traceback."""
        # Looked for here, because a command line that is refused has no values yet.
        wants_json = JSON_FLAG in ctx.args
        try:
            return super().invoke(ctx)
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


def _print_error(code: str, message: str, hint: str) -> None:
    print_json({"error": {"code": code, "message": message, "hint": hint}})


@click.group(cls=ClaimsGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="claims-processor")
def main() -> None:
    """Healthcare claims: loaded, validated, priced by RVU, moved to production, in PostgreSQL."""


main.add_command(db)
main.add_command(generate)
main.add_command(load)
main.add_command(reference)
main.add_command(price)
main.add_command(process)
main.add_command(bench)
main.add_command(demo)
main.add_command(status)
main.add_command(failed)
main.add_command(show)
main.add_command(audit)
