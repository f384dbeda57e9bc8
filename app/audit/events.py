"""The canonical line of an audit event, which is what its seal stands for.

A line is what PostgreSQL's COPY writes (text format, UTF-8, UTC) for the columns below, without
the line break: one format that says every value exactly once, and that no setting changes. It is
hashed here and not in the database, so that no routine there can be made to lie about it.
"""

import hashlib
import struct
from collections.abc import Iterator
from datetime import date
from typing import Any, Final, NamedTuple

from psycopg import Connection, sql

COLUMNS: Final = (
    *("system_identifier", "transaction_id", "event_id", "occurred_at", "action", "outcome"),
    *("database_role", "acting_role", "client", "origin", "client_address", "application"),
    *("purpose", "recipient", "submitter_id", "batch_ids", "first_claim_id", "last_claim_id"),
    "detail",
)
"""Format 1. A new column makes a new format; a seal names its own."""

ORDER: Final = ("system_identifier", "transaction_id", "event_id")

PIN_FORMAT: Final = """
set local client_encoding = 'UTF8';
set local datestyle = 'ISO';
set local timezone = 'UTC'"""

COPY_LINES: Final = sql.SQL(
    "copy (select {columns} from audit.events as event where {where} order by {order}) to stdout"
)

ENTRY: Final = struct.Struct(">q32s")
"""Event id and hash: what a seal keeps of each event."""

_BLOCKS_JOINED: Final = 2048
_MONTH_SIZE: Final = 7


class Line(NamedTuple):
    """A canonical line, and what of it says where it belongs."""

    system_identifier: int
    transaction_id: int
    event_id: int
    occurred_at: bytes
    """`YYYY-MM-DD hh:mm:ss.ffffff+00`."""
    text: bytes

    @property
    def month(self) -> bytes:
        """The month in which it occurred, `YYYY-MM`."""
        return self.occurred_at[:_MONTH_SIZE]


def placed(text: bytes) -> Line:
    """Tell where a line belongs."""
    server, transaction_id, event_id, occurred_at, _ = text.split(b"\t", 4)
    return Line(int(server), int(transaction_id), int(event_id), occurred_at, text)


def stretch(system_identifier: int, from_transaction: int, to_transaction: int) -> sql.Composable:
    """Give the condition for the events of some transactions, the last not included."""
    return sql.SQL(
        "event.system_identifier = {} and event.transaction_id >= {}::xid8"
        " and event.transaction_id < {}::xid8"
    ).format(
        sql.Literal(system_identifier),
        sql.Literal(str(from_transaction)),
        sql.Literal(str(to_transaction)),
    )


def pin_format(conn: Connection[Any]) -> None:
    """Keep settings of role or database away from the running transaction's texts."""
    conn.execute(PIN_FORMAT)


def read_lines(conn: Connection[Any], where: sql.Composable) -> Iterator[Line]:
    """Give the canonical lines of the events, in sealing order; after `pin_format`."""
    statement = COPY_LINES.format(
        columns=sql.SQL(", ").join(sql.Identifier("event", name) for name in COLUMNS),
        where=where,
        order=sql.SQL(", ").join(sql.Identifier("event", name) for name in ORDER),
    )
    with conn.cursor() as cur, cur.copy(statement) as copy:
        rest = b""
        blocks: list[bytes | bytearray | memoryview] = []
        for block in copy:
            blocks.append(block)
            if len(blocks) == _BLOCKS_JOINED:
                *lines, rest = (rest + b"".join(blocks)).split(b"\n")
                blocks.clear()
                yield from map(placed, lines)
        yield from map(placed, (rest + b"".join(blocks)).split(b"\n")[:-1])


def entry(line: Line) -> bytes:
    """Give what a seal keeps of an event."""
    return ENTRY.pack(line.event_id, hashlib.sha256(line.text).digest())


def month_text(month: date) -> bytes:
    """Give a seal's month as a line gives it."""
    return f"{month:%Y-%m}".encode()
