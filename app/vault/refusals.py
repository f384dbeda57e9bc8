"""What is refused is recorded: a changed or moved ciphertext leaves an audit event behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from app.database import Role, connect
from app.errors import translated
from app.vault.ciphers import DecryptionRefusedError

RECORD_REFUSAL: Final = "select keys.record_refusal(%(claim_id)s, %(field)s)"


@contextmanager
def refusals_recorded(role: Role) -> Iterator[None]:
    """Record a DecryptionRefusedError before it goes on.

    By a connection of its own, as a role that may: what was refused rolls back, and the event
    must not.
    """
    try:
        yield
    except DecryptionRefusedError as error:
        record_refusal(role, error)
        raise


def record_refusal(role: Role, error: DecryptionRefusedError) -> None:
    """Write the audit event of a refusal, in a transaction of its own."""
    with connect(role, autocommit=True) as conn, translated():
        conn.execute(RECORD_REFUSAL, {"claim_id": error.claim_id, "field": error.field})
