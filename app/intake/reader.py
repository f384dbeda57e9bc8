"""Cut a file of claims into one text per claim, streaming, without decoding them.

NDJSON or a JSON array is told from the first byte that is not blank, gzip from its
magic number. An array is cut by a scan that knows only strings and brackets: a
streaming parser stops for good at the first error and gives no element's own bytes,
while here an element with an error in it becomes one undecodable claim, kept as it
was sent, and the rest goes on.
"""

import os
import re
import sys
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from app.program.errors import ClaimsError

CHUNK: Final = 1 << 20
"""Bytes read at once."""

RECORD_LIMIT: Final = 1 << 20
"""Bytes of one claim. Of a longer one, one byte more than this is kept to show it."""

STDIN: Final = "-"
_read_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_BOM: Final = b"\xef\xbb\xbf"
_BLANKS: Final = b" \t\r\n"
_STEPS: Final = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
_ENDING: Final = (b",", b"]")
_UNFINISHED: Final = (b"", b'"')
# All up to the next bracket (and comma, between elements) that stands in no string, or up
# to the quote of a string that is not yet whole.
_INSIDE: Final = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_OUTSIDE: Final = re.compile(rb'(?:[^"\[\]{},]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Source:
    """An opened file of claims."""

    records: Iterator[bytes]
    """The text of each claim, in file order, blanks around it dropped."""
    position: Callable[[], int]
    """Bytes of the file (compressed, if it is) read so far."""
    size: int | None
    """Bytes of the file; None for standard input."""


@contextmanager
def open_source(path: str) -> Iterator[Source]:
    """Open a file of claims (`-`: standard input).

    Raises:
        ClaimsError: INTAKE_FILE_UNREADABLE, and from the records INTAKE_FILE_BROKEN
            when the file is damaged or ends before it should.

    """
    if path == STDIN:
        piped = _Counted(sys.stdin.buffer)
        yield Source(_records("standard input", piped), piped.tell, None)
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - the stack below closes it
    except OSError as error:
        raise ClaimsError(
            "INTAKE_FILE_UNREADABLE",
            f"{path} cannot be read: {error.strerror}",
            "Check the path and the permissions.",
        ) from error
    with file:
        size = os.fstat(file.fileno()).st_size
        yield Source(_records(path, file), file.tell, size)


class _Counted:
    """A file that cannot tell where it stands, such as a pipe; counts what is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._read = 0

    def read(self, size: int) -> bytes:
        """Read so many bytes, fewer only at the end."""
        data = self._file.read(size)
        self._read += len(data)
        return data

    def tell(self) -> int:
        """Give the bytes read so far."""
        return self._read


def hold_claims(records: Iterable[bytes]) -> bool:
    """Tell whether at least one of the texts is a JSON object.

    What is broken among claims is kept as a claim that could not be decoded; a whole without any
    object is something else, and nothing of it is kept.
    """
    for record in records:
        if record.startswith(b"{") and len(record) <= RECORD_LIMIT:
            try:
                _read_object(record)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue
            return True
    return False


class BrokenError(Exception):
    """The text does not end as it should."""


def _records(name: str, file: BinaryIO | _Counted) -> Iterator[bytes]:
    """Yield the claims; damage is told with the name of the file."""
    try:
        start = file.read(CHUNK)
        if start.startswith(_GZIP_MAGIC):
            yield from split(_inflated(start, file))
        else:
            yield from split(chain([start], iter(partial(file.read, CHUNK), b"")))
    except (OSError, zlib.error, BrokenError) as error:
        raise ClaimsError(
            "INTAKE_FILE_BROKEN",
            f"{name} is damaged or not complete: {error}",
            "Send the whole file and load it again: the batches before the damage stay, "
            "and the load goes on after them.",
        ) from error


def _inflated(start: bytes, file: BinaryIO | _Counted) -> Iterator[bytes]:
    """Yield what a gzip stream of one or more members holds, in bounded chunks."""
    member = zlib.decompressobj(wbits=_GZIP_WINDOW)
    packed = start
    while packed or (packed := file.read(CHUNK)):
        if member.eof:
            packed = packed.lstrip(b"\0")
            if not packed:
                continue
            member = zlib.decompressobj(wbits=_GZIP_WINDOW)
        yield member.decompress(packed, CHUNK)
        packed = member.unconsumed_tail or member.unused_data
    if not member.eof:
        msg = "the gzip stream ends early"
        raise BrokenError(msg)


def split(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the text of each claim from the chunks of an NDJSON text or JSON array.

    Raises BrokenError when an array is not closed.
    """
    rest: bytes | None = b""
    while rest is not None:
        start = b""
        for chunk in chain([rest], chunks):
            start = (start + chunk).removeprefix(_BOM).lstrip(_BLANKS)
            if len(start) >= len(_BOM):
                break
        if start.startswith(b"["):
            rest = yield from _elements(start[1:], chunks)
        else:
            rest = None
            yield from _lines(start, chunks)


def _lines(start: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines that are not blank, none longer than the limit and one."""
    tail = b""
    for chunk in chain([start], chunks):
        first, *others = chunk.split(b"\n")
        if len(tail) <= RECORD_LIMIT:
            tail = (tail + first).lstrip(_BLANKS)
        for line in others:
            if record := tail.strip(_BLANKS):
                yield record[: RECORD_LIMIT + 1]
            tail = line
    if record := tail.strip(_BLANKS):
        yield record[: RECORD_LIMIT + 1]


def _elements(buffer: bytes, chunks: Iterator[bytes]) -> Generator[bytes, None, bytes]:
    """Yield the elements of an array whose opening bracket was taken off; return what follows."""
    depth = start = scanned = 0
    while True:
        while run := (_INSIDE if depth else _OUTSIDE).match(buffer, scanned):
            scanned = run.end()
            mark = buffer[scanned : scanned + 1]
            if mark in _UNFINISHED:
                break
            scanned += 1
            if depth or mark not in _ENDING:
                depth = max(0, depth + _STEPS.get(mark, 0))
                continue
            if record := buffer[start : scanned - 1].strip(_BLANKS):
                yield record[: RECORD_LIMIT + 1]
            start = scanned
            if mark == b"]":
                return buffer[start:]
        buffer, start, scanned = _shortened(buffer, start, scanned)
        chunk = next(chunks, None)
        if chunk is None:
            msg = "the JSON array is not closed"
            raise BrokenError(msg)
        buffer += chunk


def _shortened(buffer: bytes, start: int, scanned: int) -> tuple[bytes, int, int]:
    """Drop what was cut off already, and the inside of an element over the limit.

    The inside of an endless string goes too, but for its start and the backslash that
    the next chunk may need to know of.
    """
    kept = buffer[start:scanned].lstrip(_BLANKS)[: RECORD_LIMIT + 1]
    string = buffer[scanned:]
    if len(string) > RECORD_LIMIT:
        escape = b"\\" * ((len(string) - len(string.rstrip(b"\\"))) % 2)
        inside = string[1 : RECORD_LIMIT + 1].replace(b"\\", b"/").replace(b'"', b"'")
        string = b'"' + inside + escape
    return kept + string, 0, len(kept)
