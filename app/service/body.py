"""Read the body of a request: decompressed as it comes, with limits on size and time."""

import asyncio
import sys
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, Protocol

from litestar import Request

from app.program.settings import Settings
from app.service.problems import ApiError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SMALL_BYTES: Final = 256 << 10
"""A body up to this is stored by a thread of the service; a larger one by an encoder."""

PIECE: Final = 1 << 20
"""Bytes that are decompressed in one go, before other requests have their turn."""

WINDOW_LOG: Final = 23
"""The window of the zstd content coding is 8 MiB at most (RFC 9659)."""

TOTAL_FACTOR: Final = 20
"""The whole body may take so many times the seconds allowed between two pieces of it."""

_GZIP_WBITS: Final = 16 + zlib.MAX_WBITS


class _Decoder(Protocol):
    """Decompresses in bounded pieces."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk decompresses to."""
        ...

    def finish(self) -> None:
        """Raise when the stream is not complete."""
        ...


class _Identity:
    """The body as it is."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk

    def finish(self) -> None:
        """Nothing can be missing that the protocol does not tell."""


class _Gzip:
    """One or more gzip members."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=_GZIP_WBITS)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=_GZIP_WBITS)
            yield self._member.decompress(chunk, PIECE)
            chunk = self._member.unconsumed_tail or self._member.unused_data

    def finish(self) -> None:
        if not self._member.eof:
            raise zlib.error


class _Zstd:
    """One or more zstd frames."""

    def __init__(self) -> None:
        self._frame = self._new()

    @staticmethod
    def _new() -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(
            options={zstd.DecompressionParameter.window_log_max: WINDOW_LOG}
        )

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        while True:
            if self._frame.eof:
                chunk = self._frame.unused_data or chunk
                if not chunk:
                    return
                self._frame = self._new()
            yield self._frame.decompress(chunk, PIECE)
            chunk = b""
            if self._frame.needs_input or (self._frame.eof and not self._frame.unused_data):
                return

    def finish(self) -> None:
        if not self._frame.eof:
            raise zstd.ZstdError


_DECODERS: Final[dict[str, type[_Decoder]]] = {
    "identity": _Identity,
    "gzip": _Gzip,
    "zstd": _Zstd,
}


class BodyReader:
    """Reads bodies, and bounds how many large ones are held at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # One that is read while the others are worked on.
        self._large = asyncio.Semaphore(settings.http_workers + 1)

    @asynccontextmanager
    async def read(self, request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
        """Read a body whole; a large one counts as held until the block ends.

        Raises:
            ApiError: BODY_ENCODING_UNSUPPORTED, BODY_BROKEN, BODY_TOO_LARGE, BODY_TOO_SLOW
                or BUSY. Of what is too large no more is read than shows it.

        """
        decoder = _decoder(request)
        parts: list[bytes] = []
        size = 0
        holds = False
        try:
            try:
                async with asyncio.timeout(TOTAL_FACTOR * self._settings.body_seconds):
                    async for chunk in self._chunks(request):
                        for piece in decoder.feed(chunk):
                            size += len(piece)
                            if size > self._settings.max_decoded_bytes:
                                raise _too_large(self._settings.max_decoded_bytes)
                            parts.append(piece)
                            if size > SMALL_BYTES and not holds:
                                await self._hold()
                                holds = True
                            if len(piece) == PIECE:
                                await asyncio.sleep(0)
                decoder.finish()
            except (zlib.error, zstd.ZstdError):
                raise ApiError(
                    HTTPStatus.BAD_REQUEST,
                    "BODY_BROKEN",
                    "the body is no whole stream of its Content-Encoding",
                    "Send it again, whole.",
                ) from None
            except TimeoutError:
                raise ApiError(
                    HTTPStatus.REQUEST_TIMEOUT,
                    "BODY_TOO_SLOW",
                    "the body did not come in time",
                    "Send the body without pauses, or in smaller requests.",
                    {"Connection": "close"},
                ) from None
            body = b"".join(parts)
            parts.clear()
            yield body
        finally:
            if holds:
                self._large.release()

    async def _hold(self) -> None:
        """Wait until one more large body may be held."""
        try:
            await asyncio.wait_for(self._large.acquire(), self._settings.body_seconds)
        except TimeoutError:
            raise ApiError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "BUSY",
                "too many large requests are being worked on",
                "Send it again with the same Idempotency-Key after Retry-After seconds.",
            ) from None

    async def _chunks(self, request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
        """Yield what comes in; each piece within the time allowed."""
        stream = request.stream()
        while True:
            async with asyncio.timeout(self._settings.body_seconds):
                chunk = await anext(stream, None)
            if chunk is None:
                return
            if chunk:
                yield chunk


def _decoder(request: Request[Any, Any, Any]) -> _Decoder:
    name = request.headers.get("content-encoding", "identity").strip().lower()
    if name not in _DECODERS:
        raise ApiError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "BODY_ENCODING_UNSUPPORTED",
            "the Content-Encoding is none that is understood",
            "Send the body as it is, or compressed with gzip or zstd.",
            {"Accept-Encoding": "gzip, zstd"},
        )
    return _DECODERS[name]()


def _too_large(limit: int) -> ApiError:
    return ApiError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "BODY_TOO_LARGE",
        f"the body is larger than {limit} bytes when decompressed",
        "Send fewer claims in one request.",
    )
