"""PHI under AES-256-GCM, field by field, and the keyed hashes SQL matches with.

The wrapping key never enters the database. It wraps (RFC 3394) the data keys in
`vault.data_keys`: one for field encryption, one for tokens. Each batch is encrypted
under a key of its own, derived (HKDF-SHA256) from the data key and the batch id, so
that no key comes near the limit on random nonces. A ciphertext reads

    version (1) | data key id (4, big endian) | nonce (12) | ciphertext | tag (16)

with the version, the key id, the claim id (8, big endian) and the field name as
associated data: moved to another claim or field, or changed by a bit, it is refused.
"""

import base64
import binascii
import hashlib
import hmac
import os
import stat
import struct
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)
from psycopg import Connection, rows

from app.auditing import Concerned, Told, refusals_recorded
from app.errors import ClaimsError, translated
from app.settings import Settings

READ_KEYS: Final = """
select data_key_id, purpose, wrapped_key, wrapping_key_check, retired_at is null as active
from vault.data_keys
order by data_key_id"""

ADD_KEY: Final = """
insert into vault.data_keys (purpose, wrapped_key, wrapping_key_check)
values (%(purpose)s, %(wrapped_key)s, %(wrapping_key_check)s)
on conflict (purpose) where retired_at is null do nothing"""

VERSION: Final = 1
KEY_SIZE: Final = 32
KEY_FILE: Final = "encryption.key"
_NONCE_SIZE: Final = 12
_TAG_SIZE: Final = 16
_TOKEN_SIZE: Final = 16
_NONCES_DRAWN: Final = 4096
_HEAD: Final = struct.Struct(">BI")
_CLAIM: Final = struct.Struct(">Q")
_PREFIX_SIZE: Final = _HEAD.size + _NONCE_SIZE
_CHECK_LABEL: Final = b"claims-processor wrapping key"
_BATCH_LABEL: Final = b"claims-processor batch key"

Purpose = Literal["phi", "token"]
PURPOSES: Final[tuple[Purpose, ...]] = ("phi", "token")


@dataclass(frozen=True, slots=True)
class _DataKey:
    """A row of vault.data_keys."""

    data_key_id: int
    purpose: Purpose
    wrapped_key: bytes
    wrapping_key_check: bytes
    active: bool


class BatchCipher:
    """Encrypts and decrypts the PHI fields of the claims of one batch."""

    def __init__(self, data_key_id: int, data_key: bytes, batch_id: int) -> None:
        """Derive the batch's own key from the data key."""
        self._head: Final = _HEAD.pack(VERSION, data_key_id)
        self._aead: Final = AESGCM(
            HKDF(
                algorithm=SHA256(),
                length=KEY_SIZE,
                salt=None,
                info=_BATCH_LABEL + bytes([VERSION]) + _CLAIM.pack(batch_id),
            ).derive(data_key)
        )
        self._nonces = b""
        self._drawn = 0

    def encrypt(self, claim_id: int, field: str, text: str) -> bytes:
        """Encrypt one field of one claim.

        Bytes that are no UTF-8 travel as surrogate escapes and come back the same.
        """
        start = self._drawn
        if start == len(self._nonces):
            self._nonces = os.urandom(_NONCES_DRAWN * _NONCE_SIZE)
            start = 0
        self._drawn = start + _NONCE_SIZE
        nonce = self._nonces[start : self._drawn]
        head = self._head
        return (
            head
            + nonce
            + self._aead.encrypt(
                nonce,
                text.encode("utf-8", "surrogateescape"),
                head + _CLAIM.pack(claim_id) + field.encode(),
            )
        )

    def decrypt(self, claim_id: int, field: str, blob: bytes) -> str:
        """Decrypt what `encrypt` gave for the same claim and field.

        Raises:
            ClaimsError: VAULT_DECRYPTION_REFUSED when it was changed, moved, or
                encrypted under another key or for another batch.

        """
        head = blob[: _HEAD.size]
        if len(blob) < _PREFIX_SIZE + _TAG_SIZE or head != self._head:
            raise _refused(claim_id, field)
        try:
            plain = self._aead.decrypt(
                blob[_HEAD.size : _PREFIX_SIZE],
                blob[_PREFIX_SIZE:],
                head + _CLAIM.pack(claim_id) + field.encode(),
            )
        except InvalidTag:
            raise _refused(claim_id, field) from None
        return plain.decode("utf-8", "surrogateescape")


class KeyRing:
    """The unwrapped data keys of one database."""

    def __init__(self, keys: dict[int, bytes], active: dict[Purpose, int]) -> None:
        """Take the unwrapped keys by id, and the id of the active one by purpose."""
        self._keys = keys
        # Copying a keyed hash costs half of keying one for each token.
        self._token_mac = hmac.new(keys[active["token"]], digestmod=hashlib.sha256)
        self.active_data_key_id: Final = active["phi"]

    @classmethod
    def open(cls, conn: Connection[Any], settings: Settings) -> Self:
        """Unwrap the data keys; make the first ones where there are none.

        Two processes may make the first keys at once: the index on the active key
        of a purpose lets one of them win, and both then read what stands there.

        Raises:
            ClaimsError: VAULT_KEY_MISSING, VAULT_KEY_INVALID, VAULT_KEY_FILE_EXPOSED
                or VAULT_KEY_WRONG, which leaves an audit event behind.

        """
        with refusals_recorded(conn, Concerned(), Told()):
            return cls._open(conn, settings)

    @classmethod
    def _open(cls, conn: Connection[Any], settings: Settings) -> Self:
        with translated(), conn.transaction():
            found = _read_keys(conn)
            wrapping_key = _wrapping_key(settings, may_create=not found)
            if {key.purpose for key in found if key.active} != set(PURPOSES):
                for key in found:
                    _unwrapped(key, wrapping_key)
                _add_keys(conn, wrapping_key)
                found = _read_keys(conn)
        return cls(
            {key.data_key_id: _unwrapped(key, wrapping_key) for key in found},
            {key.purpose: key.data_key_id for key in found if key.active},
        )

    def batch_cipher(self, data_key_id: int, batch_id: int) -> BatchCipher:
        """Return the cipher of a batch.

        Raises:
            ClaimsError: VAULT_KEY_UNKNOWN when the database has no such data key.

        """
        try:
            data_key = self._keys[data_key_id]
        except KeyError:
            raise ClaimsError(
                "VAULT_KEY_UNKNOWN",
                f"data key {data_key_id} does not stand in vault.data_keys",
                "Restore vault.data_keys from the backup that belongs to these claims.",
            ) from None
        return BatchCipher(data_key_id, data_key, batch_id)

    def token(self, kind: str, value: str) -> bytes:
        """Return the keyed hash (16 bytes) of a value, which the kind keeps apart.

        Kinds and their values: `claim_number`: the number, blanks around it dropped and
        nothing else; `member`: the normalised member id; `patient`: normalised last
        name, normalised first name and birth date, joined by `|`.
        """
        mac = self._token_mac.copy()
        mac.update(f"{kind}\x1f{value}".encode("utf-8", "surrogatepass"))
        return mac.digest()[:_TOKEN_SIZE]


def normalised(text: str) -> str:
    """Return a name or an id as it is compared: what people type differently is gone.

    Accents, case, blanks and punctuation are dropped (NFKD, casefold, letters and
    digits alone), and so are leading zeros.
    """
    if text.isascii() and text.isalnum():
        kept = text.lower()
    else:
        folded = unicodedata.normalize("NFKD", text).casefold()
        kept = "".join(filter(str.isalnum, folded))
    return kept.lstrip("0") or kept


def decrypt_field(
    keyring: KeyRing, encrypted_batch_id: int, claim_id: int, field: str, blob: bytes
) -> str:
    """Decrypt a column of a stored claim; the data key is read from the ciphertext.

    Raises:
        ClaimsError: VAULT_DECRYPTION_REFUSED or VAULT_KEY_UNKNOWN.

    """
    if len(blob) < _HEAD.size:
        raise _refused(claim_id, field)
    data_key_id: int = _HEAD.unpack_from(blob)[1]
    cipher = keyring.batch_cipher(data_key_id, encrypted_batch_id)
    return cipher.decrypt(claim_id, field, blob)


def _refused(claim_id: int, field: str) -> ClaimsError:
    return ClaimsError(
        "VAULT_DECRYPTION_REFUSED",
        f"field {field} of claim {claim_id} does not decrypt: it was changed, moved or "
        "encrypted under another key",
        "Restore the row from a backup, and find out who changed it.",
    )


def _read_keys(conn: Connection[Any]) -> list[_DataKey]:
    with conn.cursor(row_factory=rows.class_row(_DataKey)) as cur:
        return cur.execute(READ_KEYS).fetchall()


def _add_keys(conn: Connection[Any], wrapping_key: bytes) -> None:
    for purpose in PURPOSES:
        conn.execute(
            ADD_KEY,
            {
                "purpose": purpose,
                "wrapped_key": aes_key_wrap(wrapping_key, os.urandom(KEY_SIZE)),
                "wrapping_key_check": _fingerprint(wrapping_key),
            },
        )


def _fingerprint(wrapping_key: bytes) -> bytes:
    return hmac.digest(wrapping_key, _CHECK_LABEL, hashlib.sha256)[:8]


def _unwrapped(key: _DataKey, wrapping_key: bytes) -> bytes:
    wrong = ClaimsError(
        "VAULT_KEY_WRONG",
        f"the wrapping key does not open data key {key.data_key_id} of this database",
        "Set CLAIMS_ENCRYPTION_KEY (or the key file in CLAIMS_HOME) to the key that the "
        "database was made with.",
    )
    if not hmac.compare_digest(key.wrapping_key_check, _fingerprint(wrapping_key)):
        raise wrong
    try:
        return aes_key_unwrap(wrapping_key, key.wrapped_key)
    except InvalidUnwrap:
        raise wrong from None


def _wrapping_key(settings: Settings, *, may_create: bool) -> bytes:
    """Return the wrapping key: from the settings, or the embedded default's own file."""
    if settings.claims_encryption_key is not None:
        return _decoded(settings.claims_encryption_key.get_secret_value(), "CLAIMS_ENCRYPTION_KEY")
    if settings.database_url is not None:
        raise ClaimsError(
            "VAULT_KEY_MISSING",
            "CLAIMS_ENCRYPTION_KEY is not set, and with DATABASE_URL there is no default",
            "Set CLAIMS_ENCRYPTION_KEY to the base64 of 32 random bytes (openssl rand "
            "-base64 32) and keep a copy: without it the claims cannot be read.",
        )
    path = settings.claims_home / KEY_FILE
    if may_create:
        with suppress(FileExistsError):
            _create_key_file(path)
    return _read_key_file(path)


def _create_key_file(path: Path) -> None:
    """Write a new key beside its place and link it there, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_SIZE)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()


def _read_key_file(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise ClaimsError(
            "VAULT_KEY_MISSING",
            f"the key file {path} cannot be read: {error.strerror}",
            "Put back the file that the database was made with, or set "
            "CLAIMS_ENCRYPTION_KEY to the key that stood in it.",
        ) from error
    with os.fdopen(handle, "r", encoding="ascii", errors="replace") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ClaimsError(
                "VAULT_KEY_FILE_EXPOSED",
                f"the key file {path} has mode {mode:04o}: others may read it",
                f"chmod 600 {path}, and if others could log in, treat the key as known.",
            )
        return _decoded(file.read(), f"the key file {path}")


def _decoded(text: str, source: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_SIZE:
        raise ClaimsError(
            "VAULT_KEY_INVALID",
            f"{source} is not the base64 of {KEY_SIZE} bytes",
            "Give the key that the database was made with; a new one is made by "
            "openssl rand -base64 32.",
        )
    return key
