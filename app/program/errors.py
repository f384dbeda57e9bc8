"""The errors that people see: a stable code, what happened and why, what to do next."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

import psycopg

OWN_CLASSES: Final = ("VL", "PX", "TX", "PL", "SC", "AC", "KY", "AU")
"""SQLSTATE classes of our routines, by schema: validation to scoring, access, keys, auditing."""

_SCHEMA_MISSING: Final = {"3F000", "42P01", "42883"}
_HINTS: Final = {
    "08": "Look whether the server is running (`claims db status`), then run the command again.",
    "25006": "The server takes no changes: let DATABASE_URL lead to the primary, and look whether "
    "default_transaction_read_only is set.",
    "28": "Look at the user and the password in DATABASE_URL.",
    "40": "Another process changed the same rows at the same time; run the command again.",
    "42501": "Connect as a role that may do this, or grant it.",
    "53": "The server is out of a resource (disk, memory or connections); free some and run again.",
    "55P03": "Another session holds a lock for longer than lock_timeout allows; run it again.",
    "57014": "statement_timeout or a person ended the statement; raise the limit or run it again.",
    "57": "The server ended the connection; run the command again once it is up.",
}
_BUG_HINT: Final = "This is a fault in the program; report it with this code and what you ran."


# By the whole code, else by its first two characters, else a fault of the program: 500.
_HTTP_STATUSES: Final = {
    "08": HTTPStatus.SERVICE_UNAVAILABLE,
    "40": HTTPStatus.SERVICE_UNAVAILABLE,
    "53": HTTPStatus.SERVICE_UNAVAILABLE,
    "57": HTTPStatus.SERVICE_UNAVAILABLE,
    "55": HTTPStatus.SERVICE_UNAVAILABLE,
    "DB_CONNECTION": HTTPStatus.SERVICE_UNAVAILABLE,
    "SCHEMA_NOT_CURRENT": HTTPStatus.SERVICE_UNAVAILABLE,
    "PL006": HTTPStatus.NOT_FOUND,
    "PL007": HTTPStatus.NOT_FOUND,
    "PL009": HTTPStatus.NOT_FOUND,
    "PL010": HTTPStatus.CONFLICT,
    "PL011": HTTPStatus.CONFLICT,
    "PL012": HTTPStatus.UNPROCESSABLE_ENTITY,
    "PL019": HTTPStatus.CONFLICT,
    "SHOW_CLAIM_UNKNOWN": HTTPStatus.NOT_FOUND,
    "FAILED_RULE_UNKNOWN": HTTPStatus.NOT_FOUND,
}


class ClaimsError(Exception):
    """An error for people.

    `code` is stable, `message` says what happened, to what and why, `hint` what to do next.
    """

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Let it come back whole from another process, whatever its class is made from.

        Python would call the class with the arguments of Exception, the message alone.
        """
        return _revived, (type(self), self.args, self.__dict__)

    @property
    def http_status(self) -> int:
        """The status that the API answers with: 4xx where the caller can mend it."""
        return _HTTP_STATUSES.get(
            self.code, _HTTP_STATUSES.get(self.code[:2], HTTPStatus.INTERNAL_SERVER_ERROR)
        )


def _revived(
    kind: type[ClaimsError], arguments: tuple[object, ...], state: dict[str, object]
) -> ClaimsError:
    error = kind.__new__(kind)
    error.args = arguments
    error.__dict__.update(state)
    return error


class DatabaseError(ClaimsError):
    """What PostgreSQL refused; `code` is its SQLSTATE, or DB_CONNECTION when there is none."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn a psycopg error into a DatabaseError.

    The server's DETAIL is left out, and the cause with it: they may hold the values of a row.
    """
    try:
        yield
    except psycopg.Error as error:
        raise from_psycopg(error) from None


def from_psycopg(error: psycopg.Error) -> DatabaseError:
    """Give the DatabaseError for what the driver or the server reported."""
    state = error.sqlstate
    if state is None:
        # libpq guesses at causes on indented lines; the hint says better what to do.
        lines = [line for line in str(error).splitlines() if line and not line.startswith("\t")]
        return DatabaseError("DB_CONNECTION", "; ".join(lines), _HINTS["08"])
    message = error.diag.message_primary or type(error).__name__
    if state[:2] in OWN_CLASSES:
        return DatabaseError(state, message, error.diag.message_hint or _BUG_HINT)
    if state in _SCHEMA_MISSING:
        hint = "Look at `claims db status`; if the schema is behind, run `claims db upgrade`."
        return DatabaseError(state, message, hint)
    hint = _HINTS.get(state) or _HINTS.get(state[:2]) or error.diag.message_hint or _BUG_HINT
    return DatabaseError(state, message, hint)
