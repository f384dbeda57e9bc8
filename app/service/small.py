"""Store a request of few claims in one call of the database instead of ten.

Its rows travel as JSON. COPY is the better way from some dozens of claims on.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

import msgspec
from psycopg import Connection

from app.intake.encode import CLAIM_COLUMNS, FAILED_COLUMNS, LINE_COLUMNS, Encoded, Row
from app.service.clients import Client

STORE_REQUEST: Final[LiteralString] = """
select access.store_request(
  %(client_id)s, %(client)s, %(origin)s, %(request_sha256)s, %(batch_id)s, %(submitter)s,
  %(idempotency_key)s, %(data_key_id)s, %(erasure_generation)s, %(first_claim_id)s,
  %(last_claim_id)s, %(hold)s, %(replaces_claim_id)s, %(claims)s, %(lines)s, %(failed)s
)"""

FEW_CLAIMS: Final = 20

_JSON_COLUMNS: Final = {"intake_findings", "reasons"}


def store_few(
    conn: Connection[Any],
    client: Client,
    request_sha256: bytes,
    opening: Mapping[str, Any],
    encoded: Encoded,
) -> datetime:
    """Store an encrypted batch of few claims; when it was received.

    `opening` is what pipeline.open_batch takes; psycopg's errors are the caller's.
    """
    row = conn.execute(
        STORE_REQUEST,
        {
            **opening,
            "client_id": client.client_id,
            "client": client.name,
            "origin": client.address or "",
            "request_sha256": request_sha256,
            "claims": _objects(CLAIM_COLUMNS, encoded.claims),
            "lines": _objects(LINE_COLUMNS, encoded.lines),
            "failed": _objects(FAILED_COLUMNS, encoded.failed),
        },
    ).fetchone()
    if row is None:
        msg = "access.store_request returned no row"
        raise AssertionError(msg)
    received_at: datetime = row[0]
    return received_at


def _objects(columns: Sequence[str], copied: Iterable[Row]) -> str:
    """Write rows as PostgreSQL reads them from JSON: no nulls, bytes in hexadecimal."""
    return msgspec.json.encode(
        [
            {
                name: _value(name, value)
                for name, value in zip(columns, row, strict=True)
                if value is not None
            }
            for row in copied
        ]
    ).decode()


def _value(name: str, value: object) -> object:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if name in _JSON_COLUMNS and isinstance(value, str):
        return msgspec.Raw(value.encode())
    return value
