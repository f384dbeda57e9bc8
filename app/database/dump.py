"""A dump of the database by a pg_dump whose output other servers take."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, LiteralString

from psycopg import Connection
from psycopg.conninfo import make_conninfo

from app.database.connect import Role, connect, parameters
from app.embedded.binaries import wheel_bin_dir
from app.program.errors import ClaimsError, translated
from app.program.settings import Settings

DESCRIBE: Final[LiteralString] = """
select
  current_setting('server_version_num')::integer as version,
  exists (
    select from pg_catalog.pg_attribute as attribute
    where exists (
      select from unnest(attribute.attoptions) as given (option)
      where starts_with(given.option, 'pg_attver=')
    )
  ) as stamped"""

PLACES: Final = ("/usr/lib/postgresql/{major}/bin", "/usr/pgsql-{major}/bin")
"""Where the packages of Debian and of Red Hat put the programs of each major version."""


@dataclass(frozen=True, slots=True)
class Dump:
    """What was written, and by which program."""

    file: Path
    bytes: int
    server_version: str
    pg_dump: Path
    pg_dump_version: str


@dataclass(frozen=True, slots=True)
class Server:
    """The server to dump: its version as (major, minor)."""

    version: tuple[int, int]
    stamped: bool
    """Its columns carry the option pg_attver, which 15.20 adds to every new column.

    No other major version takes it; only the pg_dump of the server's own version leaves it out.
    """

    def takes(self, version: tuple[int, int]) -> bool:
        """Whether pg_dump of that version writes what another server can read."""
        if self.stamped:
            return version[0] == self.version[0] and version >= self.version
        return version[0] >= self.version[0]


def look_at(conn: Connection[Any]) -> Server:
    """Ask the server what matters to a dump of this database."""
    with translated():
        number, stamped = conn.execute(DESCRIBE).fetchone() or (0, False)
    return Server(divmod(number, 10_000), stamped)


def dump(file: Path, settings: Settings, program: Path | None = None) -> Dump:
    """Write the database to `file` in pg_dump's custom format, readable by its owner alone.

    `program` is the pg_dump to use; without it that of the server's own major version is
    looked for, then any that will do. A dump holds ciphertext, and no key.

    Raises:
        ClaimsError: DB_DUMP_EXISTS; DB_DUMP_PROGRAM, no pg_dump that will do, or the one given
            would write what no other server takes; DB_DUMP_FAILED, with pg_dump's own words.

    """
    with connect(Role.ADMIN) as conn:
        server = look_at(conn)
    if program is None:
        program, version = _find(server, settings)
    else:
        version = _version(program)
        if not server.takes(version):
            raise _refusal(server, f"{program} is {_words(version)}")
    info = parameters(Role.ADMIN, settings)
    password = info.pop("password", None)
    try:
        # Made first, so that pg_dump writes into a file that nobody else can read.
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise ClaimsError(
            "DB_DUMP_EXISTS", f"{file} is there already", "Name a new file."
        ) from None
    run = subprocess.run(
        [program, "--format=custom", f"--file={file}", f"--dbname={make_conninfo('', **info)}"],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | ({"PGPASSWORD": password} if password else {}),
    )
    if run.returncode:
        file.unlink()
        raise ClaimsError(
            "DB_DUMP_FAILED",
            f"{program} ended with status {run.returncode}: {run.stderr.strip()}",
            "Nothing was written. Mend what pg_dump says, and run it again.",
        )
    return Dump(file, file.stat().st_size, _words(server.version), program, _words(version))


def _find(server: Server, settings: Settings) -> tuple[Path, tuple[int, int]]:
    """Find a pg_dump that will do, that of the server's own major version first."""
    folders = [Path(place.format(major=server.version[0])) for place in PLACES]
    on_path = shutil.which("pg_dump")
    programs = [folder / "pg_dump" for folder in folders] + ([Path(on_path)] if on_path else [])
    embedded = wheel_bin_dir() / "pg_dump"
    programs.insert(0 if settings.database_url is None else len(programs), embedded)
    found = {path: _version(path) for path in programs if path.is_file()}
    fitting = [(path, version) for path, version in found.items() if server.takes(version)]
    if not fitting:
        versions = ", ".join(sorted({_words(version) for version in found.values()}))
        raise _refusal(server, f"there is only {versions}" if found else "there is none")
    return min(fitting, key=lambda one: one[1][0])


def _refusal(server: Server, found: str) -> ClaimsError:
    major, minor = server.version
    if server.stamped:
        why = (
            f"the server is PostgreSQL {major}.{minor}, which marks every column with the option "
            f"pg_attver, and only pg_dump {major}.{minor} leaves it out; no other server takes it"
        )
        which = f"{major}, {major}.{minor} or later,"
    else:
        why = f"the server is PostgreSQL {major}.{minor}, and pg_dump must not be older"
        which = f"{major}"
    return ClaimsError(
        "DB_DUMP_PROGRAM",
        f"{why}: {found}",
        f"Install the client programs of PostgreSQL {which} (on Debian and Ubuntu: "
        f"apt-get install postgresql-client-{major}), or name their pg_dump with --pg-dump.",
    )


def _version(program: Path) -> tuple[int, int]:
    """Ask pg_dump for its version."""
    try:
        run = subprocess.run(
            [program, "--version"], check=True, capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ClaimsError(
            "DB_DUMP_PROGRAM", f"{program} does not run: {error}", "Name a pg_dump with --pg-dump."
        ) from error
    found = re.search(r"\(PostgreSQL\) (\d+)\.(\d+)", run.stdout)
    if found is None:
        raise ClaimsError(
            "DB_DUMP_PROGRAM",
            f"{program} says {run.stdout.strip()!r}, which is no release of pg_dump",
            "Name a pg_dump with --pg-dump.",
        )
    return int(found[1]), int(found[2])


def _words(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
