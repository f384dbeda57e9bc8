"""Make the partitions of the days and months to come."""

from typing import Any, Final

from psycopg import Connection

SECONDS: Final = 60.0

ENSURE_PARTITIONS: Final = "call maintenance.ensure_partitions()"


def run(conn: Connection[Any]) -> None:
    """Make those that are missing."""
    conn.execute(ENSURE_PARTITIONS)
