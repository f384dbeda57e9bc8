"""Stream the results of a batch: a page at a time, holding no connection between pages."""

import asyncio
from collections.abc import AsyncIterator

from app.service.batches import Page, read_page
from app.service.clients import Client
from app.service.database import Pool


async def pages(pool: Pool, client: Client, cut: list[Page]) -> AsyncIterator[list[str]]:
    """Yield the results of each page, JSON objects as texts."""
    for page in cut:
        yield await asyncio.to_thread(read_page, pool, client, page)


async def lines(pool: Pool, client: Client, cut: list[Page]) -> AsyncIterator[bytes]:
    """Yield the results as NDJSON."""
    async for page in pages(pool, client, cut):
        if page:
            yield ("\n".join(page) + "\n").encode()
