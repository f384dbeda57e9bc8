"""Files of keys: readable by their owner alone, written whole or not at all."""

import base64
import binascii
import os
import stat
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from app.program.errors import ClaimsError
from app.vault.ciphers import KEY_SIZE

_BLOCK: Final = 1 << 16


class Kind(NamedTuple):
    """What a file of keys is called, and the codes of the errors about it."""

    name: str
    missing: str
    exposed: str
    if_exposed: str
    """What to do when others could read it."""


VAULT_FILE: Final = Kind(
    "key file", "VAULT_KEY_MISSING", "VAULT_KEY_FILE_EXPOSED", "treat the key as known"
)


def decode_key(text: str) -> bytes | None:
    """Decode the base64 of a key of 32 bytes, blanks around it allowed; None when it is none."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == KEY_SIZE else None


def read_private(path: Path, hint: str, kind: Kind = VAULT_FILE) -> bytes:
    """Read a file of keys.

    Raises:
        ClaimsError: that the file is missing, with the hint, or that others may read it; the codes
            are those of its kind.

    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise ClaimsError(
            kind.missing, f"the {kind.name} {path} cannot be read: {error.strerror}", hint
        ) from error
    with os.fdopen(handle, "rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ClaimsError(
                kind.exposed,
                f"the {kind.name} {path} has mode {mode:04o}: others may read it",
                f"chmod 600 {path}, and if others could log in, {kind.if_exposed}.",
            )
        return file.read()


def create_private(path: Path, content: bytes) -> None:
    """Write a new file beside its place and link it there; raises FileExistsError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = _draft(path, content)
    try:
        os.link(draft, path)
    finally:
        draft.unlink()
    _sync_folder(path)


def replace_private(path: Path, content: bytes) -> None:
    """Write a file in place of an older one, then overwrite what the older one held.

    Overwriting is the best that a program can do, and less than destroying: a file system that
    copies on write, a snapshot or a disk that moves its blocks may keep what was there.
    """
    with path.open("r+b") as old:
        _draft(path, content).replace(path)
        _sync_folder(path)
        left = os.fstat(old.fileno()).st_size
        while left > 0:
            left -= old.write(bytes(min(left, _BLOCK)))
        old.flush()
        os.fsync(old.fileno())


def _draft(path: Path, content: bytes) -> Path:
    """Write the content beside its place; mkstemp makes a file for its owner alone."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
