"""Batches: where they stand, what became of their claims, and their release."""

import asyncio
import hashlib
import weakref
from collections.abc import AsyncGenerator, Callable
from http import HTTPStatus
from typing import Annotated, Final, Literal

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import Body, HeaderParameter, QueryParameter
from litestar.response import ServerSentEvent, Stream
from litestar.response.sse import ServerSentEventMessage

from app.service.answers import NDJSON, answer, encode
from app.service.auth import needs
from app.service.batches import Batch, list_batches, read_batch, result_pages
from app.service.clients import Client
from app.service.database import seen_by
from app.service.exact import ExactBody
from app.service.parts import BIGINT_MAX, SMALL_BODY, BatchId, Parts
from app.service.problems import responses
from app.service.results import lines

RELEASE: Final = """
select batch_id, state from pipeline.release_batches(%(submitter)s, %(batch_ids)s)"""

STREAM_SECONDS: Final = 3600.0
"""After so long a stream of events ends; the client connects again."""

State = Literal["received", "validated", "scored", "transferred", "failed"]


class Batches(msgspec.Struct, frozen=True, kw_only=True):
    """Batches, the newest first."""

    batches: list[Batch]
    next_before: int | None
    """Give this as `before` for those that follow; null when there are none."""


class Release(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which held batches to let go."""

    batch_ids: Annotated[
        list[Annotated[int, msgspec.Meta(ge=1, le=BIGINT_MAX)]] | None,
        msgspec.Meta(description="Null or absent: all that are validated."),
    ] = None


class ReleasedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that is no longer held."""

    batch_id: int
    state: str


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """The batches that will be transferred, or were already."""

    batches: list[ReleasedBatch]


class BatchEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a batch."""

    event: Literal["batch"]
    id: str
    """Tells this content of the batch from every other."""
    data: str
    """The batch as JSON (schema Batch)."""


@get(
    "/",
    guards=[needs("claims:read")],
    sync_to_thread=True,
    responses=responses(),
    operation_id="list_batches",
)
def index(
    parts: NamedDependency[Parts],
    client: NamedDependency[Client],
    batch_state: Annotated[
        State | None, QueryParameter(name="state", description="Only those in this state.")
    ] = None,
    before: Annotated[
        int | None, QueryParameter(ge=1, le=BIGINT_MAX, description="Only those with a lower id.")
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000, description="How many.")] = 50,
) -> Response[Batches]:
    """List batches, the newest first."""
    found = list_batches(parts.pool, client, state=batch_state, before=before, limit=limit)
    following = found[-1].batch_id if len(found) == limit else None
    return answer(Batches(batches=found, next_before=following))


@get(
    "/{batch_id:int}",
    guards=[needs("claims:read")],
    sync_to_thread=True,
    responses=responses(404),
    operation_id="get_batch",
)
def show_batch(
    parts: NamedDependency[Parts], client: NamedDependency[Client], batch_id: BatchId
) -> Response[Batch]:
    """Say how far a batch is."""
    return answer(read_batch(parts.pool, client, batch_id))


@get(
    "/{batch_id:int}/results",
    guards=[needs("claims:read")],
    media_type=NDJSON,
    responses={
        200: ResponseSpec(
            str,
            generate_examples=False,
            description="One JSON object (schema Result) in each line, in the order sent.",
            media_type=NDJSON,
        ),
        **responses(404),
    },
    operation_id="get_batch_results",
)
async def show_results(
    parts: NamedDependency[Parts], client: NamedDependency[Client], batch_id: BatchId
) -> Stream:
    """Stream what became of each claim, as far as it is, one JSON object in each line."""
    cut = await asyncio.to_thread(result_pages, parts.pool, client, batch_id)
    return Stream(lines(parts.pool, client, cut), media_type=NDJSON)


@get(
    "/{batch_id:int}/events",
    guards=[needs("claims:read")],
    responses={
        200: ResponseSpec(
            BatchEvent,
            generate_examples=False,
            description="Server-sent events; comments between them while nothing happens.",
            media_type="text/event-stream",
        ),
        204: ResponseSpec(
            None,
            generate_examples=False,
            description="Nothing comes after the event that Last-Event-ID names: do not reconnect.",
        ),
        **responses(404),
    },
    operation_id="follow_batch",
)
async def show_events(
    parts: NamedDependency[Parts],
    client: NamedDependency[Client],
    batch_id: BatchId,
    last_event_id: Annotated[
        str | None,
        HeaderParameter(
            name="Last-Event-ID",
            max_length=100,
            description="The id of the last event that came, which browsers send by themselves.",
        ),
    ] = None,
) -> ServerSentEvent | Response[None]:
    """Follow a batch: an event now and with each change, until nothing more comes of it.

    Each event is the whole batch, and its id is the same for the same content: after a break, an
    event that came already is not sent again.
    """
    batch = await asyncio.to_thread(read_batch, parts.pool, client, batch_id)
    if batch.is_settled and _event(batch).id == last_event_id:
        return Response(None, status_code=HTTPStatus.NO_CONTENT)
    seat = parts.progress.take_seat(client)
    events = _events(parts, client, batch_id, last_event_id, seat)
    # A stream that its client leaves before it begins is never run, and so never ended.
    weakref.finalize(events, seat)
    return ServerSentEvent(events)


async def _events(
    parts: Parts,
    client: Client,
    batch_id: int,
    last_event_id: str | None,
    leave: Callable[[], None],
) -> AsyncGenerator[ServerSentEventMessage, None]:
    seen = last_event_id
    try:
        async for batch in parts.progress.changes(client, batch_id, STREAM_SECONDS):
            event = None if batch is None else _event(batch)
            if event is None or event.id == seen:
                yield ServerSentEventMessage(data=None, comment="nothing new")
            else:
                seen = str(event.id)
                yield event
    finally:
        leave()


def _event(batch: Batch) -> ServerSentEventMessage:
    content = encode(batch)
    digest = hashlib.sha256(content).hexdigest()[:16]
    return ServerSentEventMessage(data=content.decode(), event="batch", id=digest)


@post(
    "/transfer",
    guards=[needs("transfer")],
    status_code=HTTPStatus.OK,
    sync_to_thread=True,
    dto=ExactBody[Release],
    return_dto=None,
    request_max_body_size=SMALL_BODY,
    responses=responses(404, 413),
    operation_id="release_batches",
)
def transfer(
    parts: NamedDependency[Parts],
    client: NamedDependency[Client],
    data: Annotated[
        Release,
        Body(
            examples=[
                Example(summary="two batches", value={"batch_ids": [17, 18]}),
                Example(summary="all that are validated", value={}),
            ]
        ),
    ],
) -> Response[Released]:
    """Let batches that were sent with hold=true go to production: the given ones, or all ready.

    A batch that was not held stays as it is; of several, all are released or none.
    """
    with seen_by(parts.pool, client) as conn:
        found = conn.execute(
            RELEASE, {"submitter": client.submitter, "batch_ids": data.batch_ids}
        ).fetchall()
    return answer(Released(batches=[ReleasedBatch(batch_id=row[0], state=row[1]) for row in found]))


router: Final = Router(
    "/batches",
    route_handlers=[index, show_batch, show_results, show_events],
    tags=["claims"],
)
transfer_router: Final = Router("/data-transfer", route_handlers=[transfer], tags=["claims"])
