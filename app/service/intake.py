"""Store what a request sends: small ones in a thread, larger ones in a process of their own.

Decoding and encrypting claims is work for the processor, about 10,000 claims a second and core.
In processes it takes as many cores as it is given and never keeps the event loop from answering.
A small request waits for the disk rather than for the processor, and for that a thread is enough.
"""

import asyncio
import hashlib
import multiprocessing
import os
import signal
import uuid
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from itertools import islice
from typing import Any, Final, LiteralString, Self

import psycopg
import structlog
from psycopg import Connection, rows
from psycopg_pool import ConnectionPool

from app.database.connect import Role, connect
from app.intake.encode import DECODE_RULE, FAILED_COLUMNS
from app.intake.reader import BrokenError, hold_claims, split
from app.intake.store import NewBatch, store_batch
from app.program.errors import translated
from app.program.settings import Settings
from app.service.batches import Batch
from app.service.body import SMALL_BYTES
from app.service.clients import Client
from app.service.database import Pool, connection, see_as
from app.service.lifeline import end_with_parent
from app.service.problems import ApiError
from app.service.small import FEW_CLAIMS, store_few
from app.vault import KeyRing

NOTE_REQUEST: Final = """
select access.note_request(%(batch_id)s, %(client_id)s, %(request_sha256)s)"""

FIND_REQUEST: Final = """
select batch_id, request_sha256 from access.find_request(%(idempotency_key)s)"""

READ_NOT_DECODED: Final[LiteralString] = """
select
  failed.claim_id,
  failed.position_in_batch as position,
  reason.rule as rule_code,
  reason.field,
  reason.reason
from access.failed_claims as failed
cross join lateral jsonb_to_recordset(failed.reasons)
  as reason (rule text, field text, reason text)
where failed.batch_id = %(batch_id)s and failed.stage = 'decode'
order by failed.claim_id
limit %(limit)s"""

COUNT_NOT_DECODED: Final = """
select batch.claim_count - batch.staged_count
from access.batches as batch
where batch.batch_id = %(batch_id)s"""

CLAIMS_LIMIT: Final = 50_000
"""Claims of one request."""

ERRORS_SHOWN: Final = 1000
"""Claims not decoded that the answer lists; all of them are in the results."""

ENCODER_NICENESS: Final = 5
"""Large requests yield: where small ones want the processor too, these get three times as much."""

KEY_PREFIX: Final = "api:"
"""Before idempotency keys of clients, so that they are none of `claims load`'s."""

_log: Final = structlog.get_logger(__name__)

_CLAIM_ID: Final = FAILED_COLUMNS.index("claim_id")
_POSITION: Final = FAILED_COLUMNS.index("position_in_batch")


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client sent, decompressed."""

    client: Client
    idempotency_key: str | None
    body: bytes
    hold: bool = False
    replaces_claim_id: int | None = None
    """The failed claim that its one claim corrects."""

    @property
    def sha256(self) -> bytes:
        """What tells this request from another one under the same key."""
        options = f"{self.hold} {self.replaces_claim_id}\n".encode()
        return hashlib.sha256(options + hashlib.sha256(self.body).digest()).digest()


@dataclass(frozen=True, slots=True)
class NotDecoded:
    """A claim that does not fit the model; never with its value."""

    claim_id: int
    position: int
    rule_code: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A batch that a submission became, now or before."""

    batch_id: int
    is_replay: bool
    batch: Batch | None
    """The batch as it was stored now; None for one of before, which may be further."""
    not_decoded_count: int
    not_decoded: list[NotDecoded]
    """The first of them."""


class Intake:
    """Stores submissions."""

    def __init__(self, settings: Settings, pool: Pool, keyring: KeyRing) -> None:
        self._settings = settings
        self._pool = pool
        self._keyring = keyring
        self._encoders = self._start()

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._settings.http_workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_become_encoder,
        )

    async def store(self, submission: Submission) -> Receipt:
        """Store a submission, whole or not at all.

        Raises:
            ApiError: BATCH_BROKEN, BATCH_EMPTY, BATCH_UNREADABLE, BATCH_TOO_MANY_CLAIMS,
                IDEMPOTENCY_KEY_REUSED, or ENCODER_DIED, after which the same key finds out what
                became of it.
            DatabaseError: from the database.

        """
        if len(submission.body) <= SMALL_BYTES:
            return await asyncio.to_thread(self._store_here, submission)
        encoders = self._encoders
        try:
            return await asyncio.get_running_loop().run_in_executor(
                encoders, _store_there, submission, self._settings
            )
        except BrokenProcessPool:
            _log.exception("encoder.died", exc_info=False)
            if self._encoders is encoders:
                self._encoders = self._start()
                encoders.shutdown(wait=False)
            raise ApiError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "ENCODER_DIED",
                "the process that stored this request ended without an answer",
                "Send it again with the same Idempotency-Key: it is stored once.",
            ) from None

    def close(self) -> None:
        """End the encoders after the requests that they have in hand."""
        self._encoders.shutdown(cancel_futures=True)

    def _store_here(self, submission: Submission) -> Receipt:
        with connection(self._pool) as conn:
            return store(conn, self._keyring, submission)


def _become_encoder() -> None:
    """Yield to what answers requests, and end with it."""
    os.nice(ENCODER_NICENESS)
    # It has nothing to end in good order: what is not committed is as if not sent.
    end_with_parent(signal.SIGKILL)


class _Encoder:
    """The connection and the keys of an encoder process."""

    opened: Self | None = None

    def __init__(self, settings: Settings) -> None:
        self.conn: Final = connect(Role.APP, autocommit=True)
        self.keyring: Final = KeyRing.open(self.conn, settings)

    @classmethod
    def get(cls, settings: Settings) -> Self:
        """Open the connection, at first and after it was lost."""
        if cls.opened is not None:
            try:
                ConnectionPool.check_connection(cls.opened.conn)
            except psycopg.OperationalError:
                cls.opened.conn.close()
                cls.opened = None
        if cls.opened is None:
            cls.opened = cls(settings)
        return cls.opened


def _store_there(submission: Submission, settings: Settings) -> Receipt:
    """Store a submission, in an encoder process."""
    encoder = _Encoder.get(settings)
    return store(encoder.conn, encoder.keyring, submission)


def store(conn: Connection[Any], keyring: KeyRing, submission: Submission) -> Receipt:
    """Store a submission; the connection is in autocommit mode."""
    client = submission.client
    digest = submission.sha256
    records = (
        _records(submission.body)
        if submission.replaces_claim_id is None
        else [submission.body.strip()]
    )
    key = KEY_PREFIX + (submission.idempotency_key or str(uuid.uuid4()))

    def note(batch_id: int) -> None:
        see_as(conn, client)
        conn.execute(
            NOTE_REQUEST,
            {"batch_id": batch_id, "client_id": client.client_id, "request_sha256": digest},
        )

    batch = NewBatch(client.submitter, key, records, submission.hold, submission.replaces_claim_id)
    few = partial(store_few, conn, client, digest) if len(records) <= FEW_CLAIMS else None
    stored = store_batch(conn, keyring, batch, within=note, in_one_call=few)
    if stored is None:
        return _replayed(conn, client, key, digest)
    failed = islice(zip(stored.encoded.failed, stored.encoded.reasons, strict=True), ERRORS_SHOWN)
    return Receipt(
        stored.batch_id,
        is_replay=False,
        batch=Batch(
            batch_id=stored.batch_id,
            state="received",
            hold=submission.hold,
            waits_for_transfer=False,
            received_at=stored.received_at,
            validated_at=None,
            transferred_at=None,
            claims=len(records),
            lines=len(stored.encoded.lines),
            transferred=0,
            pended=0,
            denied=0,
            failed=len(stored.encoded.failed),
            allowed_total=None,
            attempts=0,
            next_attempt_at=None,
        ),
        not_decoded_count=len(stored.encoded.failed),
        not_decoded=[
            NotDecoded(row[_CLAIM_ID], row[_POSITION], DECODE_RULE, *reason)
            for row, reason in failed
        ],
    )


def _records(body: bytes) -> list[bytes]:
    """Cut the body into claims: from one to as many as a request may have."""
    try:
        records = list(islice(split(iter([body])), CLAIMS_LIMIT + 1))
    except BrokenError as error:
        raise ApiError(
            HTTPStatus.BAD_REQUEST, "BATCH_BROKEN", str(error), "Send the whole array, or NDJSON."
        ) from None
    if not records:
        raise ApiError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "BATCH_EMPTY",
            "the request holds no claim",
            "Send a JSON array of claims, or one claim in each line.",
        )
    if len(records) > CLAIMS_LIMIT:
        raise ApiError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "BATCH_TOO_MANY_CLAIMS",
            f"the request holds more than {CLAIMS_LIMIT} claims",
            "Send several requests, each with an Idempotency-Key of its own.",
        )
    if not hold_claims(records):
        raise ApiError(
            HTTPStatus.BAD_REQUEST,
            "BATCH_UNREADABLE",
            "the request holds no claims: nothing in it is a JSON object",
            "Send a JSON array of claims, or one claim in each line.",
        )
    return records


def _replayed(conn: Connection[Any], client: Client, key: str, digest: bytes) -> Receipt:
    """Give the batch that stands under the key, if it came from the same request."""
    with translated(), conn.transaction():
        see_as(conn, client)
        found = conn.execute(FIND_REQUEST, {"idempotency_key": key}).fetchone()
        if found is None or bytes(found[1]) != digest:
            raise ApiError(
                HTTPStatus.CONFLICT,
                "IDEMPOTENCY_KEY_REUSED",
                "another request was sent with this Idempotency-Key",
                "Use a new key for a new request; repeat a request byte for byte.",
            )
        with conn.cursor(row_factory=rows.class_row(NotDecoded)) as cur:
            failed = cur.execute(
                READ_NOT_DECODED, {"batch_id": found[0], "limit": ERRORS_SHOWN}
            ).fetchall()
        counted = conn.execute(COUNT_NOT_DECODED, {"batch_id": found[0]}).fetchone() or (0,)
    return Receipt(
        found[0],
        is_replay=True,
        batch=None,
        not_decoded_count=counted[0],
        not_decoded=failed,
    )
