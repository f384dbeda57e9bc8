"""Count what was transferred and reviewed into the history that scores go by."""

from typing import Any, Final

from psycopg import Connection

SECONDS: Final = 300.0

REFRESH_HISTORY: Final = "select maintenance.refresh_history()"


def run(conn: Connection[Any]) -> None:
    """Take in what came since the last time."""
    conn.execute(REFRESH_HISTORY)
