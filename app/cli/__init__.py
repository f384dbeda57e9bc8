"""The command `claims`: one group, its commands, and how errors reach people and programs."""

from typing import Any

import rich_click as click

from app.cli.bench import bench
from app.cli.db import db
from app.cli.demo import demo
from app.cli.failed import failed
from app.cli.generate import generate
from app.cli.load import load
from app.cli.model import model
from app.cli.options import WANTS_JSON
from app.cli.price import price
from app.cli.process import process
from app.cli.reference import reference
from app.cli.review import review
from app.cli.show import show
from app.cli.status import status
from app.console import err, notice, print_json
from app.errors import ClaimsError


class ClaimsGroup(click.RichGroup):
    """A group that shows a ClaimsError as message, hint and code, and ends with status 1."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click declares it
        """Run the command; any other exception is a fault and keeps its traceback."""
        try:
            return super().invoke(ctx)
        except ClaimsError as error:
            err.print("Error:", style="bold red", end=" ")
            notice(error.message)
            notice(f"{error.hint} [{error.code}]")
            if ctx.meta.get(WANTS_JSON):
                report = {"code": error.code, "message": error.message, "hint": error.hint}
                print_json({"error": report})
            ctx.exit(1)


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
main.add_command(model)
main.add_command(review)
