"""Seal the audit trail: hash closed stretches of events into a chain, sign, and write it down.

A stretch is closed when every transaction in it has ended. Event ids are given out in the order
of writing and not of committing, so a stretch is told by transaction ids: it ends below the oldest
transaction that still runs anywhere on the server, and whatever commits later lies beyond.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection, IsolationLevel

from app.audit import anchors
from app.audit.events import ENTRY, Line, entry, pin_format, read_lines, stretch
from app.audit.keys import signing_key
from app.audit.seals import GENESIS, Seal, read_newest
from app.database.connect import Role, connect
from app.program.errors import ClaimsError, translated
from app.program.settings import Settings

LOCK: Final = "select pg_advisory_lock(hashtext('audit.seals'))"

# This server's transactions are closed below the oldest that runs. Those of a server that the
# database was dumped from all are.
FIND_OPEN_STRETCHES: Final = """
with server as (
  select
    control.system_identifier,
    pg_snapshot_xmin(pg_current_snapshot()) as to_transaction
  from pg_control_system() as control
),

sealed as (
  select seal.system_identifier, max(seal.to_transaction) as to_transaction
  from audit.seals as seal
  group by seal.system_identifier
),

found as (
  select server.system_identifier, server.to_transaction
  from server
  union all
  select
    event.system_identifier,
    (max(event.transaction_id)::text::bigint + 1)::text::xid8
  from audit.events as event
  left join sealed on event.system_identifier = sealed.system_identifier
  where
    event.system_identifier <> (select server.system_identifier from server)
    and event.transaction_id >= coalesce(sealed.to_transaction, '0')
  group by event.system_identifier
)

select
  found.system_identifier,
  coalesce(sealed.to_transaction, '0')::text::bigint as from_transaction,
  found.to_transaction::text::bigint as to_transaction
from found
left join sealed on found.system_identifier = sealed.system_identifier
order by found.system_identifier"""

# The transaction of the event before which a run ends, so that its memory is bounded.
FIND_LIMIT: Final = """
select event.transaction_id::text::bigint
from audit.events as event
where
  event.system_identifier = %(system_identifier)s
  and event.transaction_id >= %(from_transaction)s::text::xid8
  and event.transaction_id < %(to_transaction)s::text::xid8
order by event.transaction_id, event.event_id
offset %(events)s
limit 1"""

ADD_SEAL: Final = """
insert into audit.seals (
  seal_number, sealed_at, system_identifier, from_transaction, to_transaction, month,
  event_count, first_event_id, last_event_id, events_sha256, event_hashes, previous_sha256,
  signing_key, signature
)
values (
  %(seal_number)s, %(sealed_at)s, %(system_identifier)s, %(from_transaction)s::text::xid8,
  %(to_transaction)s::text::xid8, %(month)s, %(event_count)s, %(first_event_id)s,
  %(last_event_id)s, %(events_sha256)s, %(event_hashes)s, %(previous_sha256)s, %(signing_key)s,
  %(signature)s
)"""

COUNT_WAITING: Final = """
select count(*), min(event.occurred_at)
from audit.events as event
where
  event.system_identifier = (select control.system_identifier from pg_control_system() as control)
  and event.transaction_id >= pg_snapshot_xmin(pg_current_snapshot())"""

EVENTS_PER_SEAL: Final = 10_000
"""A seal ends with the transaction that reaches it."""

EVENTS_PER_RUN: Final = 200_000
"""Events that one transaction of the sealer takes; it goes on with the next."""


@dataclass(slots=True)
class Sealed:
    """What a run of the sealer did."""

    seals: list[Seal] = field(default_factory=list)
    events: int = 0
    waiting: int = 0
    """Events written by, or after, a transaction that still ran."""
    waiting_since: datetime | None = None


@dataclass(slots=True)
class _Stretch:
    """Transactions from one up to another, not included; event entries by month."""

    from_transaction: int
    to_transaction: int
    months: dict[bytes, list[bytes]] = field(default_factory=dict)


def seal_events(settings: Settings) -> Sealed:
    """Seal what is closed, and keep the newest seal outside the database.

    Connects as claims_sealer; of two at once, the second waits. The seals are committed before
    the newest is written down outside, so that nothing outside ever names a seal that is not
    there; what a failure left unwritten is written down by the next run.

    Raises:
        ClaimsError: AUDIT_CHAIN_BROKEN when the seals in the database do not reach to the one
            outside; and what the key, the anchors and the database raise.

    """
    sealed = Sealed()
    with connect(Role.SEALER, autocommit=True) as conn, translated():
        conn.execute(LOCK)
        with conn.transaction():
            pin_format(conn)
            newest = read_newest(conn)
        key = signing_key(settings, may_create=newest is None)
        _check_reaches(newest, settings)
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        is_cut = True
        while is_cut:
            with conn.transaction():
                pin_format(conn)
                added, is_cut = _seal_run(conn, key, newest)
            sealed.seals += added
            newest = added[-1] if added else newest
            if newest is not None:
                anchors.keep(newest, settings)
        sealed.events = sum(seal.event_count for seal in sealed.seals)
        row = conn.execute(COUNT_WAITING).fetchone()
        sealed.waiting, sealed.waiting_since = row or (0, None)
    return sealed


def _check_reaches(newest: Seal | None, settings: Settings) -> None:
    """Refuse to seal on where seals were cut off: the new ones would hide it."""
    path = anchors.seal_file(settings)
    outside = None if path is None else anchors.read_newest_anchor(path)
    if outside is None:
        return
    number = 0 if newest is None else newest.seal_number
    same = newest is None or number > outside.seal or anchors.anchor_of(newest) == outside
    if number < outside.seal or not same:
        raise ClaimsError(
            "AUDIT_CHAIN_BROKEN",
            f"the newest seal in the database is {number}, and {path} ends with another seal "
            f"{outside.seal}",
            "Run `claims audit verify`. After a restore to an earlier time this is as it should "
            "be: keep the old file, and set CLAIMS_AUDIT_SEAL_FILE to a new one.",
        )


def _seal_run(
    conn: Connection[Any], key: Ed25519PrivateKey, newest: Seal | None
) -> tuple[list[Seal], bool]:
    """Seal what one snapshot shows; whether EVENTS_PER_RUN left something over."""
    added: list[Seal] = []
    is_cut = False
    for server, start, closed_to in conn.execute(FIND_OPEN_STRETCHES).fetchall():
        limit = conn.execute(
            FIND_LIMIT,
            {
                "system_identifier": server,
                "from_transaction": str(start),
                "to_transaction": str(closed_to),
                "events": EVENTS_PER_RUN,
            },
        ).fetchone()
        end = closed_to if limit is None else limit[0] + 1
        is_cut = is_cut or end < closed_to
        # All of them first: no statement runs while a COPY does.
        for part in list(_parts(read_lines(conn, stretch(server, start, end)), start, end)):
            for month, entries in sorted(part.months.items()):
                seal, hashes = _made(server, part, month, entries, newest)
                newest = seal.signed(key)
                _add(conn, newest, hashes)
                added.append(newest)
    return added, is_cut


def _parts(lines: Iterator[Line], start: int, end: int) -> Iterator[_Stretch]:
    """Cut a stretch where a seal has enough events, between two transactions."""
    part = _Stretch(start, end)
    events = 0
    previous = start
    for line in lines:
        if events >= EVENTS_PER_SEAL and line.transaction_id != previous:
            part.to_transaction = line.transaction_id
            yield part
            part = _Stretch(line.transaction_id, end)
            events = 0
        part.months.setdefault(line.month, []).append(entry(line))
        events += 1
        previous = line.transaction_id
    if events:
        yield part


def _made(
    server: int, part: _Stretch, month: bytes, entries: list[bytes], newest: Seal | None
) -> tuple[Seal, bytes]:
    """Make the next seal, not signed yet, and its event hashes."""
    hashes = b"".join(entries)
    ids = [ENTRY.unpack(packed)[0] for packed in entries]
    seal = Seal(
        seal_number=1 if newest is None else newest.seal_number + 1,
        sealed_at=datetime.now(UTC),
        system_identifier=server,
        from_transaction=part.from_transaction,
        to_transaction=part.to_transaction,
        month=date.fromisoformat(f"{month.decode()}-01"),
        event_count=len(entries),
        first_event_id=min(ids),
        last_event_id=max(ids),
        events_sha256=hashlib.sha256(hashes).digest(),
        previous_sha256=GENESIS if newest is None else newest.sha256(),
        signing_key=b"",
        signature=b"",
    )
    return seal, hashes


def _add(conn: Connection[Any], seal: Seal, hashes: bytes) -> None:
    values = asdict(seal) | {
        "from_transaction": str(seal.from_transaction),
        "to_transaction": str(seal.to_transaction),
        "event_hashes": hashes,
    }
    conn.execute(ADD_SEAL, values)
