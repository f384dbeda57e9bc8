"""Who calls: bearer tokens, scopes, and a record of everybody who is refused."""

import asyncio
import time
from collections import Counter as Tally
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

import structlog
from litestar.connection import ASGIConnection, Request
from litestar.handlers import BaseRouteHandler
from litestar.middleware.authentication import (
    AbstractAuthenticationMiddleware,
    AuthenticationResult,
)
from litestar.middleware.rate_limit import RateLimitConfig

from app.database.trail import Concerned, Told, record_access, tell
from app.program.settings import Settings
from app.service.clients import (
    Client,
    Known,
    Refused,
    check_secret,
    find_client,
    parse_token,
    touch_client,
)
from app.service.database import Pool, connection
from app.service.problems import ApiError

FAILURES_PER_SECOND: Final = 20
"""Refused logins from one address that are recorded; more are answered 429."""

KNOWN_SECONDS: Final = 1.0
"""For so long what tokens of a client are checked against is not read again: one who is revoked,
or whose time is over, is refused a second later at the latest."""

_log: Final = structlog.get_logger(__name__)

Connection = ASGIConnection[Any, Any, Any, Any]


class Gate:
    """Lets clients in, and records whom it refuses, each in a transaction of its own."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[int, tuple[float, Known]] = {}
        self._second = 0
        self._failures: Tally[str] = Tally()

    async def admit(self, connection: Connection) -> Client:
        """Give the client whose token the request bears.

        Raises:
            ApiError: TOKEN_REFUSED, the same whatever is wrong with it, or RATE_LIMITED.

        """
        address = _address(connection)
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            found: Client | Refused = Refused("no bearer token")
        else:
            found = await self._find(token.strip())
        if isinstance(found, Client):
            return replace(found, address=address)
        self._count_failure(address)
        await self.record(
            "login.refused",
            Told(origin=address),
            found.submitter_id,
            connection,
            {"reason": found.reason, "client_id": found.client_id},
        )
        raise ApiError(
            HTTPStatus.UNAUTHORIZED,
            "TOKEN_REFUSED",
            "the request bears no token that is in force",
            "Send Authorization: Bearer TOKEN; those who run the service give tokens out.",
            {"WWW-Authenticate": 'Bearer realm="claims"'},
        )

    def _count_failure(self, address: str) -> None:
        """Count a refused login of an address, which may be a proxy's; too many are not recorded.

        Only who is refused is counted and told so: clients at the same address go on.
        """
        now = int(time.monotonic())
        if now != self._second:
            self._second = now
            self._failures.clear()
        if self._failures[address] >= FAILURES_PER_SECOND:
            raise ApiError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "RATE_LIMITED",
                "too many requests with a refused token",
                "Use a token that is in force.",
            )
        self._failures[address] += 1

    async def record(
        self,
        action: str,
        told: Told,
        submitter_id: int | None,
        connection: Connection,
        detail: dict[str, Any],
    ) -> None:
        """Write who was refused what to the log and to the audit trail."""
        _log.warning(action, **detail)
        seen = detail | about(connection)
        await asyncio.to_thread(self._record, action, told, Concerned(submitter_id), seen)

    async def _find(self, token: str) -> Client | Refused:
        parts = parse_token(token)
        if parts is None:
            return Refused("malformed token")
        client_id, secret = parts
        read_at, known = self._known.get(client_id, (0.0, None))
        if known is not None and time.monotonic() - read_at < KNOWN_SECONDS:
            return check_secret(known, secret)
        return await asyncio.to_thread(self._read, client_id, secret)

    def _read(self, client_id: int, secret: str) -> Client | Refused:
        read_at = time.monotonic()
        with connection(self._pool) as conn:
            known = find_client(conn, client_id)
            found = check_secret(known, secret)
            if known is not None:
                self._known[client_id] = read_at, known
                if known.is_stale and isinstance(found, Client):
                    touch_client(conn, client_id)
        return found

    def _record(
        self, action: str, told: Told, concerned: Concerned, detail: dict[str, Any]
    ) -> None:
        with connection(self._pool) as conn, conn.transaction():
            tell(conn, told, in_transaction=True)
            record_access(conn, action, concerned, detail)


class Authentication(AbstractAuthenticationMiddleware):
    """Asks the gate about every request but those to handlers that say `exclude_from_auth`."""

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        """Let the client in, and name it in every log line of the request."""
        gate: Gate = connection.app.state.gate
        client = await gate.admit(connection)
        structlog.contextvars.bind_contextvars(client_id=client.client_id)
        return AuthenticationResult(user=client, auth=None)


def needs(scope: str) -> Callable[[Connection, BaseRouteHandler], Awaitable[None]]:
    """Make the guard of routes that need a scope."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        await require(connection, scope)

    return guard


async def require(connection: Connection, scope: str) -> None:
    """Refuse, and record, a client that has not the scope; raises ApiError SCOPE_MISSING."""
    client: Client = connection.user
    if scope in client.scopes:
        return
    gate: Gate = connection.app.state.gate
    await gate.record(
        "access.refused",
        Told(client=client.name, origin=client.address),
        client.submitter_id,
        connection,
        {"reason": f"scope {scope} is missing", "client_id": client.client_id},
    )
    raise ApiError(
        HTTPStatus.FORBIDDEN,
        "SCOPE_MISSING",
        f"this needs the scope {scope}",
        "Ask those who run the service for a client that has the scope.",
    )


def about(connection: Connection) -> dict[str, Any]:
    """Say of a request what the detail of an audit event keeps: which, and to what route."""
    return {
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        "route": connection.scope["path_template"],
    }


def rate_limit(settings: Settings) -> RateLimitConfig:
    """Limit the requests of each client in a second; it stands behind the authentication."""
    return RateLimitConfig(
        rate_limit=("second", settings.rate_limit),
        exclude=["^/health$"],
        identifier_for_request=_client_of,
        # They would be computed when the answer begins, which for a stream can be after the reset.
        set_rate_limit_headers=False,
    )


def _client_of(request: Request[Client, Any, Any]) -> str:
    return str(request.user.client_id)


def _address(connection: Connection) -> str:
    return connection.client.host if connection.client else "unknown"
