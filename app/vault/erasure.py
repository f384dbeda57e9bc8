"""Erasure keys: they live outside the database, and destroying one makes a patient unreadable.

The key of a claim is derived from the data key and from two erasure keys: that of its patient
and that of the month in which it was received. Destroying either makes the claim's PHI
unreadable wherever it stands, in backups too, and that of no other patient or month.

No key is stored for each patient. All are leaves of a tree that is computed from one root
(Goldreich, Goldwasser and Micali 1986): the child of a node is the SHA-256 of the node and the
child's digit. Destroying a leaf (puncturing, as the literature has it) replaces the nodes above
it by their other children, from which it cannot be computed. So the file does not grow with
patients, is written by no claim that comes in, and changes with an erasure alone: some 6 KB
for each patient erased.

A claim says which keys it needs by its erasure id: the month in the upper 16 bits, the leaf of
the patient in the lower 48. Two patients share a leaf with a probability of 1 in 2**48, and
then are erased together.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from typing import Final, Literal, Self
from uuid import uuid4

import msgspec

from app.program.errors import ClaimsError
from app.vault.ciphers import KEY_SIZE
from app.vault.files import create_private, read_private, replace_private

PATIENT_DIGITS: Final = 12
MONTH_DIGITS: Final = 4
FIRST_YEAR: Final = 2000
"""Months are counted from January of this year."""

_LEAF_BITS: Final = 4 * PATIENT_DIGITS
_LEAF_MASK: Final = (1 << _LEAF_BITS) - 1
_CACHED_DIGITS: Final = 4
_RECENT_KEPT: Final = 50_000
"""Keys kept for the next claim of the same patient: some 10 MB."""

_HEX: Final = "0123456789abcdef"
_CHILDREN: Final = tuple(bytes([digit]) for digit in range(16))


def month_number(day: date) -> int:
    """Return the number of a month."""
    return 12 * (day.year - FIRST_YEAR) + day.month - 1


def month_of(erasure_id: int) -> int:
    """Return the number of the month that an erasure id names."""
    return erasure_id >> _LEAF_BITS


def leaf_of(erasure_id: int) -> int:
    """Return the leaf of the patient that an erasure id names."""
    return erasure_id & _LEAF_MASK


def leaf(identity: bytes, life: int) -> int:
    """Return the leaf of a patient, whom a token identifies.

    Life 0 is the first; who comes back after an erasure has the next.
    """
    digest = hashlib.sha256(identity + life.to_bytes(4)).digest() if life else identity
    return int.from_bytes(digest[: PATIENT_DIGITS // 2])


class KeyTree:
    """A key for each number of so many hexadecimal digits, of which any can be destroyed."""

    def __init__(self, digits: int, nodes: Mapping[str, bytes]) -> None:
        """Take the nodes that are left, by the digits that lead to them."""
        self._digits = digits
        self._nodes = dict(nodes)
        self._cached: dict[int, bytes | None] = {}
        self._recent: dict[int, bytes | None] = {}
        cached = min(_CACHED_DIGITS, digits)
        self._cached_shift = 4 * (digits - cached)
        self._shifts = range(self._cached_shift - 4, -1, -4)
        self._cached_digits = cached

    @classmethod
    def new(cls, digits: int) -> Self:
        """Make a tree from a random root."""
        return cls(digits, {"": os.urandom(KEY_SIZE)})

    @property
    def nodes(self) -> Mapping[str, bytes]:
        """The nodes that are left."""
        return self._nodes

    def key(self, number: int) -> bytes | None:
        """Return the key of a number; None when it was destroyed."""
        try:
            return self._recent[number]
        except KeyError:
            if len(self._recent) >= _RECENT_KEPT:
                self._recent = {}
            key = self._recent[number] = self._computed(number)
            return key

    def _computed(self, number: int) -> bytes | None:
        top = number >> self._cached_shift
        try:
            node = self._cached[top]
        except KeyError:
            node = self._cached[top] = self._descend(f"{top:0{self._cached_digits}x}")
        if node is None:
            # A leaf below was destroyed, or all are.
            return self._descend(f"{number:0{self._digits}x}")
        sha256, children = hashlib.sha256, _CHILDREN
        for shift in self._shifts:
            node = sha256(node + children[number >> shift & 15]).digest()
        return node

    def destroy(self, first: int, last: int) -> bool:
        """Destroy the keys from one number to another; whether any was left."""
        found = False
        kept: dict[str, bytes] = {}
        nodes = list(self._nodes.items())
        while nodes:
            prefix, node = nodes.pop()
            width = 4 * (self._digits - len(prefix))
            low = int(prefix or "0", 16) << width
            high = low + (1 << width) - 1
            if high < first or low > last:
                kept[prefix] = node
                continue
            found = True
            if low < first or high > last:
                nodes += [
                    (prefix + digit, hashlib.sha256(node + child).digest())
                    for digit, child in zip(_HEX, _CHILDREN, strict=True)
                ]
        self._nodes = kept
        self._cached = {}
        self._recent = {}
        return found

    def _descend(self, path: str) -> bytes | None:
        """Compute a node from the nearest that is left above it."""
        for length in range(len(path) + 1):
            node = self._nodes.get(path[:length])
            if node is not None:
                for digit in path[length:]:
                    node = hashlib.sha256(node + _CHILDREN[int(digit, 16)]).digest()
                return node
        return None


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: nodes by their digits, in base64."""

    format: Literal[1]
    store_id: str
    generation: int
    patients: dict[str, str]
    months: dict[str, str]


@dataclass(slots=True)
class ErasureKeys:
    """The erasure keys of one database."""

    store_id: str
    """Names the file, so that that of another database is told."""
    generation: int
    """Raised by each erasure, so that an older copy of the file is told."""
    patients: KeyTree
    months: KeyTree

    @classmethod
    def new(cls) -> Self:
        """Make the keys of a new database."""
        return cls(str(uuid4()), 1, KeyTree.new(PATIENT_DIGITS), KeyTree.new(MONTH_DIGITS))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file.

        Raises:
            ClaimsError: VAULT_KEY_MISSING, VAULT_KEY_FILE_EXPOSED or
                VAULT_ERASURE_KEYS_INVALID.

        """
        text = read_private(
            path,
            "Put back the file that belongs to this database: without it no PHI can be read. On "
            "a further host, copy it from the first.",
        )
        try:
            stored = msgspec.json.decode(text, type=_Stored)
            return cls(
                stored.store_id,
                stored.generation,
                KeyTree(PATIENT_DIGITS, _decoded(stored.patients)),
                KeyTree(MONTH_DIGITS, _decoded(stored.months)),
            )
        except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
            raise ClaimsError(
                "VAULT_ERASURE_KEYS_INVALID",
                f"{path} is no file of erasure keys, or a damaged one",
                "Put back the file that belongs to this database: without it no PHI can be read.",
            ) from error

    def create(self, path: Path) -> None:
        """Write the file where there is none; raises FileExistsError."""
        create_private(path, self._text())

    def replace(self, path: Path) -> None:
        """Write the file in place of the older one, whose blocks are overwritten."""
        replace_private(path, self._text())

    def key(self, erasure_id: int) -> bytes | None:
        """Return the erasure keys of a claim, both in one; None when one was destroyed."""
        patient = self.patients.key(leaf_of(erasure_id))
        month = self.months.key(month_of(erasure_id))
        return None if patient is None or month is None else patient + month

    def living(self, identity: bytes, month: int) -> tuple[int, bytes]:
        """Return the erasure id for a new claim of a patient, and its erasure keys.

        Raises:
            ClaimsError: VAULT_MONTH_ERASED, which a clock that is wrong can lead to.

        """
        month_key = self.months.key(month)
        if month_key is None:
            raise ClaimsError(
                "VAULT_MONTH_ERASED",
                "the erasure key of this month was destroyed, so that nothing can be encrypted",
                "Set the clock of this host: months that end before today alone are erased.",
            )
        for life in count():
            patient = leaf(identity, life)
            key = self.patients.key(patient)
            if key is not None:
                return month << _LEAF_BITS | patient, key + month_key
        raise AssertionError

    def _text(self) -> bytes:
        return msgspec.json.format(
            msgspec.json.encode(
                _Stored(
                    1,
                    self.store_id,
                    self.generation,
                    _encoded(self.patients.nodes),
                    _encoded(self.months.nodes),
                )
            )
        )


def _encoded(nodes: Mapping[str, bytes]) -> dict[str, str]:
    return {prefix: base64.b64encode(node).decode() for prefix, node in sorted(nodes.items())}


def _decoded(nodes: Mapping[str, str]) -> dict[str, bytes]:
    decoded = {prefix: base64.b64decode(node, validate=True) for prefix, node in nodes.items()}
    if any(len(node) != KEY_SIZE for node in decoded.values()):
        raise ValueError(KEY_SIZE)
    return decoded
