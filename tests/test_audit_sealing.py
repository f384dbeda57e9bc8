"""The sealer: what is closed is sealed once, whatever order transactions end in."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from app.audit import anchors, sealing
from app.audit.anchors import Anchor, read_anchors
from app.audit.keys import KEY_FILE, signing_key, trusted_keys
from app.cli import main
from app.program.errors import ClaimsError
from app.program.settings import Settings, load_settings
from tests.audit_support import (
    RECORD,
    WRITE_MONTH,
    ids_of,
    make_month,
    problems,
    sealed,
    tamper,
    use_audit,
    verified,
    write_events,
)
from tests.servers import Database, Server, clean_settings


@pytest.fixture(autouse=True)
def _audit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if "database" in request.fixturenames:
        request.getfixturevalue("database")
        use_audit(monkeypatch, tmp_path)


def test_what_is_written_is_sealed_once(database: Database) -> None:
    write_events(database, 5)
    first = sealed()
    with database.connect() as conn:
        events = ids_of(conn)
    assert (first.events, len(first.seals), first.waiting) == (len(events), 1, 0)
    assert sealed().seals == []
    write_events(database, 3)
    second = sealed()
    assert second.events == 3
    assert second.seals[0].from_transaction == first.seals[0].to_transaction
    assert second.seals[0].previous_sha256 == first.seals[0].sha256()
    found = verified()
    assert (found.problems, found.events, found.unsealed) == ([], len(events) + 3, 0)


def test_a_transaction_that_commits_late_is_sealed_when_it_has(database: Database) -> None:
    write_events(database, 2)
    sealed()
    with database.connect() as late:
        late.autocommit = False
        late.execute(RECORD.format(first=100, last=101))
        # Later by id and by time, but committed before.
        write_events(database, 3, first=200)
        waiting = sealed()
        assert (waiting.events, waiting.waiting) == (0, 3)
        assert verified().unsealed == 3
        late.commit()
    done = sealed()
    assert (done.events, done.waiting) == (5, 0)
    found = verified()
    assert (found.problems, found.unsealed) == ([], 0)
    # The late ones have the lowest ids, and stand with the others in one stretch.
    assert done.seals[0].last_event_id - done.seals[0].first_event_id == 4


def test_a_transaction_that_is_rolled_back_leaves_nothing_to_seal(database: Database) -> None:
    with database.connect() as late:
        late.autocommit = False
        late.execute(RECORD.format(first=100, last=104))
        write_events(database, 1)
        late.rollback()
    sealed()
    assert verified().problems == []


def test_long_stretches_become_several_seals(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "EVENTS_PER_SEAL", 10)
    monkeypatch.setattr(sealing, "EVENTS_PER_RUN", 25)
    sealed()
    write_events(database, 62)
    with database.connect() as conn:
        conn.execute(RECORD.format(first=1, last=30))  # one transaction is never divided
    done = sealed()
    assert done.events == 92
    assert max(seal.event_count for seal in done.seals) >= 30
    assert len(done.seals) >= 6
    assert verified().problems == []


def test_events_of_two_months_have_a_seal_each(database: Database) -> None:
    sealed()
    make_month(database, "2025-01", events=1)
    with database.connect() as conn, conn.transaction():
        conn.execute(RECORD.format(first=1, last=1))
        conn.execute(WRITE_MONTH, {"month": "2025-01-01", "events": 1})
    done = sealed()
    assert [seal.event_count for seal in done.seals] == [2, 1]
    assert len({seal.to_transaction for seal in done.seals}) == 1
    assert verified().problems == []


def test_the_newest_seal_is_written_down_outside(database: Database, tmp_path: Path) -> None:
    write_events(database, 1)
    first = sealed().seals[-1]
    file = tmp_path / "audit.seals"
    assert [anchor.sha256 for anchor in read_anchors(file)] == [first.sha256().hex()]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sealed().seals == []
    assert len(read_anchors(file)) == 1
    # What a failure left unwritten is written down by the next run, with nothing new to seal.
    file.unlink()
    assert sealed().seals == []
    assert len(read_anchors(file)) == 1


def test_a_command_takes_the_newest_seal(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_events(database, 1)
    monkeypatch.delenv("CLAIMS_AUDIT_SEAL_FILE")
    taken = tmp_path / "taken by command"
    monkeypatch.setenv("CLAIMS_AUDIT_SEAL_COMMAND", f"tee -a '{taken}'")
    seal = sealed().seals[-1]
    assert msgspec.json.decode(taken.read_bytes(), type=Anchor).sha256 == seal.sha256().hex()

    monkeypatch.setenv("CLAIMS_AUDIT_SEAL_COMMAND", "sh -c 'echo no disk >&2; exit 3'")
    write_events(database, 1)
    with pytest.raises(ClaimsError, match="ended with status 3: no disk") as caught:
        sealed()
    assert caught.value.code == "AUDIT_SEAL_COMMAND_FAILED"
    monkeypatch.setenv("CLAIMS_AUDIT_SEAL_COMMAND", f"tee -a '{taken}'")
    assert sealed().seals == []
    assert len(read_anchors(taken)) == 2
    monkeypatch.setenv("CLAIMS_AUDIT_SEAL_FILE", str(taken))
    assert problems() == []


def test_a_seal_command_ends_with_all_that_it_started(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In time, though something it left behind still holds its output open."""
    pid = tmp_path / "pid"
    monkeypatch.setattr(anchors, "COMMAND_SECONDS", 0.5)
    monkeypatch.setenv("CLAIMS_AUDIT_SEAL_COMMAND", f"sh -c 'sleep 300 & echo $! > {pid}; wait'")
    write_events(database, 1)
    with pytest.raises(ClaimsError, match="did not end within") as caught:
        sealed()
    assert caught.value.code == "AUDIT_SEAL_COMMAND_FAILED"
    left = int(pid.read_text())
    until = time.monotonic() + 10
    while Path(f"/proc/{left}/stat").exists() and time.monotonic() < until:
        if Path(f"/proc/{left}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
            break
        time.sleep(0.05)
    assert time.monotonic() < until


def test_verify_before_any_seal_says_so(database: Database) -> None:
    assert database.name
    refused = CliRunner().invoke(main, ["audit", "verify", "--json"])
    assert refused.exit_code == 1
    assert json.loads(refused.output.splitlines()[-1])["error"]["code"] == "AUDIT_NOT_SEALED"


def test_nothing_is_sealed_on_where_seals_were_cut_off(database: Database, tmp_path: Path) -> None:
    write_events(database, 2)
    sealed()
    write_events(database, 2)
    sealed()
    tamper(database, "delete from audit.seals where seal_number = 2")
    write_events(database, 1)
    with pytest.raises(ClaimsError) as caught:
        sealed()
    assert caught.value.code == "AUDIT_CHAIN_BROKEN"
    with database.connect() as conn:
        assert conn.execute("select count(*) from audit.seals").fetchone() == (1,)
    assert len(read_anchors(tmp_path / "audit.seals")) == 2


def test_two_sealers_make_one_chain(database: Database) -> None:
    write_events(database, 20)
    programs = [
        subprocess.Popen(
            [sys.executable, "-m", "app", "audit", "seal"],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
            stdout=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    assert [program.wait() for program in programs] == [0, 0]
    found = verified()
    assert (found.problems, found.unsealed) == ([], 0)


def test_the_sealer_needs_its_own_role_alone(database: Database) -> None:
    """Each of them is refused what the other may."""
    write_events(database, 1)
    sealed()
    with database.connect("claims_sealer") as conn:
        assert conn.execute("select current_user").fetchone() == ("claims_sealer",)
        assert conn.execute("select count(*) > 0 from audit.events").fetchone() == (True,)


def test_the_trail_goes_on_after_a_restore_into_another_server(
    postgres15: Server, postgres18: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A dump brings transaction ids along that mean nothing on the new server."""
    old, new = postgres15.cluster.bin_dir, postgres18.cluster.bin_dir
    assert postgres18.migrated  # which makes the roles, too: a dump of one database has none
    with (
        postgres15.database(postgres15.migrated) as database,
        postgres18.database() as restored,
    ):
        database.use(monkeypatch, tmp_path)
        use_audit(monkeypatch, tmp_path)
        write_events(database, 300)
        sealed()
        write_events(database, 3)
        dump = subprocess.run(
            [old / "pg_dump", f"--dbname={database.url}&user=postgres"],
            check=True, capture_output=True,
        )  # fmt: skip
        subprocess.run(
            [
                new / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", os.devnull,
                f"{restored.url}&user=postgres",
            ],
            check=True, input=dump.stdout,
        )  # fmt: skip
        monkeypatch.setenv("DATABASE_URL", restored.url)
        found = verified()
        assert (found.problems, found.unsealed) == ([], 3)
        write_events(restored, 4)
        done = sealed()
        assert done.events == 7
        assert len({seal.system_identifier for seal in done.seals}) == 2
        found = verified()
        assert (found.problems, found.unsealed) == ([], 0)


def test_sealing_at_intervals_until_it_is_stopped(database: Database) -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "app", "audit", "seal", "--every", "1", "--json"],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert msgspec.json.decode(program.stdout.readline())["events"] > 0
    write_events(database, 2)
    until = time.monotonic() + 60
    while verified().unsealed and time.monotonic() < until:
        time.sleep(0.1)
    program.send_signal(signal.SIGTERM)
    output, _ = program.communicate(timeout=60)
    assert program.returncode == 0
    assert sum(msgspec.json.decode(line)["events"] for line in output.splitlines()) == 2
    found = verified()
    assert (found.problems, found.unsealed) == ([], 0)


# Keys.


def test_the_embedded_default_makes_its_key_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clean_settings(monkeypatch, tmp_path)
    settings = Settings(claims_home=tmp_path)
    with pytest.raises(ClaimsError) as caught:
        signing_key(settings, may_create=False)
    assert caught.value.code == "AUDIT_KEY_MISSING"
    made = signing_key(settings, may_create=True)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    again = signing_key(settings, may_create=True)
    assert made.private_bytes_raw() == again.private_bytes_raw()
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(ClaimsError) as caught:
        signing_key(settings, may_create=True)
    assert caught.value.code == "AUDIT_KEY_FILE_EXPOSED"


def test_with_a_database_url_there_is_no_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clean_settings(monkeypatch, tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql:///claims")
    with pytest.raises(ClaimsError) as caught:
        signing_key(load_settings(), may_create=True)
    assert caught.value.code == "AUDIT_KEY_MISSING"
    key = tmp_path / "key"
    key.write_text("no key\n")
    key.chmod(0o600)
    monkeypatch.setenv("CLAIMS_AUDIT_KEY_FILE", str(key))
    with pytest.raises(ClaimsError) as caught:
        signing_key(load_settings(), may_create=True)
    assert caught.value.code == "AUDIT_KEY_INVALID"
    monkeypatch.setenv("CLAIMS_AUDIT_PUBLIC_KEYS", "also none")
    with pytest.raises(ClaimsError) as caught:
        trusted_keys(load_settings())
    assert caught.value.code == "AUDIT_KEY_INVALID"
