"""One PostgreSQL cluster: made, started, stopped, and looked at through initdb and pg_ctl."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import pq, sql
from psycopg.conninfo import make_conninfo

from app.embedded import binaries, tuning
from app.embedded.state import STATE_ROOT, State, current_user, find_state, make_home, make_state
from app.program.console import notice
from app.program.errors import ClaimsError

SUPERUSER: Final = "postgres"
LOGIN_ROLES: Final = (
    SUPERUSER,
    "claims_app",
    "claims_worker",
    "claims_operator",
    "claims_analyst",
    "claims_reviewer",
    "claims_auditor",
    "claims_sealer",
)
DATABASE: Final = "claims"
PORT: Final = 5432

_NOTICE_AFTER: Final = 10.0
_ORPHANS_MAY_TAKE: Final = 5.0
_BUILTIN_LOCALE_SINCE: Final = 17
_NO_LIMIT: Final = "86400"

_HBA: Final = """\
# Written by claims: the owner of this cluster, over the private socket, and no one else.
local all all peer map=claims
"""
_CONF: Final = """

include = 'claims.conf'
"""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What `claims db status` says about the embedded server."""

    running: bool
    pid: int | None
    version: int
    user: str | None
    data: Path | None
    socket_dir: Path | None
    log: Path | None


class Cluster:
    """A private cluster run by the programs in `bin_dir`, belonging to the folder `home`.

    It accepts the user who made it (and the server's own) over a socket in a private folder, as
    any of LOGIN_ROLES. `state_root` is where root's clusters are, `memory` the bytes to tune for,
    `settings` are added to the tuned ones.
    """

    def __init__(
        self,
        bin_dir: Path,
        home: Path,
        *,
        state_root: Path = STATE_ROOT,
        memory: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._bin_dir = bin_dir
        self._home = home.absolute()
        self._state_root = state_root
        self._memory = memory
        self._settings = dict(settings or {})

    @property
    def bin_dir(self) -> Path:
        """The folder of the programs, as the user who runs this reads them."""
        return self._bin_dir

    @property
    def version(self) -> int:
        """The major version of PostgreSQL."""
        return binaries.major_version(self._bin_dir)

    def start(self) -> None:
        """Bring the server up, from nothing if need be; returns when it accepts connections.

        Recovery may take as long as it needs. Two programs that start it at once do not collide.
        """
        state = find_state(self._home, self._state_root)
        if state and self._ping(state) is pq.Ping.OK:
            return
        make_home(self._home)
        with self._locked():
            state = make_state(self._home, self._state_root)
            if not state.data.is_dir():
                self._initialise(state)
            self._check_version(state)
            if not self._await(state):
                self._end_orphans(state)
                self._configure(state)
                self._launch(state)
            self._create_database()

    def stop(self) -> bool:
        """Stop the server cleanly; gives False when it was not running."""
        state = find_state(self._home, self._state_root)
        if state is None:
            return False
        with self._locked():
            if self._postmaster(state) is None:
                return False
            self._pg_ctl(state, "stop", ["-m", "fast"], "The server is still shutting down")
        return True

    def status(self) -> ServerStatus:
        """Look at the server without starting it."""
        state = find_state(self._home, self._state_root)
        if state is None:
            return ServerStatus(
                running=False, pid=None, version=self.version, user=None, data=None,
                socket_dir=None, log=None,
            )  # fmt: skip
        pid = self._postmaster(state)
        return ServerStatus(
            running=pid is not None,
            pid=pid,
            version=self.version,
            user=state.user,
            data=state.data,
            socket_dir=state.socket_dir,
            log=state.log,
        )

    def conninfo(self, user: str = SUPERUSER, dbname: str = DATABASE) -> dict[str, str]:
        """Give the connection parameters by which `user` logs in; the cluster must exist."""
        state = self._existing()
        return {
            "host": str(state.socket_dir),
            "port": str(PORT),
            "user": user,
            "dbname": dbname,
            # Refuses a socket that someone else listens on.
            "requirepeer": state.user,
        }

    def _existing(self) -> State:
        state = find_state(self._home, self._state_root)
        if state is None:
            raise ClaimsError(
                "EMBEDDED_NOT_MADE", f"{self._home} has no server yet", "Run `claims db start`."
            )
        return state

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._home / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _initialise(self, state: State) -> None:
        notice(f"Making a PostgreSQL {self.version} cluster in {state.folder}")
        for folder in (state.log, state.folder / "run"):
            state.make_folder(folder)
        unfinished = state.data.with_name("data.new")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            if self.version >= _BUILTIN_LOCALE_SINCE
            else ["--locale=C.UTF-8"]
        )
        process = _spawn(
            state,
            [
                str(self._served_bin(state) / "initdb"), "--pgdata", str(unfinished),
                "--username", SUPERUSER, "--encoding=UTF8", *locale, "--data-checksums",
                "--auth-local=peer", "--auth-host=reject",
            ],
        )  # fmt: skip
        _, errors = process.communicate()
        if process.returncode != 0:
            raise ClaimsError(
                "EMBEDDED_INIT_FAILED",
                f"initdb could not make a cluster in {unfinished}: {errors.strip()}",
                "Remove what it names as the reason, and run the command again.",
            )
        conf = unfinished / "postgresql.conf"
        state.write(conf, conf.read_text() + _CONF)
        unfinished.rename(state.data)

    def _check_version(self, state: State) -> None:
        found = (state.data / "PG_VERSION").read_text().strip()
        if found != str(self.version):
            raise ClaimsError(
                "EMBEDDED_VERSION",
                f"{state.data} was made by PostgreSQL {found}, "
                f"and the programs in {self._bin_dir} are {self.version}",
                f"Dump it with the programs of {found}, and restore into a new CLAIMS_HOME.",
            )

    def _configure(self, state: State) -> None:
        socket_dir = state.socket_dir
        if socket_dir.parent != state.folder:
            notice(
                f"{state.folder} is no path for a socket, too long or with a comma; "
                f"it is in {socket_dir}."
            )
        state.make_folder(socket_dir)
        settings = tuning.tuned(
            self._memory or tuning.machine_memory(),
            state.folder,
            lz4="--with-lz4" in binaries.build_options(self._bin_dir),
        ) | {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": '"' + str(socket_dir).replace('"', '""') + '"',
            "unix_socket_permissions": "0700",
            "cluster_name": state.tag,
            "timezone": "UTC",
            "log_timezone": "UTC",
            "logging_collector": "on",
            "log_directory": str(state.log),
            "log_filename": "postgresql-%a.log",
            "log_rotation_size": "0",
            "log_truncate_on_rotation": "on",
            # No values of rows in the log: details and statements can hold them.
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
        }
        state.write(state.data / "claims.conf", tuning.conf_text(settings | self._settings))
        state.write(state.data / "pg_hba.conf", _HBA)
        users = dict.fromkeys((current_user(), state.user))
        state.write(
            state.data / "pg_ident.conf",
            "# Written by claims: who may log in as whom.\n"
            + "".join(f'claims "{user}" {role}\n' for user in users for role in LOGIN_ROLES),
        )

    def _launch(self, state: State) -> None:
        log = state.log / "start.log"
        log.unlink(missing_ok=True)
        self._pg_ctl(
            state,
            "start",
            ["-l", str(log)],
            f"PostgreSQL is still starting: after a crash it recovers first (log in {state.log})",
        )

    def _pg_ctl(self, state: State, action: str, options: list[str], meanwhile: str) -> None:
        command = [
            str(self._served_bin(state) / "pg_ctl"), action, "-D", str(state.data),
            "-w", "-t", _NO_LIMIT, "-s", *options,
        ]  # fmt: skip
        process = _spawn(state, command)
        try:
            _, errors = process.communicate(timeout=_NOTICE_AFTER)
        except subprocess.TimeoutExpired:
            notice(meanwhile)
            _, errors = process.communicate()
        if process.returncode != 0:
            raise ClaimsError(
                f"EMBEDDED_{action.upper()}_FAILED",
                f"PostgreSQL in {state.data} did not {action}: {errors.strip()}{_tail(state.log)}",
                f"Look at the newest file in {state.log}.",
            )

    def _await(self, state: State) -> bool:
        """Wait for a server that is starting; False when there is none, or none any longer."""
        notice_at = time.monotonic() + _NOTICE_AFTER
        while self._postmaster(state) is not None:
            if self._ping(state) is pq.Ping.OK:
                return True
            if time.monotonic() > notice_at:
                notice("PostgreSQL is still starting")
                notice_at = float("inf")
            time.sleep(0.1)
        return False

    def _ping(self, state: State) -> pq.Ping:
        info = make_conninfo(host=str(state.socket_dir), port=PORT, user=SUPERUSER, dbname=DATABASE)
        return pq.Ping(pq.PGconn.ping(info.encode()))

    def _create_database(self) -> None:
        with psycopg.connect(
            make_conninfo("", **self.conninfo(dbname="postgres")), autocommit=True
        ) as conn:
            known = conn.execute(
                "select 1 from pg_catalog.pg_database where datname = %s", [DATABASE]
            ).fetchone()
            if known is None:
                conn.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))

    def _served_bin(self, state: State) -> Path:
        """Give the programs as the server's user can run them, a copy if need be."""
        if os.geteuid() != 0 or binaries.runs_as(self._bin_dir, state.user):
            return self._bin_dir
        return binaries.copy_below(self._bin_dir, self._state_root)

    def _postmaster(self, state: State) -> int | None:
        """Give the process id of the running server; a number left by a crash does not count."""
        try:
            pid = int((state.data / "postmaster.pid").read_text().split("\n", 1)[0])
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None
        if os.fsencode(state.data) in arguments or pid in self._children(state).values():
            return pid
        return None

    def _children(self, state: State) -> dict[int, int]:
        return _children_titled(f"postgres: {state.tag}: ", state.uid)

    def _end_orphans(self, state: State) -> None:
        """See off what a killed server left: its processes, and its claim to a process id.

        While one of them lives, PostgreSQL rightly refuses to start on the same data. They end
        by themselves as soon as they look up from their work.
        """
        for number in (None, signal.SIGQUIT, signal.SIGKILL):
            orphans = self._children(state)
            if orphans and number is not None:
                notice(f"Ending what a killed server left: {sorted(orphans)}")
                for pid in orphans:
                    with suppress(ProcessLookupError):
                        os.kill(pid, number)
            deadline = time.monotonic() + _ORPHANS_MAY_TAKE
            while orphans and time.monotonic() < deadline:
                time.sleep(0.05)
                orphans = self._children(state)
        if orphans:
            raise ClaimsError(
                "EMBEDDED_START_FAILED",
                f"processes {sorted(orphans)} of a killed server on {state.data} do not end",
                "End them by hand, then run the command again.",
            )
        # The killed one may still stand in the process table, which PostgreSQL takes for alive.
        (state.data / "postmaster.pid").unlink(missing_ok=True)
        (state.socket_dir / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def _spawn(state: State, command: list[str]) -> subprocess.Popen[str]:
    """Start a program as the server's user, with nothing of this program's surroundings."""
    other = os.geteuid() == 0
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        umask=0o077,
        user=state.uid if other else None,
        group=state.gid if other else None,
        extra_groups=[] if other else None,
    )


def _children_titled(title: str, uid: int) -> dict[int, int]:
    """Find the processes of a user whose title begins so; gives process id to parent's id."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if entry.stat().st_uid != uid or not (entry / "cmdline").read_bytes().startswith(
                title.encode()
            ):
                continue
            # "pid (name) state parent ...", where the name may hold anything.
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        found[int(entry.name)] = int(parent)
    return found


def _tail(folder: Path) -> str:
    """Give the last lines of the newest log, for an error message."""
    logs = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime)
    lines = [line for log in logs[-2:] for line in log.read_text(errors="replace").splitlines()]
    return "".join(f"\n  {line}" for line in lines[-8:])
