"""The parts that handlers work with, and how Litestar hands them over."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from litestar import Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.params import PathParameter

from app.program.settings import Settings
from app.service.body import BodyReader
from app.service.cache import Cache
from app.service.clients import Client
from app.service.database import Pool
from app.service.intake import Intake
from app.service.progress import Progress
from app.vault import KeyRing

BIGINT_MAX: Final = 2**63 - 1
"""The largest id."""

BatchId = Annotated[int, PathParameter(ge=1, le=BIGINT_MAX, description="A batch id.")]
ClaimId = Annotated[int, PathParameter(ge=1, le=BIGINT_MAX, description="A claim id.")]

SMALL_BODY: Final = 1 << 20
"""Bytes of a request that sends no claims in bulk."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service is made of."""

    settings: Settings
    pool: Pool
    keyring: KeyRing
    intake: Intake
    progress: Progress
    cache: Cache
    bodies: BodyReader


def _parts(state: State) -> Parts:
    parts: Parts = state.parts
    return parts


def _client(request: Request[Client, Any, Any]) -> Client:
    return request.user


DEPENDENCIES: Final = {
    "parts": Provide(_parts, sync_to_thread=False),
    "client": Provide(_client, sync_to_thread=False),
}
