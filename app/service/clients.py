"""API clients: their tokens, what they may do, and who they act for.

A token reads `claims_<client id>_<secret>`, the secret being 256 random bits in URL-safe
base64. The database keeps the SHA-256 of the secret: a hash made slow on purpose would add
nothing to a secret that nobody can guess.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg import Connection, rows

from app.program.errors import translated

ADD_CLIENT: Final[LiteralString] = """
select access.add_client(
  %(name)s, %(submitter)s, %(scopes)s, %(token_hash)s, %(expires_at)s
)"""

REVOKE_CLIENT: Final = "select access.revoke_client(%(name)s)"

LIST_CLIENTS: Final[LiteralString] = """
select
  client.client_id,
  client.name,
  submitter.name as submitter,
  client.scopes,
  client.created_at,
  client.expires_at,
  client.revoked_at,
  client.last_used_at
from vault.api_clients as client
inner join queue.submitters as submitter on client.submitter_id = submitter.submitter_id
order by client.client_id"""

FIND_CLIENT: Final[LiteralString] = """
select client_id, name, submitter_id, submitter, scopes, token_hash, refusal, is_stale
from access.find_client(%(client_id)s)"""

TOUCH_CLIENT: Final = "select access.touch_client(%(client_id)s)"

SCOPES: Final = ("claims:write", "claims:read", "phi:read", "transfer", "admin")
"""What a client can be allowed; the check of vault.api_clients has the same."""

SECRET_BYTES: Final = 32
_TOKEN: Final = re.compile(r"claims_([1-9][0-9]{0,8})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client as `claims client list` shows it."""

    client_id: int
    name: str
    submitter: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Client:
    """A client that was let in."""

    client_id: int
    name: str
    submitter_id: int
    submitter: str
    scopes: frozenset[str]
    address: str | None = None
    """Where its request came from."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a token was not let in; the client where it is known."""

    reason: str
    client_id: int | None = None
    submitter_id: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a token is checked against: the row of FIND_CLIENT."""

    client_id: int
    name: str
    submitter_id: int
    submitter: str
    scopes: list[str]
    token_hash: bytes
    refusal: str | None
    """Why even the right token is refused."""
    is_stale: bool
    """Whether last_used_at is due."""


def add_client(
    conn: Connection[Any], name: str, submitter: str, scopes: list[str], expires_at: datetime
) -> str:
    """Add a client and give its token, which nobody can see again; conn as the operator.

    Raises:
        DatabaseError: PL001 without such a submitter, AC001 when the name was used.

    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with translated():
        row = conn.execute(
            ADD_CLIENT,
            {
                "name": name,
                "submitter": submitter,
                "scopes": scopes,
                "token_hash": _hash(secret),
                "expires_at": expires_at,
            },
        ).fetchone()
    if row is None:
        msg = "access.add_client returned no row"
        raise AssertionError(msg)
    return f"claims_{row[0]}_{secret}"


def revoke_client(conn: Connection[Any], name: str) -> None:
    """Revoke a client; conn as the operator. Raises DatabaseError AC002."""
    with translated():
        conn.execute(REVOKE_CLIENT, {"name": name})


def list_clients(conn: Connection[Any]) -> list[ClientRow]:
    """List all clients, the revoked ones too; conn as the operator."""
    with translated(), conn.cursor(row_factory=rows.class_row(ClientRow)) as cur:
        return cur.execute(LIST_CLIENTS).fetchall()


def parse_token(token: str) -> tuple[int, str] | None:
    """Give the client id and the secret that a token consists of; None when it is no token."""
    parts = _TOKEN.fullmatch(token)
    return (int(parts[1]), parts[2]) if parts else None


def find_client(conn: Connection[Any], client_id: int) -> Known | None:
    """Read what tokens of a client are checked against; conn as the app."""
    with translated(), conn.cursor(row_factory=rows.class_row(Known)) as cur:
        return cur.execute(FIND_CLIENT, {"client_id": client_id}).fetchone()


def check_secret(known: Known | None, secret: str) -> Client | Refused:
    """Give the client whose secret it is, or why it is refused."""
    expected = known.token_hash if known is not None else b""
    if not hmac.compare_digest(_hash(secret), expected) or known is None:
        return Refused("unknown token", *((known.client_id, known.submitter_id) if known else ()))
    if known.refusal is not None:
        return Refused(f"{known.refusal} token", known.client_id, known.submitter_id)
    return Client(
        known.client_id, known.name, known.submitter_id, known.submitter, frozenset(known.scopes)
    )


def touch_client(conn: Connection[Any], client_id: int) -> None:
    """Note that a client was let in; once a minute is enough."""
    with translated():
        conn.execute(TOUCH_CLIENT, {"client_id": client_id})


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
