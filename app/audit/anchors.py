"""Where the newest seal is kept outside the database: a file that grows, a command, or both.

An anchor is one line of JSON that names a seal by number and hash. Who can change everything in
the database, seals included, and even signs them anew with a stolen key, cannot change these.
"""

import os
import shlex
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from app.audit.seals import Seal
from app.program import commands
from app.program.commands import CommandError
from app.program.errors import ClaimsError
from app.program.settings import Settings

SEAL_FILE: Final = "audit.seals"
"""The anchors of the embedded default, in CLAIMS_HOME."""

COMMAND_SECONDS: Final = 60.0
_LONGEST_LINE: Final = 4096


class Anchor(msgspec.Struct, frozen=True):
    """A seal that was the newest when it was written down."""

    seal: int
    sealed_at: datetime
    sha256: str
    """Hexadecimal, as Seal.sha256 gives it."""
    signing_key: str
    signature: str


def anchor_of(seal: Seal) -> Anchor:
    """Give the anchor of a seal."""
    return Anchor(
        seal=seal.seal_number,
        sealed_at=seal.sealed_at,
        sha256=seal.sha256().hex(),
        signing_key=seal.signing_key.hex(),
        signature=seal.signature.hex(),
    )


def seal_file(settings: Settings) -> Path | None:
    """Give the file of anchors; None when a command alone was chosen.

    Raises:
        ClaimsError: AUDIT_SEAL_FILE_MISSING when neither was, and there is no default.

    """
    if settings.audit_seal_file is not None:
        return settings.audit_seal_file
    if settings.audit_seal_command is not None:
        return None
    if settings.database_url is not None:
        raise ClaimsError(
            "AUDIT_SEAL_FILE_MISSING",
            "nothing says where the newest seal is kept outside the database, and with "
            "DATABASE_URL there is no default",
            "Set CLAIMS_AUDIT_SEAL_FILE to a file on another machine's disk, or "
            "CLAIMS_AUDIT_SEAL_COMMAND to a command that takes a line on standard input.",
        )
    return settings.claims_home / SEAL_FILE


def read_anchors(path: Path) -> list[Anchor]:
    """Read the anchors of a file, oldest first.

    Raises:
        ClaimsError: AUDIT_SEAL_FILE_MISSING or AUDIT_SEAL_FILE_INVALID.

    """
    return [
        _decoded(line, f"line {number} of the file of seals {path}")
        for number, line in enumerate(_tail(path, None).splitlines(), 1)
    ]


def read_newest_anchor(path: Path) -> Anchor | None:
    """Read the last anchor of a file; None when there is no file yet.

    Raises:
        ClaimsError: as `read_anchors` does.

    """
    lines = _tail(path, _LONGEST_LINE).splitlines() if path.exists() else []
    return _decoded(lines[-1], f"the last line of the file of seals {path}") if lines else None


def keep(seal: Seal, settings: Settings) -> None:
    """Write the newest seal down outside the database, unless it is the last one there.

    A command gets it each time, because what it did before cannot be read back.

    Raises:
        ClaimsError: AUDIT_SEAL_FILE_MISSING, AUDIT_SEAL_FILE_INVALID or
            AUDIT_SEAL_COMMAND_FAILED.

    """
    anchor = anchor_of(seal)
    line = msgspec.json.encode(anchor) + b"\n"
    path = seal_file(settings)
    if path is not None and read_newest_anchor(path) != anchor:
        _append(path, line)
    if settings.audit_seal_command is not None:
        _run(settings.audit_seal_command, line)


def _tail(path: Path, size: int | None) -> bytes:
    """Read the last bytes of a file, or all."""
    try:
        with path.open("rb") as file:
            if size is not None:
                file.seek(max(0, file.seek(0, os.SEEK_END) - size))
            return file.read()
    except OSError as error:
        raise ClaimsError(
            "AUDIT_SEAL_FILE_MISSING",
            f"the file of seals {path} cannot be read: {error.strerror}",
            "Give the file that `claims audit seal` appends to: without it, seals that were cut "
            "off the end of the chain cannot be missed.",
        ) from error


def _decoded(line: bytes, place: str) -> Anchor:
    try:
        return msgspec.json.decode(line, type=Anchor)
    except msgspec.DecodeError as error:
        raise ClaimsError(
            "AUDIT_SEAL_FILE_INVALID",
            f"{place} is no anchor: {error}",
            "Put the file back from a copy; a last line that a full disk cut short may be taken "
            "away, for the newest seal is written down again.",
        ) from error


def _append(path: Path, line: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ClaimsError(
            "AUDIT_SEAL_FILE_MISSING",
            f"the file of seals {path} cannot be written: {error.strerror}",
            "The seals stand in the database; mend the file, and the next run of `claims audit "
            "seal` writes the newest down.",
        ) from error


def _run(command: str, line: bytes) -> None:
    try:
        commands.run(shlex.split(command), line, COMMAND_SECONDS, quotes=True)
    except CommandError as error:
        raise ClaimsError(
            "AUDIT_SEAL_COMMAND_FAILED",
            f"CLAIMS_AUDIT_SEAL_COMMAND did not take the seal: it {error}",
            "The seals stand in the database; mend the command, and the next run of `claims audit "
            "seal` gives it the newest.",
        ) from error
