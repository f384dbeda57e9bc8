"""Verify the audit trail against its seals, and the seals against their chain and anchors.

Nothing in the database is believed but what a trusted key signed. What was changed, deleted,
inserted or exchanged after it was sealed is found, whoever did it, and named by event and seal.
"""

import hashlib
import time
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import chain, combinations, groupby
from typing import Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg import Connection, IsolationLevel, sql

from app.audit.anchors import Anchor
from app.audit.events import ENTRY, Line, entry, month_text, pin_format, placed, read_lines, stretch
from app.audit.seals import GENESIS, Seal, read_newest, read_seals
from app.database.connect import Role, connect
from app.program.errors import translated

READ_HASHES: Final = """
select seal.event_hashes
from audit.seals as seal
where seal.seal_number = %(seal_number)s"""

READ_ARCHIVED: Final = """
select distinct archived.month
from audit.events as event
cross join jsonb_array_elements_text(event.detail -> 'archived') as archived (month)
where event.action = 'audit.month_archived'"""

Kind = Literal[
    "event_changed",
    "event_missing",
    "event_inserted",
    "events_swapped",
    "events_unproven",
    "seal_changed",
    "seal_missing",
    "seal_replaced",
    "seals_cut_off",
]

CHANGED_COMPARED: Final = 100
"""Changed events of one stretch up to which it is tried whether two were exchanged."""

ROWS_NAMED: Final = 20
"""Stretches of event ids that a message names; the problem holds them all."""

# Fields of the canonical line: those by which events are sealed, or the id among them.
_HEAD: Final = slice(0, 4)
_ID: Final = slice(2, 3)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it was sealed."""

    kind: Kind
    seal_number: int | None
    event_ids: list[int]
    message: str


@dataclass(slots=True)
class Verified:
    """What verifying came to."""

    seals: int = 0
    events: int = 0
    """Events read, sealed or not."""
    unsealed: int = 0
    """Events that no seal covers yet: nothing is said about them."""
    unsealed_since: str | None = None
    archived_months: dict[str, int] = field(default_factory=dict)
    """Sealed events of months that were detached from the trail."""
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(slots=True, eq=False)
class _Stretch:
    """A sealed stretch of one server, and its seals by month."""

    from_transaction: int
    to_transaction: int
    seals: dict[bytes, Seal] = field(default_factory=dict)


def has_seals() -> bool:
    """Whether anything was sealed yet."""
    with connect(Role.AUDITOR, autocommit=True) as conn, translated():
        return read_newest(conn) is not None


def verify(keys: dict[bytes, Ed25519PublicKey], anchors: Sequence[Anchor]) -> Verified:
    """Verify the whole trail as claims_auditor; `keys` are the trusted ones by fingerprint.

    Raises:
        DatabaseError: from the database; what is wrong with the trail is in the answer.

    """
    started = time.monotonic()
    verified = Verified()
    with connect(Role.AUDITOR, autocommit=True) as conn, translated():
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        with conn.transaction():
            pin_format(conn)
            seals = read_seals(conn)
            verified.seals = len(seals)
            verified.problems += _check_chain(seals, keys)
            verified.problems += _check_anchors(seals, anchors)
            archived = {month.encode() for (month,) in conn.execute(READ_ARCHIVED)}
            _Trail(conn, seals, archived, verified).check()
    verified.seconds = time.monotonic() - started
    return verified


def _check_chain(seals: Sequence[Seal], keys: dict[bytes, Ed25519PublicKey]) -> Iterator[Problem]:
    """Check numbers, signatures and links; a changed seal is named once, not its neighbours."""
    number = 0
    previous: bytes | None = GENESIS
    for seal in seals:
        if seal.seal_number != number + 1:
            yield _missing(number + 1, seal.seal_number - 1)
            previous = None
        number = seal.seal_number
        key = keys.get(seal.signing_key)
        if key is None:
            yield Problem(
                "seal_changed", number, [],
                f"seal {number} is signed by a key that is not trusted, {seal.signing_key.hex()}",
            )  # fmt: skip
            previous = None
        elif not seal.is_signed_by(key):
            yield Problem(
                "seal_changed", number, [], f"seal {number} is not as it was signed"
            )  # fmt: skip
            previous = None
        else:
            if previous not in {None, seal.previous_sha256}:
                yield Problem(
                    "seal_replaced", number, [],
                    f"seal {number} was not made after the seal {number - 1} that stands before it",
                )  # fmt: skip
            previous = seal.sha256()


def _missing(first: int, last: int) -> Problem:
    which = f"seal {first} is" if first == last else f"seals {first} to {last} are"
    return Problem("seal_missing", first, [], f"{which} missing from the chain")


def _check_anchors(seals: Sequence[Seal], anchors: Sequence[Anchor]) -> Iterator[Problem]:
    """Check that the seals reach as far as outside the database, and are the same."""
    newest = seals[-1].seal_number if seals else 0
    by_number = {seal.seal_number: seal for seal in seals}
    furthest = max(anchors, key=lambda anchor: anchor.seal, default=None)
    if furthest is not None and furthest.seal > newest:
        yield Problem(
            "seals_cut_off", newest + 1, [],
            f"the chain ends with seal {newest}, and seal {furthest.seal} was made at "
            f"{furthest.sealed_at:%Y-%m-%d %H:%M:%S %Z}: the tail was cut off",
        )  # fmt: skip
    for anchor in anchors:
        seal = by_number.get(anchor.seal)
        if seal is not None and seal.sha256().hex() != anchor.sha256:
            yield Problem(
                "seal_replaced", seal.seal_number, [],
                f"seal {seal.seal_number} is not the one that was written down outside at "
                f"{anchor.sealed_at:%Y-%m-%d %H:%M:%S %Z}",
            )  # fmt: skip


class _Trail:
    """The events, read once in sealing order and held against the seals."""

    def __init__(
        self, conn: Connection[Any], seals: Sequence[Seal], archived: set[bytes], to: Verified
    ) -> None:
        self._conn = conn
        self._archived = archived
        self._to = to
        self._stretches: defaultdict[int, list[_Stretch]] = defaultdict(list)
        for seal in seals:
            of_server = self._stretches[seal.system_identifier]
            if not of_server or of_server[-1].from_transaction != seal.from_transaction:
                of_server.append(_Stretch(seal.from_transaction, seal.to_transaction))
            of_server[-1].seals[month_text(seal.month)] = seal
        self._unmet = {seal.seal_number: seal for seal in seals}
        self._has_gap = len(seals) != max(self._unmet, default=0)
        self._differing: list[Seal] = []
        self._uncovered: list[int] = []
        self._at: tuple[int, _Stretch | None] = (0, None)

    def check(self) -> None:
        """Compare hashes of whole stretches, then look into those that differ."""
        lines = read_lines(self._conn, sql.SQL("true"))
        for covering, group in groupby(lines, self._covering):
            if covering is None:
                self._take_uncovered(group)
            else:
                self._compare(covering, group)
        for seal in self._unmet.values():
            month = month_text(seal.month)
            if month in self._archived:
                counts = self._to.archived_months
                counts[month.decode()] = counts.get(month.decode(), 0) + seal.event_count
            else:
                self._differing.append(seal)
        for seal in sorted(self._differing, key=lambda seal: seal.seal_number):
            self._to.problems += self._differences(seal)
        self._to.problems += self._report_uncovered()

    def _covering(self, line: Line) -> _Stretch | None:
        """Find the stretch of a line, which mostly is that of the line before."""
        server, stretch_there = self._at
        if (
            stretch_there is not None
            and server == line.system_identifier
            and line.transaction_id < stretch_there.to_transaction
        ):
            return stretch_there
        of_server = self._stretches.get(line.system_identifier, [])
        index = bisect_right(of_server, line.transaction_id, key=_start) - 1
        found = of_server[index] if index >= 0 else None
        if found is not None and line.transaction_id >= found.to_transaction:
            found = None
        self._at = (line.system_identifier, found)
        return found

    def _compare(self, covering: _Stretch, lines: Iterator[Line]) -> None:
        gathered: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for line in lines:
            gathered[line.month].append(entry(line))
        for month, entries in gathered.items():
            self._to.events += len(entries)
            seal = covering.seals.get(month)
            if seal is None:
                self._uncovered += map(_event_id, entries)
                continue
            del self._unmet[seal.seal_number]
            if hashlib.sha256(b"".join(entries)).digest() != seal.events_sha256:
                self._differing.append(seal)

    def _take_uncovered(self, lines: Iterator[Line]) -> None:
        """Tell events that are not sealed yet from those where no event should be."""
        for line in lines:
            self._to.events += 1
            of_server = self._stretches.get(line.system_identifier)
            if of_server and line.transaction_id < of_server[-1].to_transaction:
                self._uncovered.append(line.event_id)
            else:
                self._to.unsealed += 1
                since = line.occurred_at.decode()
                self._to.unsealed_since = min(self._to.unsealed_since or since, since)

    def _report_uncovered(self) -> Iterator[Problem]:
        if not self._uncovered:
            return
        ids = sorted(self._uncovered)
        if self._has_gap:
            yield Problem(
                "events_unproven", None, ids,
                f"{_events(ids)} lie where a seal is missing: nothing proves what they say",
            )  # fmt: skip
        else:
            yield Problem(
                "event_inserted", None, ids,
                f"{_events(ids)} stand in a stretch that was closed without them: inserted later",
            )  # fmt: skip

    def _differences(self, seal: Seal) -> Iterator[Problem]:
        """Tell what of a stretch is not as it was sealed, event by event."""
        number = seal.seal_number
        (hashes,) = self._conn.execute(READ_HASHES, {"seal_number": number}).fetchone() or (b"",)
        if hashlib.sha256(hashes).digest() != seal.events_sha256:
            yield Problem(
                "events_unproven", number, [],
                f"events {seal.first_event_id} to {seal.last_event_id} are not as seal {number} "
                "says, and the hashes by which each could be told were changed, too",
            )  # fmt: skip
            return
        sealed = Counter(hashes[at : at + ENTRY.size] for at in range(0, len(hashes), ENTRY.size))
        where = sql.SQL("{} and event.occurred_at >= {} and event.occurred_at < {}").format(
            stretch(seal.system_identifier, seal.from_transaction, seal.to_transaction),
            *map(sql.Literal, _bounds(seal.month)),
        )
        lines = list(read_lines(self._conn, where))
        found = Counter(map(entry, lines))
        gone, new = sealed - found, found - sealed
        gone_ids, new_ids = set(map(_event_id, gone)), set(map(_event_id, new))
        changed = {
            line.event_id: line
            for line in lines
            if line.event_id in gone_ids & new_ids and entry(line) in new
        }
        swapped = _swapped(changed, gone)
        for first, second in swapped:
            yield Problem(
                "events_swapped", number, [first, second],
                f"events {first} and {second}, sealed by seal {number}, were exchanged",
            )  # fmt: skip
        told: tuple[tuple[Kind, set[int], str], ...] = (
            ("event_changed", changed.keys() - set(chain(*swapped)), "changed"),
            ("event_missing", gone_ids - new_ids, "deleted"),
            ("event_inserted", new_ids - gone_ids, "inserted"),
        )
        for kind, ids, what in told:
            if ids:
                yield Problem(
                    kind, number, sorted(ids),
                    f"{_events(sorted(ids))} {'was' if len(ids) == 1 else 'were'} {what} after "
                    f"seal {number} was made",
                )  # fmt: skip


def _swapped(changed: dict[int, Line], gone: Counter[bytes]) -> list[tuple[int, int]]:
    """Find pairs of changed events that are each other's: all but the id, or all but the head."""
    if len(changed) > CHANGED_COMPARED:
        return []
    return [
        (one.event_id, other.event_id)
        for one, other in combinations(sorted(changed.values(), key=_id_of), 2)
        if any(
            entry(placed(_exchanged(one, other, fields))) in gone
            and entry(placed(_exchanged(other, one, fields))) in gone
            for fields in (_ID, _HEAD)
        )
    ]


def _exchanged(content: Line, head: Line, fields: slice) -> bytes:
    """Put some fields of one line into the other."""
    values = content.text.split(b"\t")
    values[fields] = head.text.split(b"\t")[fields]
    return b"\t".join(values)


def _bounds(month: date) -> tuple[datetime, datetime]:
    """Give the first moments of a month and of the next."""
    start = datetime(month.year, month.month, 1, tzinfo=UTC)
    return start, (start + timedelta(days=31)).replace(day=1)


def _events(ids: Sequence[int]) -> str:
    """Name events, those in a row by the first and the last."""
    rows: list[list[int]] = []
    for event_id in ids:
        if rows and event_id == rows[-1][1] + 1:
            rows[-1][1] = event_id
        else:
            rows.append([event_id, event_id])
    shown = [str(a) if a == b else f"{a} to {b}" for a, b in rows[:ROWS_NAMED]]
    more = f" and {len(rows) - ROWS_NAMED} stretches more" if len(rows) > ROWS_NAMED else ""
    return f"event{'s'[: len(ids) > 1]} {', '.join(shown)}{more}"


def _start(found: _Stretch) -> int:
    return found.from_transaction


def _id_of(line: Line) -> int:
    return line.event_id


def _event_id(packed: bytes) -> int:
    event_id: int = ENTRY.unpack(packed)[0]
    return event_id
