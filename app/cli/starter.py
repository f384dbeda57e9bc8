"""The starter data, loaded by each command that prices or validates, when it starts."""

from typing import Any

from psycopg import Connection

from app.program.console import notice
from app.reference.starter import ensure_starter


def load_starter(conn: Connection[Any]) -> None:
    """Load what is missing or has changed, and say so; conn as the operator."""
    for name in ensure_starter(conn):
        notice(f"Loaded the starter data in {name}")
