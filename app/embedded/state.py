"""Where a cluster's files are and which system user runs it; no folder is ever opened wider.

PostgreSQL refuses to run as root. Root therefore runs it as a system user of its own, below a
folder of that user, and the home holds a pointer to it. Everyone else runs it as themselves, in
the home.
"""

import hashlib
import json
import os
import pwd
import secrets
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.program.console import notice
from app.program.errors import ClaimsError

STATE_ROOT: Final = Path("/var/lib/claims-processor")
SERVER_USER: Final = "claims-postgres"
PRIVATE: Final = 0o700

_POINTER: Final = "server.json"
_LONGEST_SOCKET: Final = 107
_SOCKET_FALLBACK: Final = Path("/tmp")  # noqa: S108 - folders below it are checked before use


@dataclass(frozen=True, slots=True)
class State:
    """The folder of one cluster and the system user that owns it and runs the server."""

    folder: Path
    user: str
    uid: int
    gid: int

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The folder of the server's log files."""
        return self.folder / "log"

    @property
    def tag(self) -> str:
        """A short name for this cluster, unique on the machine; its processes carry it."""
        return f"claims-{_digest(self.folder)}"

    @property
    def socket_dir(self) -> Path:
        """The folder of the socket: in the cluster's own unless libpq cannot take that path.

        It may be too long for a socket, and a comma stands between hosts.
        """
        own = self.folder / "run"
        path = os.fsencode(own / ".s.PGSQL.5432")
        if len(path) <= _LONGEST_SOCKET and b"," not in path:
            return own
        return _SOCKET_FALLBACK / f"{self.tag}-{self.uid}"

    def make_folder(self, path: Path) -> None:
        """Make a private folder of the server's user; one that is there must be exactly that."""
        try:
            path.mkdir(mode=PRIVATE)
        except FileExistsError:
            found = path.lstat()
            if (
                not stat.S_ISDIR(found.st_mode)
                or found.st_uid != self.uid
                or stat.S_IMODE(found.st_mode) != PRIVATE
            ):
                raise ClaimsError(
                    "EMBEDDED_FOLDER",
                    f"{path} is not a folder that only {self.user} can enter "
                    f"(found {stat.filemode(found.st_mode)}, user id {found.st_uid})",
                    "Look who made it; remove it, or set CLAIMS_HOME to another folder.",
                ) from None
        else:
            self.give(path)

    def write(self, path: Path, text: str) -> None:
        """Write a file of the server's user, whole or not at all; leave it when it is the same."""
        if path.is_file() and path.read_text() == text:
            return
        unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(
            os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
        ) as file:
            file.write(text)
        self.give(unfinished)
        unfinished.rename(path)

    def give(self, path: Path) -> None:
        """Make the server's user the owner of what root has just made."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)


def current_user() -> str:
    """Give the name of the user who runs this program, by which peer authentication knows them."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise ClaimsError(
            "EMBEDDED_USER",
            f"user id {os.geteuid()} has no name on this machine, which PostgreSQL needs",
            "Run as a user that /etc/passwd knows, or set DATABASE_URL.",
        ) from None


def make_home(home: Path) -> None:
    """Make the home, for its owner alone; one that belongs to someone else is refused."""
    try:
        home.mkdir(mode=PRIVATE, parents=True)
    except FileExistsError:
        pass
    except OSError as error:
        raise ClaimsError(
            "EMBEDDED_HOME",
            f"cannot make the folder {home}: {error.strerror}",
            "Set CLAIMS_HOME to a folder that you may write.",
        ) from error
    check_home(home)


def check_home(home: Path) -> None:
    """Refuse a home that is no folder, that another user made, or that is for something else."""
    if not home.is_dir():
        raise ClaimsError(
            "EMBEDDED_HOME", f"{home} is not a folder", "Set CLAIMS_HOME to a folder."
        )
    owner = home.stat().st_uid
    data_owner = (home / "data").stat().st_uid if (home / "data").exists() else owner
    if {owner, data_owner} != {os.geteuid()}:
        raise ClaimsError(
            "EMBEDDED_HOME",
            f"{home} belongs to user id {owner if owner != os.geteuid() else data_owner}, "
            f"not to {current_user()}, who runs this",
            "Run as its owner, or set CLAIMS_HOME to another folder.",
        )
    data = home / "data"
    if data.is_dir() and not (data / "PG_VERSION").is_file():
        raise ClaimsError(
            "EMBEDDED_HOME",
            f"{data} is there already and is no PostgreSQL cluster",
            "Set CLAIMS_HOME to a folder that has nothing else in it.",
        )


def find_state(home: Path, state_root: Path) -> State | None:
    """Find the cluster of this home; None when none was made yet."""
    if not home.exists():
        return None
    check_home(home)
    if os.geteuid() != 0:
        return _own_state(home) if (home / "data").is_dir() else None
    pointer = home / _POINTER
    if not pointer.is_file():
        return None
    found = json.loads(pointer.read_text())
    first_home = Path(found["home"])
    if first_home != home:
        if (first_home / _POINTER).is_file():
            raise ClaimsError(
                "EMBEDDED_HOME",
                f"{home} is a copy of {first_home}, and both would use one server",
                f"Remove {pointer}; the copy then gets a server of its own.",
            )
        _write_pointer(home, Path(found["state"]))
    state = _served_by(Path(found["state"]), SERVER_USER)
    if not state.folder.is_dir():
        raise ClaimsError(
            "EMBEDDED_LOST",
            f"the server's folder {state.folder}, named in {pointer}, is gone, its data with it",
            f"Put {state_root} back, or remove {home} to begin with an empty database.",
        )
    return state


def make_state(home: Path, state_root: Path) -> State:
    """Find the cluster of this home, or make its folders and, as root, its user."""
    make_home(home)
    found = find_state(home, state_root)
    if found is not None:
        return found
    if os.geteuid() != 0:
        return _own_state(home)
    _make_user()
    state = _served_by(state_root / f"{_digest(home)}-{secrets.token_hex(4)}", SERVER_USER)
    if not state_root.exists():
        state_root.parent.mkdir(parents=True, exist_ok=True)
    state.make_folder(state_root)
    for orphan in sorted(state_root.glob(f"{_digest(home)}-*")):
        notice(
            f"{orphan} holds the data of an earlier {home} and is not used any more; "
            "remove it when you do not need it."
        )
    state.make_folder(state.folder)
    _write_pointer(home, state.folder)
    return state


def _own_state(home: Path) -> State:
    return State(home, current_user(), os.geteuid(), os.getegid())


def _served_by(folder: Path, user: str) -> State:
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise ClaimsError(
            "EMBEDDED_USER",
            f"the system user {user}, who runs the embedded server of {folder}, is gone",
            f"Make it again with the user id that owns {folder}.",
        ) from None
    return State(folder, user, entry.pw_uid, entry.pw_gid)


def _make_user() -> None:
    try:
        pwd.getpwnam(SERVER_USER)
    except KeyError:
        pass
    else:
        return
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise ClaimsError(
            "EMBEDDED_USER",
            f"PostgreSQL refuses to run as root, and the command useradd, which would make the "
            f"system user {SERVER_USER} for it, is missing",
            f"Make the user {SERVER_USER}, or run as an ordinary user, or set DATABASE_URL.",
        )
    notice(f"PostgreSQL refuses to run as root: making the system user {SERVER_USER} for it.")
    made = subprocess.run(
        [
            useradd, "--system", "--user-group", "--no-create-home",
            "--home-dir", STATE_ROOT, "--shell", "/usr/sbin/nologin", SERVER_USER,
        ],
        check=False,
        capture_output=True,
        text=True,
    )  # fmt: skip
    if made.returncode != 0:
        raise ClaimsError(
            "EMBEDDED_USER",
            f"useradd could not make the system user {SERVER_USER}: {made.stderr.strip()}",
            f"Make the user {SERVER_USER}, or run as an ordinary user, or set DATABASE_URL.",
        )


def _write_pointer(home: Path, folder: Path) -> None:
    pointer = home / _POINTER
    content = {"home": str(home), "state": str(folder), "user": SERVER_USER}
    pointer.write_text(json.dumps(content, indent=2) + "\n")


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
