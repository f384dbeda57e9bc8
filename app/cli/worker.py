"""`claims worker`: processes batches as they come, until it is stopped."""

import signal
from types import FrameType

import prometheus_client
import rich_click as click

from app.pipeline import metrics
from app.pipeline.worker import Worker
from app.program import logs
from app.program.console import notice
from app.program.errors import ClaimsError
from app.program.settings import load_settings


@click.command()
def worker() -> None:
    """Validate, price and move batches as they come in, until Ctrl-C or SIGTERM.

    Any number of workers may run at once, on any machines. What one does it logs on
    standard output, a JSON object a line. Asked to stop, it ends the stage at hand or
    hands its batches back, within 10 seconds.
    """
    settings = load_settings()
    logs.configure()
    found = Worker(settings)

    def stop(_number: int, _frame: FrameType | None) -> None:
        found.request_stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with found:
        if settings.worker_metrics_port is not None:
            _serve_metrics(found, settings.worker_metrics_port)
        limit = settings.max_concurrent_claim_processing
        together = f"{limit:,} claims" if limit else "as many claims as queue.settings says"
        notice(
            f"Worker {found.identity.worker_id} runs {settings.max_concurrent_batches} stage calls "
            f"at a time, each for {together}. Stop it with Ctrl-C."
        )
        found.wait()
    notice("Worker stopped.")


def _serve_metrics(found: Worker, port: int) -> None:
    prometheus_client.REGISTRY.register(metrics.QueueCollector(found.pool.connection))
    try:
        prometheus_client.start_http_server(port)
    except OSError as error:
        raise ClaimsError(
            "WORKER_METRICS_PORT",
            f"the port {port} for metrics cannot be opened: {error.strerror}",
            "Set WORKER_METRICS_PORT to a port that is free, one for each worker.",
        ) from None
    notice(f"Metrics: http://localhost:{port}/metrics")
