"""Files as they come: plain, .gz, or members of a zip, each with its bytes and a name."""

import gzip
import hashlib
import io
import os
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Final

from app.program.errors import ClaimsError

LARGEST: Final = 256 * 1024 * 1024
"""Bytes; the largest file of CMS that is read here has 15 million."""

HEAD_LINES: Final = 40
HEAD_SIZE: Final = 65_536
"""Lines, and bytes, within which a file must show what it is."""

GZIP_MAGIC: Final = b"\x1f\x8b"
ZIP_MAGIC: Final = b"PK\x03\x04"


@dataclass(frozen=True)
class Source:
    """One file, or one member of a zip, unpacked."""

    name: str
    """Base name, for a member of a zip behind the zip's and a slash."""
    content: bytes

    @cached_property
    def sha256(self) -> bytes:
        """SHA-256 of the unpacked bytes."""
        return hashlib.sha256(self.content).digest()

    @cached_property
    def text(self) -> str:
        """Text of a separated file: UTF-8, or the Latin-1 of older files."""
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return self.content.decode("latin-1")

    @cached_property
    def records(self) -> list[str]:
        """Lines of a fixed-width file, where one byte is one column, without line ends."""
        return _lines(self.content)

    @cached_property
    def head_records(self) -> list[str]:
        """The first lines of a fixed-width file."""
        return _lines(self.content[:HEAD_SIZE])[:HEAD_LINES]


def open_sources(path: Path) -> list[Source]:
    """Unpack a file: one source, or one for each file member of a zip.

    Raises ClaimsError REFERENCE_FILE_UNREADABLE.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(len(ZIP_MAGIC))
        if magic == ZIP_MAGIC:
            return _open_zip(path)
        with gzip.open(path) if magic.startswith(GZIP_MAGIC) else path.open("rb") as file:
            return [Source(_name(path), _read(file, _name(path)))]
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(str(path), reason) from error


def _name(path: Path) -> str:
    r"""Give a base name that the database can hold; bytes that are no UTF-8 stand as `\xff`."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def _lines(content: bytes) -> list[str]:
    return [line.rstrip("\r\x1a") for line in content.decode("latin-1").split("\n")]


def _open_zip(path: Path) -> list[Source]:
    sources = []
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            name = f"{_name(path)}/{info.filename}"
            try:
                with archive.open(info) as file:
                    content = _read(file, name)
            except (RuntimeError, NotImplementedError) as error:
                raise _unreadable(name, str(error)) from error
            sources.append(Source(name, content))
    return sources


def _read(file: IO[bytes] | io.BufferedIOBase, name: str) -> bytes:
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise _unreadable(name, f"it has more than {LARGEST:,} bytes")
    return content


def _unreadable(name: str, reason: str) -> ClaimsError:
    return ClaimsError(
        "REFERENCE_FILE_UNREADABLE",
        f"{name}: cannot be read: {reason}; nothing was loaded",
        "Check the path, or fetch the file again from the publisher.",
    )
