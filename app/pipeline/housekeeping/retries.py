"""Put failed claims on their way again whose reference data has come."""

from typing import Any, Final

import structlog
from psycopg import Connection

SECONDS: Final = 60.0

RETRY_DUE: Final = "select pipeline.retry_due_failed_claims()"

_log: Final = structlog.get_logger(__name__)


def run(conn: Connection[Any]) -> None:
    """Retry those that are due, and say how many."""
    (retried,) = conn.execute(RETRY_DUE).fetchone() or (0,)
    if retried:
        _log.info("failed claims retried: their reference data has come", retried=retried)
