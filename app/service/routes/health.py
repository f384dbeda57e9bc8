"""Whether the service lives, whether it can do its job, and its figures."""

import shutil
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

import msgspec
import psycopg
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from psycopg import Connection

from app.database.connect import check_schema
from app.desk.status import READ_IN_FORCE, read_schedules
from app.embedded import default_cluster
from app.pipeline.metrics import COUNT_WORKERS
from app.program.errors import ClaimsError
from app.program.settings import Settings
from app.scoring.serve import find_model
from app.service.answers import answer
from app.service.auth import needs
from app.service.cache import CheckState
from app.service.database import connection
from app.service.observe import exposition
from app.service.parts import Parts
from app.service.problems import responses

TEXT_FORMAT: Final = CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8")
"""Litestar adds the charset."""

NEEDED_KINDS: Final = {"rvu", "gpci", "place_of_service", "icd10cm"}
"""Kinds of reference data without which no claim is priced."""

SCORING_REQUIRED: Final = "select settings.scoring_required from queue.settings as settings"

FREE_BYTES_NEEDED: Final = 256 << 20
"""Below this on the disk of a database on this machine, it soon cannot write."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The service answers."""

    status: Literal["alive"] = "alive"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the service needs."""

    state: CheckState
    detail: str


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the service can do its job: not when a check has failed."""

    status: Annotated[Literal["ready", "degraded", "not ready"], msgspec.Meta(examples=["ready"])]
    checks: dict[str, Check]


@get(
    "/health", exclude_from_auth=True, security=[{}], tags=["operation"], operation_id="get_health"
)
async def health() -> Health:
    """Say that the process is alive; asks nothing and nobody, and needs no token."""
    return Health()


@get(
    "/ready",
    sync_to_thread=True,
    tags=["operation"],
    responses={
        **responses(),
        503: ResponseSpec(Readiness, generate_examples=False, description="Not ready."),
    },
    operation_id="get_readiness",
)
def ready(parts: NamedDependency[Parts]) -> Response[Readiness]:
    """Check each thing that the service needs; 503 when it cannot do its job."""
    checks = _checks(parts)
    states = {check.state for check in checks.values()}
    if "failed" in states:
        found = Readiness(status="not ready", checks=checks)
        return answer(found, status=HTTPStatus.SERVICE_UNAVAILABLE)
    status: Literal["ready", "degraded"] = "degraded" if "degraded" in states else "ready"
    return answer(Readiness(status=status, checks=checks))


@get(
    "/metrics",
    guards=[needs("admin")],
    sync_to_thread=True,
    media_type=TEXT_FORMAT,
    tags=["operation"],
    responses={
        200: ResponseSpec(
            str, generate_examples=False, description="For Prometheus.", media_type="text/plain"
        ),
        **responses(),
    },
    operation_id="get_metrics",
)
def metrics() -> Response[bytes]:
    """Give the figures of this process and of the queue, for Prometheus."""
    return Response(exposition(), media_type=TEXT_FORMAT)


def _checks(parts: Parts) -> dict[str, Check]:
    cache, word = parts.cache.state()
    checks = {"cache": Check(state=cache, detail=word), "disk": _disk(parts.settings)}
    try:
        with connection(parts.pool) as conn:
            for name, check in CHECKS.items():
                checks[name] = _guarded(check, conn, parts.settings)
    except ClaimsError as error:
        checks["database"] = Check(state="failed", detail=f"{error.code}: {error.message}")
    return checks


def _guarded(
    check: Callable[[Connection[Any], Settings], Check], conn: Connection[Any], settings: Settings
) -> Check:
    """Run a check; its error is what it finds."""
    try:
        return check(conn, settings)
    except ClaimsError as error:
        return Check(state="failed", detail=f"{error.code}: {error.message}")
    except psycopg.Error as error:
        return Check(state="failed", detail=f"{error.sqlstate}: the database refused the check")


def _database(conn: Connection[Any], _: Settings) -> Check:
    check_schema(conn)
    version = conn.info.server_version // 10_000
    return Check(state="ok", detail=f"PostgreSQL {version}, schema current")


def _worker(conn: Connection[Any], _: Settings) -> Check:
    (alive,) = conn.execute(COUNT_WORKERS).fetchone() or (0,)
    if alive:
        return Check(state="ok", detail=f"{alive} alive")
    return Check(state="failed", detail="no worker reported in the last 30 seconds")


def _model(conn: Connection[Any], settings: Settings) -> Check:
    """Find and check the model as a worker does when it starts."""
    (required,) = conn.execute(SCORING_REQUIRED).fetchone() or (None,)
    if not required:
        return Check(state="not configured", detail="queue.settings.scoring_required is false")
    return Check(state="ok", detail=find_model(conn, settings).card.version)


def _reference(conn: Connection[Any], _: Settings) -> Check:
    found = {row[0]: row[1] for row in conn.execute(READ_IN_FORCE).fetchall()}
    missing = sorted(NEEDED_KINDS - found.keys())
    if missing:
        return Check(state="failed", detail=f"no release in force today: {', '.join(missing)}")
    listed = ", ".join(f"{kind} {found[kind]}" for kind in sorted(NEEDED_KINDS))
    ending = [
        f"{row.kind} ends on {row.covered_to}, in {row.days_left} days: load the next"
        for row in read_schedules(conn)
        if row.ends_soon
    ]
    return Check(state="ok", detail="; ".join([listed, *ending]))


def _disk(settings: Settings) -> Check:
    if settings.database_url is not None:
        return Check(state="not configured", detail="the disk of DATABASE_URL's server is its own")
    data = default_cluster(settings.claims_home).status().data
    if data is None:
        return Check(state="failed", detail="the embedded server has no data folder")
    free = shutil.disk_usage(data).free
    state: CheckState = "ok" if free >= FREE_BYTES_NEEDED else "failed"
    return Check(state=state, detail=f"{free >> 20} MiB free")


CHECKS: Final[dict[str, Callable[[Connection[Any], Settings], Check]]] = {
    "database": _database,
    "worker": _worker,
    "model": _model,
    "reference": _reference,
}
