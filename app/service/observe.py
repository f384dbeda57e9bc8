"""One log line and the metrics of every request; ids that join them, and never PHI."""

import os
import re
import time
import uuid
from collections.abc import Iterable
from typing import Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from app.service.database import Pool

REQUESTS: Final = Counter(
    "claims_http_requests", "Requests answered.", ["method", "route", "status"]
)
SECONDS: Final = Histogram(
    "claims_http_request_seconds",
    "From the first byte of the head of a request to the last byte of its answer.",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
IN_FLIGHT: Final = Gauge(
    "claims_http_requests_in_flight", "Requests being answered.", multiprocess_mode="livesum"
)
ACCEPTED: Final = Counter("claims_http_claims_accepted", "Claims stored for HTTP clients.")

ASKED: Final = CollectorRegistry()
"""What is asked for with each scrape: of the queue, of the pool, of this process."""

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where it is set, processes put their figures together in the folder it names."""

METHODS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
REQUEST_ID_HEADER: Final = "X-Request-ID"
# The form of UUIDs, trace ids and hashes: letters that make no name.
_REQUEST_ID: Final = re.compile(r"[0-9a-f]{8}(?:[0-9a-f-]{8,56})?")

_log: Final = structlog.get_logger(__name__)


class Observed:
    """The application inside: gives each request an id, counts it, times it and logs it.

    It stands outside of Litestar, whose own middleware sees no request that has no route
    and no answer to an exception.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Observe one request; its path is never logged, for it may hold anything."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        seen = {"status": 0, "bytes": 0}

        async def observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (REQUEST_ID_HEADER.lower().encode(), request_id.encode()),
                ]
            elif message["type"] == "http.response.body":
                seen["bytes"] += len(message["body"])
            await send(message)

        started = time.perf_counter()
        IN_FLIGHT.inc()
        try:
            await self._app(scope, receive, observed)
        finally:
            IN_FLIGHT.dec()
            seconds = time.perf_counter() - started
            route = scope.get("path_template", "unmatched")
            asked = str(scope["method"])
            method = asked if asked in METHODS else "other"
            REQUESTS.labels(method, route, seen["status"]).inc()
            SECONDS.labels(method, route).observe(seconds)
            _log.info("request", method=method, route=route, seconds=round(seconds, 4), **seen)


def _request_id(scope: Scope) -> str:
    """Take the caller's id when it is one, else make one."""
    for name, value in scope["headers"]:
        if name == REQUEST_ID_HEADER.lower().encode():
            given = value.decode("latin-1").lower()
            if _REQUEST_ID.fullmatch(given):
                return given
    return uuid.uuid4().hex


class PoolCollector(Collector):
    """The connections of the service, when Prometheus asks."""

    NAMES: Final = {
        "claims_http_pool_size": ("pool_size", "Connections that are open."),
        "claims_http_pool_available": ("pool_available", "Connections that nobody uses."),
        "claims_http_pool_waiting": ("requests_waiting", "Requests that wait for a connection."),
    }

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def collect(self) -> Iterable[Metric]:
        """Read the figures of the pool."""
        stats = self._pool.get_stats()
        for name, (key, text) in self.NAMES.items():
            yield GaugeMetricFamily(name, text, stats.get(key, 0))


def exposition() -> bytes:
    """Give all figures: of the worker beside this process, too, where there is one."""
    if SHARED not in os.environ:
        return generate_latest(REGISTRY) + generate_latest(ASKED)
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]  # it has no types
    own = CollectorRegistry()
    for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        own.register(collector)
    return b"".join(generate_latest(registry) for registry in (shared, own, ASKED))
