"""Store one batch of claims: reserve its ids, encrypt it, and copy it in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from psycopg import Connection, errors, rows, sql

from app.intake.encode import (
    CLAIM_COLUMNS,
    DECODE_RULE,
    FAILED_COLUMNS,
    LINE_COLUMNS,
    Encoded,
    Row,
    encode_batch,
)
from app.program.errors import DatabaseError, translated
from app.vault import KeyRing
from app.vault.keyring import HOLD_KEYS, KEYS_CHANGED

# No row when the key is there already. What the keys are now saves encrypting under older ones,
# which the database would refuse.
RESERVE_IDS: Final = """
select
  pipeline.reserve_batch_id(),
  (select min(start) from pipeline.reserve_claim_ids(%(count)s) as start),
  (
    select data_key.data_key_id
    from vault.data_keys as data_key
    where data_key.purpose = 'phi' and data_key.retired_at is null
  ),
  (select store.generation from vault.erasure_keys as store)
where not exists (
  select from pipeline.find_batch(%(submitter)s, %(idempotency_key)s)
)"""

OPEN_BATCH: Final = """
select submitter_id, received_on, received_at
from pipeline.open_batch(
  %(batch_id)s, %(submitter)s, %(idempotency_key)s, %(data_key_id)s, %(claim_count)s,
  %(staged_count)s, %(line_count)s, %(first_claim_id)s, %(last_claim_id)s, %(hold)s,
  %(first_received_at)s
)"""

CLOSE_BATCH: Final = "select pipeline.close_batch(%(batch_id)s)"

InOneCall = Callable[[Mapping[str, Any], Encoded], datetime]
"""Writes a whole batch, from what open_batch takes and the rows; when it was received."""

BATCH_KEY: Final = "batches_submitter_id_idempotency_key_key"
"""The constraint that a program runs into when another one was faster with the same key."""


@dataclass(frozen=True, slots=True)
class NewBatch:
    """Claims of one batch as they were sent, at least one."""

    submitter: str
    idempotency_key: str
    records: Sequence[bytes]
    hold: bool = False
    """Whether it waits for pipeline.release_batches before it is transferred."""
    replaces_claim_id: int | None = None
    """The failed claim that its one claim takes the place of."""
    first_received_at: datetime | None = None
    """When its claims came in, if that was before now."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A batch that was stored now."""

    batch_id: int
    received_at: datetime
    encoded: Encoded


@dataclass(frozen=True, slots=True)
class _Opened:
    """The row of OPEN_BATCH."""

    submitter_id: int
    received_on: date
    received_at: datetime


def store_batch(
    conn: Connection[Any],
    keyring: KeyRing,
    batch: NewBatch,
    *,
    within: Callable[[int], None] = lambda _: None,
    in_one_call: InOneCall | None = None,
) -> Stored | None:
    """Store a batch, whole or not at all; None when its idempotency key is there already.

    The claims get ids that follow on one another, in their order. `within` is called with
    the batch id before the transaction ends, and its error undoes the batch. Where `in_one_call`
    is given it writes what is encrypted, all of it, in the place of COPY. The connection is in
    autocommit mode: encryption, which takes longest, happens outside of transactions.
    Keys that were rotated or destroyed meanwhile are read again, and the batch is encrypted
    under those that are there now.

    Raises:
        ClaimsError: from the database.

    """
    key = {"submitter": batch.submitter, "idempotency_key": batch.idempotency_key}
    with translated():
        reserved = conn.execute(RESERVE_IDS, {**key, "count": len(batch.records)}).fetchone()
    if reserved is None:
        return None
    batch_id, first, *state = reserved
    if keyring.state != tuple(state):
        keyring.refresh(conn)
    claim_ids = range(first, first + len(batch.records))
    while True:
        encoded = encode_batch(batch.records, claim_ids, keyring, batch_id)
        opening = {
            **key,
            "batch_id": batch_id,
            "data_key_id": encoded.data_key_id,
            "erasure_generation": encoded.erasure_generation,
            "claim_count": len(claim_ids),
            "staged_count": len(encoded.claims),
            "line_count": len(encoded.lines),
            "first_claim_id": claim_ids[0],
            "last_claim_id": claim_ids[-1],
            "hold": batch.hold,
            "first_received_at": batch.first_received_at,
            "replaces_claim_id": batch.replaces_claim_id,
        }
        try:
            return _store(conn, opening, encoded, within, in_one_call)
        except DatabaseError as error:
            if error.code not in KEYS_CHANGED:
                raise
            # Another thread may have read them already: what counts is what was used here.
            keyring.refresh(conn)
            if keyring.state == (encoded.data_key_id, encoded.erasure_generation):
                raise


def _store(
    conn: Connection[Any],
    opening: dict[str, Any],
    encoded: Encoded,
    within: Callable[[int], None],
    in_one_call: InOneCall | None,
) -> Stored | None:
    """Store what is encrypted in one transaction; None when its key is there already."""
    batch_id: int = opening["batch_id"]
    with translated():
        try:
            if in_one_call is not None:
                received_at = in_one_call(opening, encoded)
            else:
                with conn.transaction():
                    conn.execute(HOLD_KEYS, opening)
                    received_at = _write(conn, opening, encoded)
                    within(batch_id)
                    conn.execute(CLOSE_BATCH, {"batch_id": batch_id})
        except errors.UniqueViolation as error:
            if error.diag.constraint_name != BATCH_KEY:
                raise
            return None
    return Stored(batch_id, received_at, encoded)


def _write(conn: Connection[Any], opening: dict[str, Any], encoded: Encoded) -> datetime:
    """Open the batch and copy its rows; when it was received."""
    with conn.cursor(row_factory=rows.class_row(_Opened)) as cur:
        opened = cur.execute(OPEN_BATCH, opening).fetchone()
    if opened is None:
        msg = "pipeline.open_batch returned no row"
        raise AssertionError(msg)
    here = (opening["batch_id"], opened.submitter_id)
    _copy(
        conn,
        "claims",
        (
            *("batch_id", "submitter_id", "received_on", "received_at", "replaces_claim_id"),
            *CLAIM_COLUMNS,
        ),
        (*here, opened.received_on, opened.received_at, opening["replaces_claim_id"]),
        encoded.claims,
    )
    _copy(
        conn,
        "claim_lines",
        ("batch_id", "submitter_id", "received_on", *LINE_COLUMNS),
        (*here, opened.received_on),
        encoded.lines,
    )
    _copy(
        conn,
        "failed_claims",
        ("batch_id", "submitter_id", "received_at", "stage", "rule_codes", *FAILED_COLUMNS),
        (*here, opened.received_at, "decode", f"{{{DECODE_RULE}}}"),
        encoded.failed,
    )
    return opened.received_at


def _copy(
    conn: Connection[Any],
    table: str,
    columns: Sequence[str],
    common: Row,
    copied: Sequence[Row],
) -> None:
    """Copy rows that all begin with the same values; no rows, no statement."""
    if not copied:
        return
    statement = sql.SQL("copy staging.{} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with conn.cursor() as cur, cur.copy(statement) as copy:
        for row in copied:
            copy.write_row(common + row)
