"""Answers kept in memcached; without it, or with it down, the database answers."""

import hashlib
import time
from typing import Final, Literal

import structlog
from prometheus_client import Counter
from pymemcache import MemcacheError, PooledClient

from app.program.settings import Settings

LOOKUPS: Final = Counter(
    "claims_cache_lookups", "Answers looked for in memcached, by what came of it.", ["outcome"]
)
for _outcome in ("hit", "miss", "error", "down"):
    # Each has a figure from the start, so that no alert misses its series.
    LOOKUPS.labels(_outcome)

CONNECT_SECONDS: Final = 0.5
ANSWER_SECONDS: Final = 0.25
PAUSE_SECONDS: Final = 5.0
"""After a failure requests go past the cache so long, instead of each waiting for it."""

CheckState = Literal["ok", "degraded", "failed", "not configured"]
"""How one thing is that /ready checks."""

_log: Final = structlog.get_logger(__name__)


class Cache:
    """memcached as configured; every method returns at once while it is down."""

    def __init__(self, settings: Settings) -> None:
        self._client = (
            PooledClient(
                (settings.memcached_host, settings.memcached_port),
                connect_timeout=CONNECT_SECONDS,
                timeout=ANSWER_SECONDS,
                no_delay=True,
                max_pool_size=settings.http_connections,
                key_prefix=b"claims:",
            )
            if settings.memcached_host is not None
            else None
        )
        self._ttl = settings.rvu_cache_ttl
        self._down_until = 0.0

    def get(self, key: str) -> bytes | None:
        """Look an answer up."""
        if self._client is None:
            return None
        if time.monotonic() < self._down_until:
            LOOKUPS.labels("down").inc()
            return None
        try:
            found = self._client.get(key)
        except (OSError, MemcacheError) as error:
            self._failed(error)
            return None
        LOOKUPS.labels("miss" if found is None else "hit").inc()
        return found if isinstance(found, bytes) else None

    def put(self, key: str, answer: bytes) -> None:
        """Keep an answer for as long as configured."""
        if self._client is None or time.monotonic() < self._down_until:
            return
        try:
            self._client.set(key, answer, expire=self._ttl, noreply=False)
        except (OSError, MemcacheError) as error:
            self._failed(error)

    def state(self) -> tuple[CheckState, str]:
        """Ask the server now: not configured, ok or degraded, and a word on it."""
        if self._client is None:
            return "not configured", "every price is computed by the database"
        try:
            version = self._client.version()
        except (OSError, MemcacheError) as error:
            self._failed(error)
            return "degraded", "memcached does not answer; the database does instead"
        self._down_until = 0.0
        return "ok", f"memcached {version.decode()}"

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _failed(self, error: Exception) -> None:
        LOOKUPS.labels("error").inc()
        _log.error("cache.failed", exception=type(error).__name__)
        self._down_until = time.monotonic() + PAUSE_SECONDS


def cache_key(kind: str, reference_version: str, question: bytes) -> str:
    """Name a question: a new reference release makes new keys, so that none goes stale."""
    return f"{kind}:{reference_version}:{hashlib.sha256(question).hexdigest()}"
