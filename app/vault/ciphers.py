"""AES-256-GCM, field by field: what is encrypted opens in its own place alone.

A ciphertext reads

    version (1) | data key id (4, big endian) | nonce (12) | ciphertext | tag (16)

with the version, the key id, the claim id (8, big endian) and the field name as associated
data: moved to another claim or field, or changed by a bit, it is refused. Each batch has a key
of its own, derived (HKDF-SHA256) from the data key and the batch id, so that no key comes near
the limit on random nonces. In version 2 each claim has a key of its own below that, derived
from the batch's and from the claim's erasure keys (`app.vault.erasure`); version 1, where the
batch's key encrypted, is read and no longer written.
"""

import hmac
import os
import struct
from collections.abc import Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.program.errors import ClaimsError

VERSION: Final = 2
ERASABLE_SINCE: Final = 2
"""The first version whose keys depend on erasure keys."""

KEY_SIZE: Final = 32
HEAD: Final = struct.Struct(">BI")
"""Version and data key id, which begin each ciphertext."""

REFUSED: Final = "VAULT_DECRYPTION_REFUSED"
KEY_UNKNOWN: Final = "VAULT_KEY_UNKNOWN"
ERASED: Final = "VAULT_ERASED"

_CLAIM: Final = struct.Struct(">Q")
_NONCE_SIZE: Final = 12
_TAG_SIZE: Final = 16
_NONCES_AT_FIRST: Final = 16
_NONCES_DRAWN: Final = 4096
_PREFIX_SIZE: Final = HEAD.size + _NONCE_SIZE
_BATCH_LABEL: Final = b"claims-processor batch key"
_CLAIM_LABEL: Final = b"claims-processor claim key"
_FIRST_BLOCK: Final = b"\x01"


class DecryptionRefusedError(ClaimsError):
    """A ciphertext was changed, moved, or encrypted under another key."""

    def __init__(self, claim_id: int, field: str, unknown_key: int | None = None) -> None:
        if unknown_key is None:
            super().__init__(
                REFUSED,
                f"field {field} of claim {claim_id} does not decrypt: it was changed, moved or "
                "encrypted under another key",
                "Restore the row from a backup, and find out who changed it.",
            )
        else:
            super().__init__(
                KEY_UNKNOWN,
                f"field {field} of claim {claim_id} names data key {unknown_key}, which does not "
                "stand in vault.data_keys",
                "Restore vault.data_keys from the backup that belongs to these claims, or the row "
                "if it was changed.",
            )
        self.claim_id: Final = claim_id
        self.field: Final = field


class ErasedError(ClaimsError):
    """The erasure keys of a claim were destroyed."""

    def __init__(self, claim_id: int) -> None:
        super().__init__(
            ERASED,
            f"what identified the patient of claim {claim_id} was erased",
            "Nothing brings it back: its keys were destroyed by `claims keys shred`.",
        )


class ClaimCipher:
    """Encrypts and decrypts the PHI fields of one claim."""

    __slots__ = ("_aead", "_bound", "_claim_id", "_head", "_nonces")

    def __init__(self, head: bytes, aead: AESGCM, claim_id: int, nonces: Iterator[bytes]) -> None:
        """Take the head of the ciphertexts and the cipher under the claim's key."""
        self._head = head
        self._aead = aead
        self._claim_id = claim_id
        self._bound = head + _CLAIM.pack(claim_id)
        self._nonces = nonces

    def encrypt(self, field: str, text: str) -> bytes:
        """Encrypt one field.

        Bytes that are no UTF-8 travel as surrogate escapes and come back the same.
        """
        nonce = next(self._nonces)
        return (
            self._head
            + nonce
            + self._aead.encrypt(
                nonce, text.encode("utf-8", "surrogateescape"), self._bound + field.encode()
            )
        )

    def decrypt(self, field: str, blob: bytes) -> str:
        """Decrypt what `encrypt` gave for the same claim and field.

        Raises:
            DecryptionRefusedError: when it was changed, moved, or encrypted under another
                key or for another batch.

        """
        if len(blob) < _PREFIX_SIZE + _TAG_SIZE or blob[: HEAD.size] != self._head:
            raise DecryptionRefusedError(self._claim_id, field)
        try:
            plain = self._aead.decrypt(
                blob[HEAD.size : _PREFIX_SIZE],
                blob[_PREFIX_SIZE:],
                self._bound + field.encode(),
            )
        except InvalidTag:
            raise DecryptionRefusedError(self._claim_id, field) from None
        return plain.decode("utf-8", "surrogateescape")


class BatchCipher:
    """Gives the ciphers of the claims of one batch."""

    def __init__(
        self, data_key_id: int, data_key: bytes, batch_id: int, version: int = VERSION
    ) -> None:
        """Derive the batch's own key from the data key."""
        self._head: Final = HEAD.pack(version, data_key_id)
        self._nonces: Final = _drawn_nonces()
        batch_key = HKDF(
            algorithm=SHA256(),
            length=KEY_SIZE,
            salt=None,
            info=_BATCH_LABEL + bytes([version]) + _CLAIM.pack(batch_id),
        ).derive(data_key)
        self._shared: Final = AESGCM(batch_key) if version < ERASABLE_SINCE else None
        # Copying a keyed hash costs half of keying one for each claim.
        self._mac: Final = hmac.new(batch_key, _CLAIM_LABEL, "sha256")

    def claim(self, claim_id: int, erasure_key: bytes) -> ClaimCipher:
        """Give the cipher of a claim; version 1 knows no erasure keys, and ignores them.

        The claim's key is one block of HKDF-Expand (RFC 5869) with the batch's key as the
        pseudorandom key and the erasure keys as what it is for.
        """
        if self._shared is not None:
            return ClaimCipher(self._head, self._shared, claim_id, self._nonces)
        mac = self._mac.copy()
        mac.update(erasure_key + _FIRST_BLOCK)
        return ClaimCipher(self._head, AESGCM(mac.digest()), claim_id, self._nonces)


def read_head(claim_id: int, field: str, blob: bytes) -> tuple[int, int]:
    """Return the version and the data key id that a ciphertext names.

    Raises:
        DecryptionRefusedError: when it is no ciphertext of a version that there is.

    """
    if len(blob) < _PREFIX_SIZE + _TAG_SIZE:
        raise DecryptionRefusedError(claim_id, field)
    version, data_key_id = HEAD.unpack_from(blob)
    if not 1 <= version <= VERSION:
        raise DecryptionRefusedError(claim_id, field)
    return version, data_key_id


def _drawn_nonces() -> Iterator[bytes]:
    """Yield random nonces, drawn at once in ever larger numbers: few claims need few."""
    count = _NONCES_AT_FIRST
    while True:
        drawn = os.urandom(count * _NONCE_SIZE)
        count = min(2 * count, _NONCES_DRAWN)
        for start in range(0, len(drawn), _NONCE_SIZE):
            yield drawn[start : start + _NONCE_SIZE]
