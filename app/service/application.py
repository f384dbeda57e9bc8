"""Put the service together: parts, middleware, routes, and what starts and ends with it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from litestar import Litestar, Router
from litestar.exceptions import ValidationException
from litestar.middleware import DefineMiddleware
from litestar.types import ASGIApp
from prometheus_client.registry import Collector

from app.database.connect import Role, connect
from app.pipeline.metrics import QueueCollector
from app.program import logs
from app.program.settings import Settings, load_settings
from app.service import openapi, problems
from app.service.auth import Authentication, Gate, rate_limit
from app.service.body import BodyReader
from app.service.cache import Cache
from app.service.database import Pool, connection, make_pool
from app.service.intake import Intake
from app.service.lifeline import end_with_parent
from app.service.observe import ASKED, Observed, PoolCollector
from app.service.parts import DEPENDENCIES, Parts
from app.service.progress import Progress
from app.service.routes import batches, claims, failed_claims, health, prices
from app.vault import KeyRing


def create() -> ASGIApp:
    """Make the application for the server, from the settings."""
    end_with_parent()
    logs.configure()
    return Observed(make_app(load_settings()))


def make_app(settings: Settings) -> Litestar:
    """Make the application; it touches the database when it starts, not before."""
    app = Litestar(
        [
            Router(
                "/api/v1",
                route_handlers=[
                    claims.router,
                    batches.router,
                    batches.transfer_router,
                    failed_claims.router,
                    prices.router,
                ],
                guards=[openapi.refuse_unknown],
            ),
            health.health,
            health.ready,
            health.metrics,
        ],
        dependencies=DEPENDENCIES,
        lifespan=[_running(settings)],
        middleware=[
            DefineMiddleware(Authentication, exclude_http_methods=[]),
            rate_limit(settings).middleware,
        ],
        plugins=[problems.plugin(), openapi.DecimalsAreNumbers()],
        exception_handlers={ValidationException: problems.refuse_parameters},
        openapi_config=openapi.config(),
        request_max_body_size=settings.max_body_bytes,
        logging_config=None,
    )
    openapi.complete(app)
    return app


def _running(
    settings: Settings,
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Open everything before the first request, and close it after the last."""

    @asynccontextmanager
    async def running(app: Litestar) -> AsyncGenerator[None, None]:
        keyring = await asyncio.to_thread(_open_keyring, settings)
        pool = make_pool(settings)
        await asyncio.to_thread(pool.open, wait=True)
        parts = Parts(
            settings=settings,
            pool=pool,
            keyring=keyring,
            intake=Intake(settings, pool, keyring),
            progress=Progress(settings, pool),
            cache=Cache(settings),
            bodies=BodyReader(settings),
        )
        app.state.update({"parts": parts, "gate": Gate(pool)})
        collectors = _collectors(pool)
        for collector in collectors:
            ASKED.register(collector)
        listening = asyncio.create_task(parts.progress.listen())
        try:
            yield
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            for collector in collectors:
                ASKED.unregister(collector)
            await asyncio.to_thread(parts.intake.close)
            parts.cache.close()
            await asyncio.to_thread(pool.close)

    return running


def _open_keyring(settings: Settings) -> KeyRing:
    """Open the keys; says at the start when the schema or the key is not the right one."""
    with connect(Role.APP) as conn:
        return KeyRing.open(conn, settings)


def _collectors(pool: Pool) -> list[Collector]:
    return [QueueCollector(lambda: connection(pool)), PoolCollector(pool)]
