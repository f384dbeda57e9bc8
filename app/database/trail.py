"""Write to the audit trail what no routine of the database records: access, and refusals.

Who is connected, from where, and when, the database knows. What it cannot know it is told once
for a session or transaction: the API client, whence the program was called, why, and for whom.
"""

import os
import pwd
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, get_args

import psycopg
from psycopg import Connection
from psycopg.types.json import Jsonb

from app.program.errors import ClaimsError, translated

TELL: Final = """
select
  set_config('claims.' || told.name, told.value, %(is_local)s)
from jsonb_each_text(%(told)s) as told (name, value)
where told.value is not null"""

RECORD_ACCESS: Final = """
select auditing.record_access(
  %(action)s, %(submitter_id)s, %(batch_id)s, %(claim_id)s, %(detail)s
)"""

REFUSALS: Final = {
    "VAULT_DECRYPTION_REFUSED": "claim.phi_refused",
    "VAULT_KEY_UNKNOWN": "claim.phi_refused",
    "VAULT_KEY_WRONG": "key.refused",
}
"""Errors that are refusals, by code, and the actions that record them."""


Purpose = Literal[
    "treatment", "payment", "operations", "individual", "authorization", "limited_data_set",
    "required_by_law", "public_health", "health_oversight", "judicial", "law_enforcement",
    "research", "workers_compensation", "other",
]  # fmt: skip
"""Those of auditing.purposes."""

PURPOSES: Final[tuple[str, ...]] = get_args(Purpose)


@dataclass(frozen=True, slots=True)
class Told:
    """What a program says of itself; what is None is not known."""

    client: str | None = None
    """The API client that it works for."""
    origin: str | None = None
    """Whence it was called: user and host, or the address of an HTTP client."""
    purpose: str | None = None
    """Why: one of auditing.purposes."""
    recipient: str | None = None
    """Whom PHI is given to, when not the actor; an office, never a patient."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """What an event is about; ids of the database, or None."""

    submitter_id: int | None = None
    batch_id: int | None = None
    claim_id: int | None = None


def origin() -> str:
    """Give the user that this process runs as, and the host: `user@host`."""
    uid = os.getuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = f"uid {uid}"
    return f"{user}@{socket.gethostname()}"


def tell(conn: Connection[Any], told: Told, *, in_transaction: bool) -> None:
    """Say it for all events of the running transaction, or of the session.

    What is None stays as it was. Raises DatabaseError.
    """
    with translated():
        conn.execute(TELL, {"told": Jsonb(asdict(told)), "is_local": in_transaction})


def record_access(
    conn: Connection[Any],
    action: str,
    about: Concerned,
    detail: dict[str, Any] | None = None,
) -> None:
    """Record an action in the running transaction.

    Raises:
        DatabaseError: AU001 no such action, AU002 no such purpose, AU003 a routine records it.

    """
    with translated():
        conn.execute(
            RECORD_ACCESS, {"action": action, "detail": Jsonb(detail or {}), **asdict(about)}
        )


def record_apart(
    conn: Connection[Any],
    action: str,
    about: Concerned,
    told: Told,
    detail: dict[str, Any] | None = None,
) -> None:
    """Record an action by a connection and transaction of its own, as the same role as `conn`.

    It stands even when the transaction of `conn` is rolled back, as that of a refusal is.
    """
    with (
        translated(),
        psycopg.connect(
            conn.info.dsn, password=conn.info.password or None, autocommit=True
        ) as apart,
    ):
        whence = told if told.origin else replace(told, origin=origin())
        tell(apart, whence, in_transaction=False)
        record_access(apart, action, about, detail)


@contextmanager
def refusals_recorded(conn: Connection[Any], about: Concerned, told: Told) -> Iterator[None]:
    """Record the errors in `REFUSALS` that come out of the block, and let them go on.

    One that cannot be recorded says so, too.
    """
    try:
        yield
    except ClaimsError as error:
        action = REFUSALS.get(error.code)
        if action is not None:
            detail = {"code": error.code, "message": error.message}
            try:
                record_apart(conn, action, about, told, detail)
            except ClaimsError as failure:
                raise ClaimsError(
                    error.code,
                    f"{error.message}; and this could not be recorded: {failure.message}",
                    error.hint,
                ) from failure
        raise
