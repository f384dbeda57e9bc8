"""Key-encryption keys: what wraps the data keys, and never enters the database.

One provider is chosen by the settings: a key in the environment or in a file, or a command that
asks a key management service. The embedded default has a key file of its own.

The command is run without a shell as its words with `wrap` or `unwrap` after them. It reads one
line from standard input, the base64 of what is to be wrapped or unwrapped, and writes one line
to standard output, the base64 of the result. It ends with status 0, and within
CLAIMS_KEY_COMMAND_SECONDS; what it writes to standard error is shown as it is. What wrapping
gives may be up to 64 KiB of whatever form; unwrapping it must give the 32 bytes back.
"""

import base64
import binascii
import hashlib
import hmac
import os
import shlex
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from app.program import commands
from app.program.commands import CommandError
from app.program.errors import ClaimsError
from app.program.settings import Settings
from app.vault.ciphers import KEY_SIZE
from app.vault.files import create_private, decode_key, read_private

KEY_FILE: Final = "encryption.key"
"""The embedded default's own key file, in CLAIMS_HOME."""

WRAPPED_LIMIT: Final = 1 << 16
_KEY_LABEL: Final = b"claims-processor wrapping key"
_COMMAND_LABEL: Final = b"claims-processor wrapping command\x00"
_FINGERPRINT_SIZE: Final = 8

Verb = Literal["wrap", "unwrap"]


class WrongKeyError(Exception):
    """The key does not open what was wrapped."""


class KeyProvider(Protocol):
    """What wraps data keys and unwraps them."""

    @property
    def source(self) -> str:
        """Where the key comes from, for people."""

    @property
    def fingerprint(self) -> bytes:
        """Eight bytes that name the key, and stand beside what it wrapped."""

    def wrap(self, key: bytes) -> bytes:
        """Wrap a data key."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """Unwrap a data key; raises WrongKeyError where that can be told."""


@dataclass(frozen=True, slots=True)
class LocalKey:
    """A key that this process holds; it wraps by RFC 3394."""

    source: str
    key: bytes

    @property
    def fingerprint(self) -> bytes:
        """A keyed hash, which does not tell the key."""
        return hmac.digest(self.key, _KEY_LABEL, hashlib.sha256)[:_FINGERPRINT_SIZE]

    def wrap(self, key: bytes) -> bytes:
        """Wrap a data key."""
        return aes_key_wrap(self.key, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Unwrap a data key."""
        try:
            return aes_key_unwrap(self.key, wrapped)
        except InvalidUnwrap:
            raise WrongKeyError from None


@dataclass(frozen=True, slots=True)
class KeyCommand:
    """A command that has a key management service wrap and unwrap."""

    source: str
    words: tuple[str, ...]
    seconds: float

    @property
    def fingerprint(self) -> bytes:
        """A hash of the command, because the key itself is known to the service alone."""
        text = _COMMAND_LABEL + shlex.join(self.words).encode()
        return hashlib.sha256(text).digest()[:_FINGERPRINT_SIZE]

    def wrap(self, key: bytes) -> bytes:
        """Have a data key wrapped.

        Raises:
            ClaimsError: VAULT_KEY_COMMAND_FAILED.

        """
        return self._run("wrap", key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Have a data key unwrapped.

        Raises:
            ClaimsError: VAULT_KEY_COMMAND_FAILED.

        """
        return self._run("unwrap", wrapped)

    def _run(self, verb: Verb, content: bytes) -> bytes:
        try:
            answer = commands.run(
                [*self.words, verb], base64.b64encode(content) + b"\n", self.seconds
            )
        except CommandError as error:
            raise self._failed(verb, str(error)) from error
        if len(answer) > 2 * WRAPPED_LIMIT:
            raise self._failed(verb, f"answered more than {WRAPPED_LIMIT} bytes")
        try:
            result = base64.b64decode(answer.strip(), validate=True)
        except binascii.Error:
            result = b""
        if not result or (verb == "unwrap" and len(result) != KEY_SIZE):
            expected = f"{KEY_SIZE} bytes" if verb == "unwrap" else "the wrapped key"
            raise self._failed(verb, f"did not answer with the base64 of {expected}")
        return result

    def _failed(self, verb: Verb, why: str) -> ClaimsError:
        return ClaimsError(
            "VAULT_KEY_COMMAND_FAILED",
            f"{self.source}: `{self.words[0]} … {verb}` {why}",
            "Run the command by hand: it reads one line of base64 from standard input and "
            "writes one to standard output.",
        )


def configured_provider(settings: Settings, *, may_create: bool) -> KeyProvider:
    """Return the provider that the settings choose.

    With `may_create`, the embedded default's own key file is made when it is missing.

    Raises:
        ClaimsError: VAULT_KEY_MISSING, VAULT_KEY_INVALID or VAULT_KEY_FILE_EXPOSED.

    """
    if settings.claims_key_command is not None:
        return command_provider(
            "CLAIMS_KEY_COMMAND", settings.claims_key_command, settings.key_command_seconds
        )
    if settings.claims_encryption_key is not None:
        return key_provider(
            "CLAIMS_ENCRYPTION_KEY", settings.claims_encryption_key.get_secret_value()
        )
    if settings.claims_encryption_key_file is not None:
        return file_provider(settings.claims_encryption_key_file)
    if settings.database_url is not None:
        raise ClaimsError(
            "VAULT_KEY_MISSING",
            "neither CLAIMS_ENCRYPTION_KEY, CLAIMS_ENCRYPTION_KEY_FILE nor CLAIMS_KEY_COMMAND is "
            "set, and with DATABASE_URL there is no default",
            "Set one of them. A key is the base64 of 32 random bytes (openssl rand -base64 32); "
            "keep a copy: without it the claims cannot be read.",
        )
    path = settings.claims_home / KEY_FILE
    if may_create:
        with suppress(FileExistsError):
            create_key_file(path)
    return file_provider(path)


def key_provider(source: str, text: str) -> LocalKey:
    """Return the key that a text holds.

    Raises:
        ClaimsError: VAULT_KEY_INVALID.

    """
    key = decode_key(text)
    if key is None:
        raise ClaimsError(
            "VAULT_KEY_INVALID",
            f"{source} is not the base64 of {KEY_SIZE} bytes",
            "Give the key that the database was made with; a new one is made by "
            "openssl rand -base64 32.",
        )
    return LocalKey(source, key)


def file_provider(path: Path) -> LocalKey:
    """Return the key that a file holds.

    Raises:
        ClaimsError: VAULT_KEY_MISSING, VAULT_KEY_INVALID or VAULT_KEY_FILE_EXPOSED.

    """
    content = read_private(
        path,
        "Put back the file that the database was made with, or set CLAIMS_ENCRYPTION_KEY to the "
        "key that stood in it. For a new database, `claims keys init` makes it.",
    )
    return key_provider(f"the key file {path}", content.decode("ascii", "replace"))


def command_provider(source: str, command: str, seconds: float) -> KeyCommand:
    """Return the provider that a command line stands for.

    Raises:
        ClaimsError: VAULT_KEY_INVALID when it is none.

    """
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        raise ClaimsError(
            "VAULT_KEY_INVALID",
            f"{source} is no command line: it is empty, or a quotation mark is missing",
            "Give a program and its arguments; it is run without a shell.",
        )
    return KeyCommand(source, tuple(words), seconds)


def create_key_file(path: Path) -> None:
    """Write a new key; raises FileExistsError."""
    create_private(path, base64.b64encode(os.urandom(KEY_SIZE)) + b"\n")
