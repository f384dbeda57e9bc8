"""`claims worker`: processes batches as they come, until it is stopped."""

import rich_click as click

from app.pipeline.process import run
from app.program.settings import load_settings


@click.command()
def worker() -> None:
    """Validate, price and move batches as they come in, until Ctrl-C or SIGTERM.

    Any number of workers may run at once, on any machines. What one does it logs on
    standard output, a JSON object a line. Asked to stop, it ends the stage at hand or
    hands its batches back, within 10 seconds.
    """
    run(load_settings())
