"""Wait for batches: woken by the database's notifications, and looking by itself too."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

import psycopg
import structlog
from psycopg.conninfo import make_conninfo

from app.database.connect import Role, parameters
from app.program.settings import Settings
from app.service.batches import Batch, read_batch
from app.service.clients import Client
from app.service.database import Pool
from app.service.problems import ApiError

LISTEN: Final = "listen claims_batches"

POLL_SECONDS: Final = 2.0
"""How often who waits for a batch looks, should a notification be lost."""

RECONNECT_SECONDS: Final = 1.0

STREAMS_LIMIT: Final = 200
"""Streams of events that are open at once, in all."""

STREAMS_OF_ONE: Final = 50
"""Streams that one client has open at once."""

_log: Final = structlog.get_logger(__name__)


class Progress:
    """Tells those who wait for a batch when something happened to it."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings = settings
        self._pool = pool
        self._waiting: dict[int, set[asyncio.Event]] = {}
        self._streams: Counter[int] = Counter()

    async def listen(self) -> None:
        """Pass notifications on until cancelled; without them the waiting still look."""
        while True:
            try:
                info = await asyncio.to_thread(parameters, Role.APP, self._settings)
                conn = await psycopg.AsyncConnection.connect(
                    make_conninfo("", **info), autocommit=True
                )
                async with conn:
                    await conn.execute(LISTEN)
                    async for notice in conn.notifies():
                        if notice.payload.isdecimal():
                            self._wake(int(notice.payload))
            except psycopg.OperationalError as error:
                _log.error("listen.failed", sqlstate=error.sqlstate)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def changes(
        self, client: Client, batch_id: int, seconds: float
    ) -> AsyncIterator[Batch | None]:
        """Yield the batch now and whenever it may have changed, until nothing more comes of it.

        None stands for a while in which nothing happened. After `seconds` it ends anyway.

        Raises:
            ClaimsError: NOT_FOUND, and from the database.

        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        seen: Batch | None = None
        with self._watched(batch_id) as changed:
            while True:
                changed.clear()
                batch = await asyncio.to_thread(read_batch, self._pool, client, batch_id)
                yield batch if batch != seen else None
                seen = batch
                remaining = deadline - loop.time()
                if batch.is_settled or remaining <= 0:
                    return
                try:
                    async with asyncio.timeout(min(remaining, POLL_SECONDS)):
                        await changed.wait()
                except TimeoutError:
                    continue

    async def settled(self, client: Client, batch_id: int, seconds: float) -> Batch | None:
        """Wait so long for a batch; None when it still is under way."""
        last: Any = None
        async for batch in self.changes(client, batch_id, seconds):
            last = batch or last
        return last if last.is_settled else None

    def take_seat(self, client: Client) -> Callable[[], None]:
        """Count one more stream of events; give what is called, once or more, when it ends.

        Raises:
            ApiError: STREAMS_LIMIT, when too many are open, of this client or in all.

        """
        who = client.client_id
        mine, all_of_them = self._streams[who], self._streams.total()
        if mine >= STREAMS_OF_ONE or all_of_them >= STREAMS_LIMIT:
            of_whom = f"this client has {mine}" if mine >= STREAMS_OF_ONE else "there are too many"
            raise ApiError(
                HTTPStatus.TOO_MANY_REQUESTS
                if mine >= STREAMS_OF_ONE
                else HTTPStatus.SERVICE_UNAVAILABLE,
                "STREAMS_LIMIT",
                f"{of_whom} streams of events open",
                "Close streams that nobody reads, or ask for the batch itself instead: "
                "GET /api/v1/batches/{id}.",
            )
        self._streams[who] += 1
        taken = True

        def leave() -> None:
            nonlocal taken
            if taken:
                taken = False
                self._streams[who] -= 1

        return leave

    @contextmanager
    def _watched(self, batch_id: int) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        events = self._waiting.setdefault(batch_id, set())
        events.add(event)
        try:
            yield event
        finally:
            events.discard(event)
            if not events:
                self._waiting.pop(batch_id, None)

    def _wake(self, batch_id: int) -> None:
        for event in self._waiting.get(batch_id, ()):
            event.set()
