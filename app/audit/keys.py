"""The key that signs the seals of the audit trail, which never enters the database."""

import base64
import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from app.program.errors import ClaimsError
from app.program.settings import Settings
from app.vault.ciphers import KEY_SIZE
from app.vault.files import Kind, create_private, decode_key, read_private

KEY_FILE: Final = "audit.key"
"""The signing key of the embedded default, in CLAIMS_HOME."""

SIGNING_FILE: Final = Kind(
    "signing key file",
    "AUDIT_KEY_MISSING",
    "AUDIT_KEY_FILE_EXPOSED",
    "sign with a new key from now on",
)

_FINGERPRINT_BYTES: Final = 8


def fingerprint(key: Ed25519PublicKey) -> bytes:
    """Give the 8 bytes by which seals name the key that signed them."""
    return hashlib.sha256(key.public_bytes_raw()).digest()[:_FINGERPRINT_BYTES]


def signing_key(settings: Settings, *, may_create: bool) -> Ed25519PrivateKey:
    """Give the signing key: CLAIMS_AUDIT_KEY, a file, or the embedded default's own file.

    `may_create`: make the embedded default's, where it has none and nothing is sealed yet.

    Raises:
        ClaimsError: AUDIT_KEY_MISSING, AUDIT_KEY_INVALID or AUDIT_KEY_FILE_EXPOSED.

    """
    if settings.audit_key is not None:
        text, source = settings.audit_key.get_secret_value(), "CLAIMS_AUDIT_KEY"
    else:
        path = _key_file(settings)
        if may_create and settings.audit_key_file is None:
            with suppress(FileExistsError):
                create_private(path, _encoded(Ed25519PrivateKey.generate()))
        content = read_private(
            path,
            "Put back the file that the seals were signed with, or set CLAIMS_AUDIT_KEY; to verify "
            "alone, CLAIMS_AUDIT_PUBLIC_KEYS is enough.",
            SIGNING_FILE,
        )
        text, source = content.decode("ascii", "replace"), f"the key file {path}"
    return Ed25519PrivateKey.from_private_bytes(_decoded(text, source))


def trusted_keys(settings: Settings) -> dict[bytes, Ed25519PublicKey]:
    """Give the public keys that seals may be signed with, by fingerprint.

    Those in CLAIMS_AUDIT_PUBLIC_KEYS; where it is not set, the one of the signing key.

    Raises:
        ClaimsError: AUDIT_KEY_INVALID, and as `signing_key` does.

    """
    if settings.audit_public_keys is None:
        keys = [signing_key(settings, may_create=False).public_key()]
    else:
        keys = [
            Ed25519PublicKey.from_public_bytes(_decoded(text, "CLAIMS_AUDIT_PUBLIC_KEYS"))
            for text in settings.audit_public_keys.split(",")
        ]
    return {fingerprint(key): key for key in keys}


def _key_file(settings: Settings) -> Path:
    if settings.audit_key_file is not None:
        return settings.audit_key_file
    if settings.database_url is not None:
        raise ClaimsError(
            "AUDIT_KEY_MISSING",
            "no signing key is set, and with DATABASE_URL there is no default",
            "Set CLAIMS_AUDIT_KEY to the base64 of 32 random bytes (openssl rand -base64 32), or "
            "CLAIMS_AUDIT_KEY_FILE to a file that holds it.",
        )
    return settings.claims_home / KEY_FILE


def _encoded(key: Ed25519PrivateKey) -> bytes:
    return base64.b64encode(key.private_bytes_raw()) + b"\n"


def _decoded(text: str, source: str) -> bytes:
    key = decode_key(text)
    if key is None:
        raise ClaimsError(
            "AUDIT_KEY_INVALID",
            f"{source} is not the base64 of {KEY_SIZE} bytes",
            "Give the key that the seals were signed with; a new one is made by "
            "openssl rand -base64 32, and its public half is shown by `claims audit key`.",
        )
    return key
