"""Databases made for one purpose and dropped at its end, and our commands run in them."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.database.connect import Role, parameters, session_conninfo
from app.program.errors import ClaimsError, translated
from app.program.settings import Settings


@contextmanager
def scratch_database(settings: Settings, name: str) -> Iterator[dict[str, str]]:
    """Make an empty database on the configured server; the parameters to reach it."""
    server = parameters(Role.ADMIN, settings)
    reached = dict(server)
    if "user" not in conninfo_to_dict(settings.database_url or ""):
        # Without a user each command logs in as the role it needs.
        del reached["user"]
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    with connect_to(server) as conn, translated():
        conn.execute(drop)
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            yield reached | {"dbname": name}
        finally:
            conn.execute(drop)


def connect_to(info: Mapping[str, str], role: Role = Role.ADMIN) -> psycopg.Connection[Any]:
    """Connect to a scratch database, as the administrator or as a role, in autocommit mode."""
    login = "postgres" if role is Role.ADMIN else str(role)
    with translated():
        if "user" in info:
            options = {} if role is Role.ADMIN else {"options": f"-c role={role}"}
            return psycopg.connect(session_conninfo(dict(info) | options), autocommit=True)
        return psycopg.connect(session_conninfo(dict(info) | {"user": login}), autocommit=True)


def scratch_keys(folder: Path, key: bytes) -> dict[str, str]:
    """Give the variables of the keys of a scratch database, whatever keys are configured."""
    return {
        "CLAIMS_ENCRYPTION_KEY": base64.b64encode(key).decode(),
        "CLAIMS_ENCRYPTION_KEY_FILE": "",
        "CLAIMS_KEY_COMMAND": "",
        "CLAIMS_ERASURE_KEYS_FILE": str(folder / "erasure.keys"),
    }


def run_claims(
    info: Mapping[str, str], environment: dict[str, str], *arguments: str
) -> dict[str, Any]:
    """Run one of our commands on a scratch database; its JSON answer.

    Raises:
        ClaimsError: SCRATCH_COMMAND_FAILED with what the command said.

    """
    done = subprocess.run(
        [sys.executable, "-m", "app", *arguments, "--json"],
        env=os.environ | {"DATABASE_URL": make_conninfo("", **info)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ClaimsError(
            "SCRATCH_COMMAND_FAILED",
            f"claims {' '.join(arguments)} ended with {done.returncode}: "
            f"{done.stderr.strip()[-2000:]}",
            "Mend what it names, then run the command again.",
        )
    answer: dict[str, Any] = msgspec.json.decode(done.stdout.strip().splitlines()[-1])
    return answer
