"""Load files of claims into staging, in batches that are whole or not there.

Each batch is one transaction (`app.intake.store`): its claims are encrypted and copied, and its
idempotency key stands beside them. The key is a hash over the file up to the end of
the batch, so that loading a file again finds what is there and goes on after it,
while two identical stretches of one file are two batches.
"""

import hashlib
import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from itertools import chain
from multiprocessing.connection import Connection as Pipe
from typing import Any, Final, Self

from psycopg import Connection

from app.database.connect import Role, connect
from app.intake.reader import hold_claims, open_source
from app.intake.store import NewBatch, store_batch
from app.program.errors import ClaimsError, translated
from app.program.settings import Settings
from app.vault import KeyRing

FIND_SIZES: Final = """
select distinct split_part(batch.idempotency_key, ':', 2)::integer as batch_size
from queue.batches as batch
inner join queue.submitters as submitter
  on batch.submitter_id = submitter.submitter_id
where
  submitter.name = %(submitter)s
  and split_part(batch.idempotency_key, ':', 1) = %(fingerprint)s
order by batch_size"""

MATCH_CORRECTIONS: Final = "select pipeline.match_corrections(%(batch_id)s)"

BATCH_BYTES: Final = 8 << 20
"""Bytes of text after which a batch ends, whatever its number of claims: memory."""

NOON: Final = time_of_day(12)

KEY_VERSION: Final = "f1"
"""How idempotency keys are made; raised when the batch boundaries change."""


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Claims of one batch as they stand in the file."""

    idempotency_key: str
    records: list[bytes]


@dataclass(frozen=True, slots=True)
class _Manner:
    """How all batches of a load are stored."""

    first_received_at: datetime | None
    corrects: bool


@dataclass(slots=True)
class LoadResult:
    """What a load did."""

    files: int = 0
    claims: int = 0
    """Claims loaded now, those that could not be decoded included."""
    not_decoded: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Decode failures by field and reason."""
    batches: int = 0
    batches_already_loaded: int = 0
    claims_already_loaded: int = 0
    seconds: float = 0.0

    @property
    def claims_per_second(self) -> float:
        """Speed of the load; zero when nothing was loaded."""
        return self.claims / self.seconds if self.claims else 0.0

    def add(self, other: Self) -> None:
        """Add the counts of a part of the load."""
        self.claims += other.claims
        self.not_decoded += other.not_decoded
        self.reasons.update(other.reasons)
        self.batches += other.batches
        self.batches_already_loaded += other.batches_already_loaded
        self.claims_already_loaded += other.claims_already_loaded


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load is."""

    path: str
    position: int
    """Bytes of the file read."""
    size: int | None
    """Bytes of the file; None for standard input."""
    claims: int
    """Claims of all files loaded so far."""


def load_files(
    paths: Sequence[str],
    settings: Settings,
    *,
    received_on: date | None = None,
    corrects: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> LoadResult:
    """Load files of claims (`-`: standard input) for the configured submitter.

    This process loads, and so do `settings.connections - 1` helper processes from the
    second batch on, each over a connection of its own. The claims are received at noon UTC of
    `received_on`, or now. With `corrects`, every claim takes the place of the failed one that has
    its number.

    Raises:
        ClaimsError: INTAKE_FILE_UNRECOGNISED for a file that holds no claims at all, and from
            the files, the vault or the database. Batches loaded before the error stay, and
            loading the same files again goes on after them.

    """
    result = LoadResult()
    started = time.monotonic()
    manner = _Manner(_first_received_at(received_on), corrects)
    with connect(Role.APP, autocommit=True) as conn, ExitStack() as stack:
        loader = _Loader(conn, KeyRing.open(conn, settings), settings, manner)
        helpers: list[_Helper] = []
        for path in paths:
            with open_source(path) as source:
                for batch in _claims_alone(path, loader.batches(source.records)):
                    if result.batches and not helpers:
                        helpers = [
                            stack.enter_context(_Helper(settings, manner))
                            for _ in range(1, settings.connections)
                        ]
                    helper = next((one for one in helpers if one.is_idle(result)), None)
                    if helper is None:
                        result.add(loader.load(batch))
                    else:
                        helper.give(batch)
                    on_progress(Progress(path, source.position(), source.size, result.claims))
            result.files += 1
        for helper in helpers:
            helper.finish(result)
    result.seconds = time.monotonic() - started
    return result


def _first_received_at(received_on: date | None) -> datetime | None:
    """Give noon of an earlier or later day; None for today."""
    if received_on is None or received_on == datetime.now(UTC).date():
        return None
    return datetime.combine(received_on, NOON, UTC)


def _claims_alone(path: str, batches: Iterator[RawBatch]) -> Iterator[RawBatch]:
    """Pass batches on, unless the first one shows that the file is something else.

    A brace by itself, for one, opens an object that is spread over lines, each of which would be
    kept as a claim that could not be decoded.
    """
    first = next(batches, None)
    if first is None:
        return
    if not hold_claims(first.records):
        raise ClaimsError(
            "INTAKE_FILE_UNRECOGNISED",
            f"{path} holds no claims: none of its first {len(first.records):,} records is a JSON "
            "object; nothing of it was loaded",
            "Give claims as NDJSON, each JSON object on a line of its own, or as one JSON array of "
            "objects, which may be spread over lines.",
        )
    yield first
    yield from batches


class _Helper:
    """A process that loads batches given to it, over a connection of its own.

    It ends when this process closes its end of the pipe or dies, after the batch at hand.
    """

    def __init__(self, settings: Settings, manner: _Manner) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_help, args=(theirs, settings, manner), name="claims-load-helper"
        )
        self._process.start()
        theirs.close()
        self._busy = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join()

    def is_idle(self, result: LoadResult) -> bool:
        """Whether it waits for a batch; what it did meanwhile is added to the result."""
        if self._busy and self._pipe.poll():
            self._take(result)
        return not self._busy

    def give(self, batch: RawBatch) -> None:
        """Hand it a batch."""
        self._pipe.send(batch)
        self._busy = True

    def finish(self, result: LoadResult) -> None:
        """Wait until it has done what it was given."""
        if self._busy:
            self._take(result)

    def _take(self, result: LoadResult) -> None:
        try:
            answer = self._pipe.recv()
        except EOFError:
            raise ClaimsError(
                "INTAKE_HELPER_DIED",
                "a helper process of the load ended without an answer",
                "Look at its message above, then load the same files again: whole batches "
                "stay, and the load goes on after them.",
            ) from None
        if not isinstance(answer, LoadResult):
            raise ClaimsError(*answer)
        result.add(answer)
        self._busy = False


def _help(pipe: Pipe, settings: Settings, manner: _Manner) -> None:
    """Load the batches that come through the pipe; answer with results or an error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with connect(Role.APP, autocommit=True) as conn:
            loader = _Loader(conn, KeyRing.open(conn, settings), settings, manner)
            answer = LoadResult()
            while True:
                pipe.send(answer)
                answer = loader.load(pipe.recv())
    except ClaimsError as error:
        pipe.send((error.code, error.message, error.hint))
    except (EOFError, BrokenPipeError):
        return


class _Loader:
    """Loads batches over one connection, one transaction each."""

    def __init__(
        self,
        conn: Connection[Any],
        keyring: KeyRing,
        settings: Settings,
        manner: _Manner,
    ) -> None:
        self._manner = manner
        self._conn = conn
        self._keyring = keyring
        self._submitter = settings.claims_submitter
        self._batch_size = settings.batch_size

    def batches(self, records: Iterator[bytes]) -> Iterator[RawBatch]:
        """Gather the claims of a file into batches.

        A file that was loaded in part with another batch size goes on with that one,
        because the boundaries of its batches must be the same.
        """
        first = next(records, None)
        if first is None:
            return
        fingerprint = hashlib.sha256(first).hexdigest()[:16]
        batch_size = self._batch_size_of(fingerprint)
        prefix = f"{fingerprint}:{batch_size}:"
        read = hashlib.sha256(KEY_VERSION.encode())
        gathered: list[bytes] = []
        size = 0
        for record in chain([first], records):
            gathered.append(record)
            size += len(record)
            read.update(record)
            read.update(b"\n")
            if len(gathered) == batch_size or size >= BATCH_BYTES:
                yield RawBatch(prefix + read.hexdigest(), gathered)
                gathered = []
                size = 0
        if gathered:
            yield RawBatch(prefix + read.hexdigest(), gathered)

    def _batch_size_of(self, fingerprint: str) -> int:
        """Return the batch size that files beginning with this claim were loaded with."""
        with translated(), self._conn.transaction():
            found = self._conn.execute(
                FIND_SIZES, {"submitter": self._submitter, "fingerprint": fingerprint}
            ).fetchall()
        sizes = [int(row[0]) for row in found]
        return sizes[0] if sizes and self._batch_size not in sizes else self._batch_size

    def load(self, batch: RawBatch) -> LoadResult:
        """Load one batch, unless it is there already."""
        count = len(batch.records)
        stored = store_batch(
            self._conn,
            self._keyring,
            NewBatch(
                self._submitter,
                batch.idempotency_key,
                batch.records,
                first_received_at=self._manner.first_received_at,
            ),
            within=self._match_corrections,
        )
        if stored is None:
            return LoadResult(batches_already_loaded=1, claims_already_loaded=count)
        return LoadResult(
            claims=count,
            not_decoded=len(stored.encoded.failed),
            reasons=Counter(" ".join(reason) for reason in stored.encoded.reasons),
            batches=1,
        )

    def _match_corrections(self, batch_id: int) -> None:
        """Let the claims of the batch take the places of failed ones, if they are to."""
        if self._manner.corrects:
            self._conn.execute(MATCH_CORRECTIONS, {"batch_id": batch_id})
