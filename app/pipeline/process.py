"""A worker as a process of its own: stopped by signals, with its metrics on a port."""

import signal
from types import FrameType

import prometheus_client

from app.pipeline import metrics
from app.pipeline.worker import Worker
from app.program import logs
from app.program.console import notice
from app.program.errors import ClaimsError
from app.program.settings import Settings


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; logs go to standard output, a JSON object a line.

    Raises:
        ClaimsError: there is no database, the schema or the model is not the one needed,
            WORKER_METRICS_PORT, or WORKER_FAULT.

    """
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
