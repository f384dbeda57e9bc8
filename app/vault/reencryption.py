"""Put what is stored under the data key that encrypts new claims, while the service runs.

Block by block, each in a transaction of its own: read, decrypted and encrypted here, written
back by one statement. What is left to do is what the ciphertexts themselves say, so that a run
that was interrupted is resumed by any other. Readers neither wait nor fail: a ciphertext names
its data key, and the key ring holds both. Rows of version 1 become version 2.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, Final, Literal, LiteralString, Self

import msgspec
from psycopg import Connection, rows

from app.database.connect import Role, connect
from app.database.trail import REFUSALS, Concerned, Told, record_apart
from app.program.errors import DatabaseError, translated
from app.program.settings import Settings
from app.vault.ciphers import (
    HEAD,
    VERSION,
    BatchCipher,
    DecryptionRefusedError,
    ErasedError,
)
from app.vault.erasure import month_number
from app.vault.keyring import HOLD_KEYS, KEYS_CHANGED, KeyRing, Sealed, unidentified

BLOCK: Final = 2000
"""Claims read, encrypted anew and written back together."""

# The blocks of a table: partition, the claim ids that they begin after and end with, claims.
# A ciphertext begins with its version and its data key; one of version 2 without an erasure id
# was erased, and opens for nobody.
FIND_PRODUCTION_BLOCKS: Final = """
select
  found.service_month as partition,
  min(found.claim_id) - 1 as after,
  max(found.claim_id) as last,
  count(*) as claims
from (
  select
    claim.service_month,
    claim.claim_id,
    (row_number() over (partition by claim.service_month order by claim.claim_id) - 1)
    / %(block)s as block
  from production.claims as claim
  where
    substr(claim.claim_number, 1, 5) <> %(head)s
    and (claim.erasure_id is not null or get_byte(claim.claim_number, 0) < 2)
) as found
group by found.service_month, found.block
order by found.service_month, found.block"""

FIND_STAGED_BLOCKS: Final = """
select
  found.received_on as partition,
  min(found.claim_id) - 1 as after,
  max(found.claim_id) as last,
  count(*) as claims
from (
  select
    claim.received_on,
    claim.claim_id,
    (row_number() over (partition by claim.received_on order by claim.claim_id) - 1)
    / %(block)s as block
  from staging.claims as claim
  where
    substr(claim.claim_number, 1, 5) <> %(head)s
    and (claim.erasure_id is not null or get_byte(claim.claim_number, 0) < 2)
) as found
group by found.received_on, found.block
order by found.received_on, found.block"""

FIND_FAILED_BLOCKS: Final = """
select
  null as partition,
  min(found.claim_id) - 1 as after,
  max(found.claim_id) as last,
  count(*) as claims
from (
  select
    sealed.claim_id,
    (row_number() over (order by sealed.claim_id) - 1) / %(block)s as block
  from (
    select
      failed.claim_id,
      coalesce(failed.original, (failed.staged_claim ->> 'claim_number')::bytea) as sample,
      coalesce(failed.erasure_id, (failed.staged_claim ->> 'erasure_id')::bigint)
        as erasure_id
    from staging.failed_claims as failed
  ) as sealed
  where
    substr(sealed.sample, 1, 5) <> %(head)s
    and (sealed.erasure_id is not null or get_byte(sealed.sample, 0) < 2)
) as found
group by found.block
order by found.block"""

READ_PRODUCTION: Final = """
select claim.*
from production.claims as claim
where
  claim.service_month = %(partition)s
  and claim.claim_id > %(after)s
  and claim.claim_id <= %(last)s
  and substr(claim.claim_number, 1, 5) <> %(head)s
order by claim.claim_id"""

READ_STAGED: Final = """
select claim.*
from staging.claims as claim
where
  claim.received_on = %(partition)s
  and claim.claim_id > %(after)s
  and claim.claim_id <= %(last)s
  and substr(claim.claim_number, 1, 5) <> %(head)s
order by claim.claim_id"""

READ_FAILED: Final = """
select
  staged.*,
  failed.claim_id,
  failed.encrypted_batch_id,
  failed.received_at,
  failed.claim_number_token,
  coalesce(failed.erasure_id, staged.erasure_id) as erasure_id,
  failed.original
from staging.failed_claims as failed
left join lateral jsonb_populate_record(null::staging.claims, failed.staged_claim) as staged
  on true
where
  failed.claim_id > %(after)s
  and failed.claim_id <= %(last)s
  and substr(coalesce(failed.original, staged.claim_number), 1, 5) <> %(head)s
order by failed.claim_id"""

REPLACE_PRODUCTION: Final = """
select keys.replace_production_phi(
  %(partition)s, %(claim_ids)s, %(replaced)s::bytea[], %(erasure_ids)s,
  %(claim_number)s::bytea[], %(member_id)s::bytea[], %(patient_last_name)s::bytea[],
  %(patient_first_name)s::bytea[], %(patient_middle_name)s::bytea[],
  %(patient_birth_date)s::bytea[], %(patient_address_line)s::bytea[],
  %(patient_city)s::bytea[], %(patient_state)s::bytea[], %(patient_zip)s::bytea[],
  %(patient_phone)s::bytea[]
)"""

REPLACE_STAGED: Final = """
select keys.replace_staged_phi(
  %(partition)s, %(claim_ids)s, %(replaced)s::bytea[], %(erasure_ids)s,
  %(claim_number)s::bytea[], %(member_id)s::bytea[], %(patient_last_name)s::bytea[],
  %(patient_first_name)s::bytea[], %(patient_middle_name)s::bytea[],
  %(patient_birth_date)s::bytea[], %(patient_address_line)s::bytea[],
  %(patient_city)s::bytea[], %(patient_state)s::bytea[], %(patient_zip)s::bytea[],
  %(patient_phone)s::bytea[], %(malformed_values)s::bytea[]
)"""

REPLACE_FAILED: Final = """
select keys.replace_failed_phi(
  %(claim_ids)s, %(replaced)s::bytea[], %(erasure_ids)s, %(original)s::bytea[],
  %(staged)s::jsonb[]
)"""

PHI_COLUMNS: Final = (
    *("claim_number", "member_id", "patient_last_name", "patient_first_name"),
    *("patient_middle_name", "patient_birth_date", "patient_address_line"),
    *("patient_city", "patient_state", "patient_zip", "patient_phone"),
)
STAGED_COLUMNS: Final = (*PHI_COLUMNS, "malformed_values")

Table = Literal["production", "staged", "failed"]
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Statements:
    """How the blocks of a table are found, read and written."""

    find: LiteralString
    read: LiteralString
    replace: LiteralString
    columns: tuple[str, ...]


_TABLES: Final[dict[Table, _Statements]] = {
    "production": _Statements(
        FIND_PRODUCTION_BLOCKS, READ_PRODUCTION, REPLACE_PRODUCTION, PHI_COLUMNS
    ),
    "staged": _Statements(FIND_STAGED_BLOCKS, READ_STAGED, REPLACE_STAGED, STAGED_COLUMNS),
    "failed": _Statements(
        FIND_FAILED_BLOCKS, READ_FAILED, REPLACE_FAILED, (*STAGED_COLUMNS, "original")
    ),
}


@dataclass(frozen=True, slots=True)
class Block:
    """Claims of one table that are encrypted anew together."""

    table: Table
    partition: date | None
    after: int
    last: int
    claims: int


@dataclass(slots=True)
class Reencrypted:
    """What a run came to; counts are claims."""

    replaced: int = 0
    erased: int = 0
    """Left as they are, because their erasure keys were destroyed."""
    refused: list[int] = field(default_factory=list)
    """Left as they are, because they were changed or moved; an audit event says so."""
    seconds: float = 0.0

    @property
    def claims_per_second(self) -> float:
        """Speed of the run; zero when nothing was replaced."""
        return self.replaced / self.seconds if self.replaced else 0.0

    def add(self, other: Self) -> None:
        """Add what one block came to."""
        self.replaced += other.replaced
        self.erased += other.erased
        self.refused += other.refused


def find_blocks(conn: Connection[Any], keyring: KeyRing) -> list[Block]:
    """Find what is not under the active data key; conn as the operator. Reads every claim."""
    head = HEAD.pack(VERSION, keyring.active_data_key_id)
    found: list[Block] = []
    for table, statements in _TABLES.items():
        with translated(), conn.transaction(), conn.cursor() as cur:
            blocks = cur.execute(statements.find, {"head": head, "block": BLOCK}).fetchall()
        found += [Block(table, *block) for block in blocks]
    return found


def reencrypt(
    settings: Settings, *, on_progress: Callable[[int, int], None] = lambda *_: None
) -> Reencrypted:
    """Put all that is stored under the active data key, over `settings.connections` processes.

    `on_progress` gets the claims done and the claims in all. Interrupted, the blocks that are
    under way are ended and the others left for the next run.

    Raises:
        ClaimsError: from the database or the key ring; blocks written before it stay.

    """
    result = Reencrypted()
    started = time.monotonic()
    with connect(Role.OPERATOR) as conn:
        keyring = KeyRing.open(conn, settings)
        # What a stage or a retry copied from an old row meanwhile is found by the next pass.
        while blocks := find_blocks(conn, keyring):
            done = Reencrypted()
            total = result.replaced + sum(block.claims for block in blocks)
            for part in _run(settings, blocks):
                done.add(part)
                on_progress(result.replaced + done.replaced, total)
            result.replaced += done.replaced
            result.erased, result.refused = done.erased, sorted(done.refused)
            if done.replaced == 0:
                break
            keyring.refresh(conn)
    result.seconds = time.monotonic() - started
    return result


def _run(settings: Settings, blocks: Sequence[Block]) -> Iterator[Reencrypted]:
    """Encrypt blocks in processes of their own; yield what each came to."""
    with ProcessPoolExecutor(
        min(settings.connections, len(blocks)),
        multiprocessing.get_context("spawn"),
        # An interruption is for this process: those below end the block in hand.
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    ) as pool:
        try:
            for future in as_completed([pool.submit(_encrypt, settings, one) for one in blocks]):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


@cache
def _worker(settings: Settings) -> "_Worker":
    """Give the worker of this process."""
    return _Worker(settings)


def _encrypt(settings: Settings, block: Block) -> Reencrypted:
    return _worker(settings).encrypt(block)


class _Worker:
    """Encrypts blocks over one connection."""

    def __init__(self, settings: Settings) -> None:
        self._conn = connect(Role.OPERATOR)
        self._keyring = KeyRing.open(self._conn, settings)

    def encrypt(self, block: Block) -> Reencrypted:
        """Encrypt one block; under the newest keys, if they change meanwhile."""
        while True:
            used = self._keyring.state
            try:
                with translated(), self._conn.transaction():
                    result, refusals = self._replace(block)
                break
            except DatabaseError as error:
                if error.code not in KEYS_CHANGED:
                    raise
                self._keyring.refresh(self._conn)
                if self._keyring.state == used:
                    raise
        for refusal in refusals:
            record_apart(
                self._conn,
                REFUSALS[refusal.code],
                Concerned(claim_id=refusal.claim_id),
                Told(),
                {"field": refusal.field},
            )
        return result

    def _replace(self, block: Block) -> tuple[Reencrypted, list[DecryptionRefusedError]]:
        """Encrypt one block in the running transaction."""
        conn, statements = self._conn, _TABLES[block.table]
        keys = self._keyring.keys
        conn.execute(
            HOLD_KEYS,
            {
                "data_key_id": keys.active_data_key_id,
                "erasure_generation": keys.erasure.generation,
            },
        )
        with conn.cursor(row_factory=rows.dict_row, binary=True) as cur:
            found = cur.execute(
                statements.read,
                {
                    "partition": block.partition,
                    "after": block.after,
                    "last": block.last,
                    "head": HEAD.pack(VERSION, keys.active_data_key_id),
                },
            ).fetchall()
        result = Reencrypted()
        refusals: list[DecryptionRefusedError] = []
        fresh: list[_Row] = []
        for row in found:
            try:
                fresh.append(self._encrypted(row, statements.columns))
            except ErasedError:
                result.erased += 1
            except DecryptionRefusedError as refusal:
                result.refused.append(refusal.claim_id)
                refusals.append(refusal)
        if fresh:
            parameters: dict[str, Any] = {
                "partition": block.partition,
                "claim_ids": [row["claim_id"] for row in fresh],
                "replaced": [row["replaced"] for row in fresh],
                "erasure_ids": [row["erasure_id"] for row in fresh],
                **{column: [row[column] for row in fresh] for column in statements.columns},
            }
            if block.table == "failed":
                parameters["staged"] = [_as_staged(row) for row in fresh]
            (result.replaced,) = conn.execute(statements.replace, parameters).fetchone() or (0,)
        return result, refusals

    def _encrypted(self, row: _Row, columns: tuple[str, ...]) -> _Row:
        """Give the columns of a claim under the active data key."""
        claim_id, batch_id = row["claim_id"], row["encrypted_batch_id"]
        old = Sealed(claim_id, batch_id, row["erasure_id"])
        keys = self._keyring.keys
        if old.erasure_id is None:
            # Version 1: from now on it can be erased.
            identity = (
                row["patient_token"]
                or row["member_token"]
                or (None if row.get("original") is None else row["claim_number_token"])
                or unidentified(claim_id)
            )
            received: datetime = row["received_at"]
            erasure_id, erasure_key = keys.erasure.living(identity, month_number(received.date()))
        else:
            erasure_id = old.erasure_id
            found = keys.erasure.key(erasure_id)
            if found is None:
                raise ErasedError(claim_id)
            erasure_key = found
        cipher = self._cipher(batch_id).claim(claim_id, erasure_key)
        given = {column: row[column] for column in columns if row[column] is not None}
        # All columns are under one key; one that names another was changed.
        opening = self._keyring.claim_cipher(old, *next(iter(given.items())))
        return {
            "claim_id": claim_id,
            "replaced": row["claim_number"] if row.get("original") is None else row["original"],
            "erasure_id": erasure_id,
            **dict.fromkeys(columns),
            **{
                column: cipher.encrypt(column, opening.decrypt(column, blob))
                for column, blob in given.items()
            },
        }

    def _cipher(self, batch_id: int) -> BatchCipher:
        """Give the cipher of a batch under the active data key."""
        return self._keyring.batch_cipher(self._keyring.active_data_key_id, batch_id, VERSION)


def _as_staged(row: _Row) -> str | None:
    """Give what changes in the staging row of a failed claim; None when it has none."""
    if row["claim_number"] is None:
        return None
    columns: dict[str, Any] = {"erasure_id": row["erasure_id"]}
    for column in STAGED_COLUMNS:
        columns[column] = None if row[column] is None else f"\\x{row[column].hex()}"
    return msgspec.json.encode(columns).decode()
