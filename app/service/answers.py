"""Answers as JSON: exact decimals as numbers, dates as ISO texts."""

from typing import Any, Final, TypeVar, cast

import msgspec
from litestar import Response

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")

Body = TypeVar("Body")


def encode(value: Any) -> bytes:  # noqa: ANN401 - whatever msgspec can encode
    """Encode a value as the API sends it."""
    return _ENCODER.encode(value)


def answer(
    body: Body, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response[Body]:
    """Answer with a value, encoded here, because Litestar would make texts of decimals."""
    return encoded(encode(body), body_type=type(body), status=status, headers=headers)


def encoded(
    content: bytes,
    *,
    body_type: type[Body],  # noqa: ARG001 - says what the bytes hold, for the type of the answer
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response[Body]:
    """Answer with JSON that is encoded already."""
    return Response(cast("Body", content), media_type=JSON, status_code=status, headers=headers)
