"""A seal: what is signed, how, and what the next one says of it."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg import Connection, rows

from app.audit.keys import fingerprint

READ_SEALS: Final = """
select
  seal.seal_number,
  seal.sealed_at,
  seal.system_identifier,
  seal.from_transaction::text::bigint as from_transaction,
  seal.to_transaction::text::bigint as to_transaction,
  seal.month,
  seal.event_count,
  seal.first_event_id,
  seal.last_event_id,
  seal.events_sha256,
  seal.previous_sha256,
  seal.signing_key,
  seal.signature
from audit.seals as seal
where seal.seal_number >= %(first)s
order by seal.seal_number"""

READ_NEWEST_NUMBER: Final = "select coalesce(max(seal.seal_number), 0) from audit.seals as seal"

FORMAT: Final = 1
GENESIS: Final = bytes(32)
"""What the first seal has in place of the hash of the one before."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A row of audit.seals, without its event hashes."""

    seal_number: int
    sealed_at: datetime
    system_identifier: int
    from_transaction: int
    to_transaction: int
    month: date
    event_count: int
    first_event_id: int
    last_event_id: int
    events_sha256: bytes
    previous_sha256: bytes
    signing_key: bytes
    signature: bytes

    def payload(self) -> bytes:
        """Give what is signed: one JSON object without blanks, keys in this order."""
        return msgspec.json.encode(
            {
                "format": FORMAT,
                "seal": self.seal_number,
                "sealed_at": f"{self.sealed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
                "system_identifier": self.system_identifier,
                "from_transaction": self.from_transaction,
                "to_transaction": self.to_transaction,
                "month": f"{self.month:%Y-%m}",
                "events": self.event_count,
                "first_event": self.first_event_id,
                "last_event": self.last_event_id,
                "events_sha256": self.events_sha256.hex(),
                "previous_sha256": self.previous_sha256.hex(),
                "signing_key": self.signing_key.hex(),
            }
        )

    def sha256(self) -> bytes:
        """Give the hash by which the next seal and the anchors name this one."""
        return hashlib.sha256(self.payload()).digest()

    def signed(self, key: Ed25519PrivateKey) -> "Seal":
        """Give the seal with the key's fingerprint and signature."""
        named = replace(self, signing_key=fingerprint(key.public_key()))
        return replace(named, signature=key.sign(named.payload()))

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether the signature is that of the key over what the row says."""
        try:
            key.verify(self.signature, self.payload())
        except InvalidSignature:
            return False
        return True


def read_seals(conn: Connection[Any], first: int = 1) -> list[Seal]:
    """Read the seals from one on, in order."""
    with conn.cursor(row_factory=rows.class_row(Seal)) as cur:
        return cur.execute(READ_SEALS, {"first": first}).fetchall()


def read_newest(conn: Connection[Any]) -> Seal | None:
    """Read the newest seal; None when nothing is sealed yet."""
    (number,) = conn.execute(READ_NEWEST_NUMBER).fetchone() or (0,)
    found = read_seals(conn, number) if number else []
    return found[0] if found else None
