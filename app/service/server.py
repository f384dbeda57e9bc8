"""Serve the application with granian, and a worker beside it where that is asked for."""

import ipaddress
import multiprocessing
import os
import socket
import tempfile
import threading
from typing import Final

import structlog
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from prometheus_client.multiprocess import mark_process_dead

from app.database.connect import Role, connect
from app.pipeline.process import run
from app.program import logs
from app.program.errors import ClaimsError
from app.program.settings import Settings, load_settings
from app.service.lifeline import end_with_parent
from app.service.observe import SHARED
from app.vault import KeyRing

TARGET: Final = "app.service.application:create"
HEAD_MILLISECONDS: Final = 10_000
"""A client has so long to send the head of a request."""

STOP_SECONDS: Final = 15
"""After so long without an end the serving process is killed."""

RESTART_SECONDS: Final = 1.0

_log: Final = structlog.get_logger(__name__)


def serve(settings: Settings, *, with_worker: bool) -> None:
    """Serve until SIGTERM or SIGINT; a serving process or worker that dies is started again.

    Call `check_start` first.
    """
    logs.configure()
    # granian starts its process in the way that is set: a forked one would have the locks that
    # threads of this one held at that moment.
    multiprocessing.set_start_method("spawn", force=True)
    server = Granian(
        TARGET,
        address=settings.http_host,
        port=settings.http_port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=1,
        websockets=False,
        http=HTTPModes.auto,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_MILLISECONDS),
        log_enabled=False,
        ssl_cert=settings.tls_certificate,
        ssl_key=settings.tls_key,
        respawn_failed_workers=True,
        respawn_interval=RESTART_SECONDS,
        workers_kill_timeout=STOP_SECONDS,
    )
    beside = _WorkerProcess() if with_worker else None
    if beside is None:
        server.serve()
        return
    server.on_startup(beside.start)
    server.on_shutdown(beside.stop)
    with tempfile.TemporaryDirectory(prefix="claims-metrics-") as folder:
        # Read by prometheus_client in the processes that are started from here.
        os.environ.setdefault(SHARED, folder)
        server.serve()


def check_start(settings: Settings) -> None:
    """Find out what would keep the serving process from starting, where it can be said well.

    Raises:
        ClaimsError: SERVE_ADDRESS_UNSAFE, SERVE_ADDRESS_UNUSABLE, or that there is no database,
            that its schema is not the one needed, or of the keys.

    """
    check_address(settings)
    with connect(Role.APP) as conn:
        KeyRing.open(conn, settings)


def check_address(settings: Settings) -> None:
    """Refuse to listen where others could read along, and where nobody can listen.

    Raises:
        ClaimsError: SERVE_ADDRESS_UNSAFE, SERVE_ADDRESS_UNUSABLE.

    """
    host, port = settings.http_host, settings.http_port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ClaimsError(
            "SERVE_ADDRESS_UNUSABLE",
            f"nobody can listen on {host} port {port}: {error.strerror}",
            "Set CLAIMS_HTTP_HOST and CLAIMS_HTTP_PORT to an address of this machine and a port "
            "that is free.",
        ) from None
    is_local = all(ipaddress.ip_address(str(one[4][0])).is_loopback for one in found)
    if not (is_local or settings.tls_certificate is not None or settings.behind_proxy):
        raise ClaimsError(
            "SERVE_ADDRESS_UNSAFE",
            f"on {host} others could read claims and tokens along",
            "Set CLAIMS_TLS_CERTIFICATE and CLAIMS_TLS_KEY; or, where a proxy in front of this "
            "does TLS, CLAIMS_BEHIND_PROXY=true.",
        )


class _WorkerProcess:
    """`claims worker` as a child, started again when it dies."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process: multiprocessing.Process | None = None
        self._watch = threading.Thread(target=self._keep, name="keep-worker", daemon=True)

    def start(self) -> None:
        """Start it, and keep it running."""
        self._watch.start()

    def stop(self) -> None:
        """Let it finish or hand back what it has in hand."""
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
        self._watch.join()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self._process = multiprocessing.Process(target=_work)
            self._process.start()
            self._process.join()
            if self._process.pid is not None:
                mark_process_dead(self._process.pid)  # type: ignore[no-untyped-call]
            if not self._stopping.is_set():
                _log.error("worker.died", status=self._process.exitcode)
                self._stopping.wait(RESTART_SECONDS)


def _work() -> None:
    """Be the worker, until it is stopped or the server is gone."""
    end_with_parent()
    run(load_settings())
