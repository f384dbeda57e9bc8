"""`claims serve`: the HTTP service."""

import os

import rich_click as click

from app.pipeline.stages import check_stages
from app.program.console import notice
from app.program.settings import load_settings
from app.service.server import check_start
from app.service.server import serve as run_server


@click.command()
@click.option("--host", help="Where to listen; otherwise CLAIMS_HTTP_HOST.")
@click.option(
    "--port", type=click.IntRange(1, 65_535), help="Where to listen; otherwise CLAIMS_HTTP_PORT."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Processes that decode, encrypt and store larger requests; otherwise CLAIMS_HTTP_WORKERS.",
)
@click.option("--with-worker", is_flag=True, help="Run `claims worker` beside it.")
def serve(host: str | None, port: int | None, workers: int | None, *, with_worker: bool) -> None:
    """Serve the HTTP API until it is interrupted; logs are JSON lines on standard output.

    The document of the API is at /schema. `claims client create` makes the tokens it asks for.
    """
    given = {
        "CLAIMS_HTTP_HOST": host,
        "CLAIMS_HTTP_PORT": port,
        "CLAIMS_HTTP_WORKERS": workers,
    }
    # The serving process reads the settings by itself.
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    settings = load_settings()
    check_start(settings)
    if with_worker:
        check_stages(settings)
    scheme = "https" if settings.tls_certificate is not None else "http"
    notice(f"Listening on {scheme}://{settings.http_host}:{settings.http_port}; stop with Ctrl-C")
    run_server(settings, with_worker=with_worker)
