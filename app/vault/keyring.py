"""The key ring: the unwrapped data keys, the token key and the erasure keys of one database."""

import hashlib
import hmac
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Literal, Self
from uuid import UUID

from psycopg import Connection, rows

from app.database.trail import Concerned, Told, refusals_recorded
from app.program.errors import ClaimsError, translated
from app.program.settings import Settings
from app.vault.ciphers import (
    ERASABLE_SINCE,
    KEY_SIZE,
    BatchCipher,
    ClaimCipher,
    DecryptionRefusedError,
    ErasedError,
    read_head,
)
from app.vault.erasure import ErasureKeys, month_number
from app.vault.providers import KeyProvider, WrongKeyError, configured_provider
from app.vault.tokens import Tokens

READ_KEYS: Final = """
select
  data_key.data_key_id,
  data_key.purpose,
  data_key.wrapped_key,
  data_key.wrapping_key_check,
  data_key.key_check,
  data_key.created_at,
  data_key.retired_at
from vault.data_keys as data_key
order by data_key.data_key_id"""

READ_ERASURE_KEYS: Final = """
select store.store_id, store.generation, store.pending_generation, store.place
from vault.erasure_keys as store"""

ADD_KEY: Final = """
select keys.add_first_data_key(
  %(purpose)s, %(wrapped_key)s, %(wrapping_key_check)s, %(key_check)s
)"""

REGISTER_ERASURE_KEYS: Final = "select keys.register_erasure_keys(%(store_id)s, %(place)s)"

# What changes the keys holds this lock until all of it is changed.
WAIT_FOR_CHANGES: Final = "select pg_advisory_xact_lock_shared(hashtext('vault.data_keys'))"

ERASURE_FILE: Final = "erasure.keys"
"""The embedded default's own file of erasure keys, in CLAIMS_HOME."""

HOLD_KEYS: Final = "select keys.hold_keys(%(data_key_id)s, %(erasure_generation)s)"

KEYS_CHANGED: Final = ("KY001", "KY002")
"""What HOLD_KEYS raises when the keys must be read again."""

_CIPHERS_KEPT: Final = 1024
_CHECK_LABEL: Final = b"claims-processor data key"
_CHECK_SIZE: Final = 8

Purpose = Literal["phi", "token"]
PURPOSES: Final[tuple[Purpose, ...]] = ("phi", "token")


@dataclass(frozen=True, slots=True)
class DataKey:
    """A row of vault.data_keys."""

    data_key_id: int
    purpose: Purpose
    wrapped_key: bytes
    wrapping_key_check: bytes
    key_check: bytes | None
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Registered:
    """The row of vault.erasure_keys."""

    store_id: UUID
    generation: int
    pending_generation: int | None
    place: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys as they were when they were read."""

    data_keys: dict[int, bytes]
    active_data_key_id: int
    tokens: Tokens
    erasure: ErasureKeys


@dataclass(frozen=True, slots=True)
class Sealed:
    """Where a ciphertext stands: what it needs to open beside the keys."""

    claim_id: int
    encrypted_batch_id: int
    erasure_id: int | None


class BatchEncryptor:
    """Gives the ciphers of the claims of one new batch, all under the same keys."""

    def __init__(self, keys: Keys, batch_id: int, day: date) -> None:
        """Take the keys, the batch, and the day that it is received on."""
        self.data_key_id: Final = keys.active_data_key_id
        self.erasure_generation: Final = keys.erasure.generation
        self.tokens: Final = keys.tokens
        self._living = keys.erasure.living
        self._month = month_number(day)
        self._cipher = BatchCipher(self.data_key_id, keys.data_keys[self.data_key_id], batch_id)

    def claim(self, claim_id: int, identity: bytes | None) -> tuple[int, ClaimCipher]:
        """Give the erasure id of a claim and its cipher.

        `identity` is the token of the patient or of what else tells whose the claim is; a
        claim that has none is a patient of its own.
        """
        erasure_id, key = self._living(identity or unidentified(claim_id), self._month)
        return erasure_id, self._cipher.claim(claim_id, key)


class KeyRing:
    """The keys of one database, and how to read them again when they were changed.

    Safe to use from several threads: what is read anew takes the place of the old at once.
    """

    def __init__(self, settings: Settings, keys: Keys) -> None:
        """Take the keys, and the settings that say what unwraps further ones."""
        self._settings = settings
        self._keys = keys
        self._ciphers: dict[tuple[int, int, int], BatchCipher] = {}

    @classmethod
    def open(cls, conn: Connection[Any], settings: Settings) -> Self:
        """Unwrap the data keys and read the erasure keys; make the first where there are none.

        Two processes may make the first keys at once: the index on the active key of a
        purpose lets one of them win, and both then read what stands there.

        Raises:
            ClaimsError: VAULT_KEY_MISSING, VAULT_KEY_INVALID, VAULT_KEY_FILE_EXPOSED,
                VAULT_KEY_WRONG, VAULT_KEY_COMMAND_FAILED, or of the erasure keys
                VAULT_ERASURE_KEYS_INVALID, _FOREIGN, _STALE or _UNFINISHED. A key that is
                refused leaves an audit event behind.

        """
        with refusals_recorded(conn, Concerned(), Told()):
            return cls(settings, _read(conn, settings, {}))

    @property
    def keys(self) -> Keys:
        """The keys as they are now; hold on to them for what must be under the same."""
        return self._keys

    @property
    def active_data_key_id(self) -> int:
        """The data key that encrypts new claims."""
        return self._keys.active_data_key_id

    @property
    def tokens(self) -> Tokens:
        """Makes tokens."""
        return self._keys.tokens

    @property
    def state(self) -> tuple[int, int]:
        """What changes with the keys: the active data key, and the generation of erasure keys."""
        keys = self._keys
        return keys.active_data_key_id, keys.erasure.generation

    def refresh(self, conn: Connection[Any]) -> None:
        """Read what was changed; unwraps only what is new. Raises what `open` raises."""
        with refusals_recorded(conn, Concerned(), Told()):
            self._keys = _read(conn, self._settings, self._keys.data_keys)

    def encryptor(self, batch_id: int) -> BatchEncryptor:
        """Return what encrypts a new batch, received today."""
        return BatchEncryptor(self._keys, batch_id, datetime.now(UTC).date())

    def decrypt(self, sealed: Sealed, field: str, blob: bytes) -> str:
        """Decrypt a column of a stored claim; the data key is read from the ciphertext.

        Raises:
            DecryptionRefusedError: it was changed, moved, or encrypted under another key, or
                under one that the database does not have.
            ErasedError: the keys of the patient or of the month were destroyed.

        """
        return self.claim_cipher(sealed, field, blob).decrypt(field, blob)

    def claim_cipher(self, sealed: Sealed, field: str, blob: bytes) -> ClaimCipher:
        """Return the cipher that one column of a stored claim asks for; raises as `decrypt`."""
        version, data_key_id = read_head(sealed.claim_id, field, blob)
        keys = self._keys
        erasure_key: bytes | None = b""
        if version >= ERASABLE_SINCE:
            erasure_key = None if sealed.erasure_id is None else keys.erasure.key(sealed.erasure_id)
        if erasure_key is None:
            raise ErasedError(sealed.claim_id)
        if data_key_id not in keys.data_keys:
            raise DecryptionRefusedError(sealed.claim_id, field, data_key_id)
        cipher = self.batch_cipher(data_key_id, sealed.encrypted_batch_id, version)
        return cipher.claim(sealed.claim_id, erasure_key)

    def batch_cipher(self, data_key_id: int, batch_id: int, version: int) -> BatchCipher:
        """Return the cipher of a batch, kept for the next claim of the same batch."""
        asked = (data_key_id, batch_id, version)
        cipher = self._ciphers.get(asked)
        if cipher is None:
            if len(self._ciphers) >= _CIPHERS_KEPT:
                self._ciphers = {}
            data_key = self._keys.data_keys[data_key_id]
            cipher = self._ciphers[asked] = BatchCipher(data_key_id, data_key, batch_id, version)
        return cipher


def erasure_path(settings: Settings) -> Path:
    """Return where the erasure keys are.

    Raises:
        ClaimsError: VAULT_KEY_MISSING.

    """
    if settings.claims_erasure_keys_file is not None:
        return settings.claims_erasure_keys_file
    if settings.database_url is not None:
        raise ClaimsError(
            "VAULT_KEY_MISSING",
            "CLAIMS_ERASURE_KEYS_FILE is not set, and with DATABASE_URL there is no default",
            "Set it to a file on a disk that lasts and is not backed up with the database; it is "
            "made when the database has none. Without it no PHI can be read.",
        )
    return settings.claims_home / ERASURE_FILE


def read_data_keys(conn: Connection[Any]) -> list[DataKey]:
    """Read the data keys, still wrapped."""
    with translated(), conn.cursor(row_factory=rows.class_row(DataKey)) as cur:
        return cur.execute(READ_KEYS).fetchall()


def read_tokens(conn: Connection[Any], settings: Settings) -> Tokens:
    """Read the token key alone, which is all that a search needs.

    Raises:
        ClaimsError: VAULT_EMPTY when there are no keys yet, and what `KeyRing.open` raises of
            the wrapping key.

    """
    for key in read_data_keys(conn):
        if key.purpose == "token" and key.retired_at is None:
            with refusals_recorded(conn, Concerned(), Told()):
                return Tokens(unwrapped(key, configured_provider(settings, may_create=False)))
    raise ClaimsError(
        "VAULT_EMPTY",
        "the database has no keys yet: no claim was ever loaded",
        "Load claims with `claims load`, or make the keys with `claims keys init`.",
    )


def unwrapped(key: DataKey, provider: KeyProvider) -> bytes:
    """Unwrap a data key.

    Raises:
        ClaimsError: VAULT_KEY_WRONG, and what the provider raises.

    """
    try:
        found = provider.unwrap(key.wrapped_key)
        if key.key_check is None or hmac.compare_digest(key.key_check, key_check(found)):
            return found
    except WrongKeyError:
        pass
    raise ClaimsError(
        "VAULT_KEY_WRONG",
        f"the wrapping key of {provider.source} ({provider.fingerprint.hex()}) does not open data "
        f"key {key.data_key_id} of this database, which {key.wrapping_key_check.hex()} wrapped",
        "Set CLAIMS_ENCRYPTION_KEY, CLAIMS_ENCRYPTION_KEY_FILE or CLAIMS_KEY_COMMAND (or the key "
        "file in CLAIMS_HOME) to the key that the database was made with, or that `claims keys "
        "rewrap` changed it to.",
    )


def key_check(key: bytes) -> bytes:
    """Return eight bytes that tell a data key from any other, and nothing of it."""
    return hmac.digest(key, _CHECK_LABEL, hashlib.sha256)[:_CHECK_SIZE]


def unidentified(claim_id: int) -> bytes:
    """Return what stands for the patient of a claim that does not say who it is."""
    return hashlib.sha256(b"claim" + claim_id.to_bytes(8)).digest()


def _read(conn: Connection[Any], settings: Settings, known: dict[int, bytes]) -> Keys:
    """Read all keys, but unwrap only those that are not known yet."""
    with translated(), conn.transaction():
        conn.execute(WAIT_FOR_CHANGES)
        found = read_data_keys(conn)
        provider = configured_provider(settings, may_create=not found)
        if {key.purpose for key in found if key.retired_at is None} != set(PURPOSES):
            for key in found:
                unwrapped(key, provider)
            _add_keys(conn, provider)
            found = read_data_keys(conn)
        data_keys = {
            key.data_key_id: known.get(key.data_key_id) or unwrapped(key, provider) for key in found
        }
        active = {key.purpose: key.data_key_id for key in found if key.retired_at is None}
        erasure = _read_erasure_keys(conn, erasure_path(settings))
    return Keys(data_keys, active["phi"], Tokens(data_keys[active["token"]]), erasure)


def _add_keys(conn: Connection[Any], provider: KeyProvider) -> None:
    for purpose in PURPOSES:
        key = os.urandom(KEY_SIZE)
        conn.execute(
            ADD_KEY,
            {
                "purpose": purpose,
                "wrapped_key": provider.wrap(key),
                "wrapping_key_check": provider.fingerprint,
                "key_check": key_check(key),
            },
        )


def _read_erasure_keys(conn: Connection[Any], path: Path) -> ErasureKeys:
    registered = _registered(conn)
    if registered is None:
        with suppress(FileExistsError):
            ErasureKeys.new().create(path)
        made = ErasureKeys.read(path)
        place = f"{socket.gethostname()}:{path}"
        conn.execute(REGISTER_ERASURE_KEYS, {"store_id": made.store_id, "place": place})
        registered = _registered(conn)
    if registered is None:
        msg = "vault.erasure_keys has no row after one was added"
        raise AssertionError(msg)
    return checked_erasure_keys(
        path, registered.store_id, registered.generation, registered.pending_generation
    )


def _registered(conn: Connection[Any]) -> _Registered | None:
    with conn.cursor(row_factory=rows.class_row(_Registered)) as cur:
        return cur.execute(READ_ERASURE_KEYS).fetchone()


def checked_erasure_keys(
    path: Path, store_id: UUID, generation: int, pending: int | None
) -> ErasureKeys:
    """Read the erasure keys, which must be those of the database and the newest.

    Raises:
        ClaimsError: VAULT_ERASURE_KEYS_FOREIGN, _STALE or _UNFINISHED, or what reading raises.

    """
    found = ErasureKeys.read(path)
    if found.store_id != str(store_id):
        raise ClaimsError(
            "VAULT_ERASURE_KEYS_FOREIGN",
            f"the erasure keys in {path} are those of another database",
            f"Set CLAIMS_ERASURE_KEYS_FILE to the file of this one; its id is {store_id}.",
        )
    if found.generation < generation:
        raise ClaimsError(
            "VAULT_ERASURE_KEYS_STALE",
            f"the erasure keys in {path} are of generation {found.generation}, and those of the "
            f"database of generation {generation}: this is a copy from before an erasure",
            "Copy the newest file here, and destroy this one: it holds keys that were to be "
            "destroyed.",
        )
    if pending is not None and found.generation < pending:
        raise ClaimsError(
            "VAULT_ERASURE_KEYS_UNFINISHED",
            "an erasure began and did not end",
            "Run the same `claims keys shred` again where the erasure keys are changed.",
        )
    return found
