"""Wrapping keys: from the environment, a file or a command, and whatever can be wrong with them."""

import base64
import os
import stat
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from app.cli import main
from app.database.connect import Role, connect
from app.program.errors import ClaimsError
from app.program.settings import load_settings
from app.vault import KeyRing
from app.vault.providers import (
    KeyCommand,
    LocalKey,
    WrongKeyError,
    command_provider,
    configured_provider,
    file_provider,
)
from tests.servers import KEY, Database

DATA_KEY = bytes(range(32))

# A key management service as small as can be: it wraps under a key of its own.
SERVICE = """
import base64, sys
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
verb = {"wrap": aes_key_wrap, "unwrap": aes_key_unwrap}[sys.argv[1]]
content = base64.b64decode(sys.stdin.readline())
print(base64.b64encode(verb(b"k" * 32, content)).decode())
"""


def command(folder: Path, text: str, seconds: float = 20) -> KeyCommand:
    """Give a provider that runs a Python program."""
    program = folder / "a service.py"
    program.write_text(text)
    return command_provider("CLAIMS_KEY_COMMAND", f"{sys.executable} '{program}'", seconds)


def refused(provider: KeyCommand) -> ClaimsError:
    """Unwrap what must not be unwrapped."""
    with pytest.raises(ClaimsError) as error:
        provider.unwrap(b"wrapped")
    assert error.value.code == "VAULT_KEY_COMMAND_FAILED"
    return error.value


def test_a_local_key_opens_what_it_wrapped_and_no_other_does() -> None:
    key, other = LocalKey("one", os.urandom(32)), LocalKey("other", os.urandom(32))
    assert key.unwrap(key.wrap(DATA_KEY)) == DATA_KEY
    assert key.fingerprint != other.fingerprint
    with pytest.raises(WrongKeyError):
        other.unwrap(key.wrap(DATA_KEY))


def test_a_command_wraps_and_unwraps(tmp_path: Path) -> None:
    service = command(tmp_path, SERVICE)
    wrapped = service.wrap(DATA_KEY)
    assert DATA_KEY not in wrapped
    assert service.unwrap(wrapped) == DATA_KEY


def test_a_command_gets_its_words_without_a_shell(tmp_path: Path) -> None:
    echo = "import base64,sys; print(base64.b64encode(sys.argv[1].encode().ljust(32)).decode())"
    service = command(tmp_path, echo)
    spoken = KeyCommand("c", (*service.words, "$(id); rm *"), 20)
    assert spoken.unwrap(b"") == b"$(id); rm *".ljust(32)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit(3)", "ended with status 3"),
        ("print('no base64!')", "did not answer with the base64 of 32 bytes"),
        ("print('c2hvcnQ=')", "did not answer with the base64 of 32 bytes"),
        ("pass", "did not answer with the base64 of 32 bytes"),
        ("print('A' * 200_000)", "answered more than 65536 bytes"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended with status -9"),
    ],
)
def test_a_command_that_fails_or_answers_rubbish(tmp_path: Path, program: str, said: str) -> None:
    assert said in refused(command(tmp_path, program)).message


def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    hanging = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
time.sleep(60)
"""
    started = time.monotonic()
    error = refused(command(tmp_path, hanging, seconds=3))
    assert "did not end within 3 s" in error.message
    assert time.monotonic() - started < 30
    child = int((tmp_path / "pid").read_text())
    until = time.monotonic() + 10
    while time.monotonic() < until and is_running(child):
        time.sleep(0.05)
    assert not is_running(child)


def is_running(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_a_command_that_is_not_there() -> None:
    assert "cannot be run" in refused(KeyCommand("c", ("/no/such/program",), 1)).message


@pytest.mark.parametrize("text", ["", "   ", "kms 'unfinished"])
def test_what_is_no_command_line(text: str) -> None:
    with pytest.raises(ClaimsError) as error:
        command_provider("CLAIMS_KEY_COMMAND", text, 1)
    assert error.value.code == "VAULT_KEY_INVALID"


@pytest.mark.parametrize(
    ("mode", "text", "code"),
    [
        (0o640, KEY, "VAULT_KEY_FILE_EXPOSED"),
        (0o604, KEY, "VAULT_KEY_FILE_EXPOSED"),
        (0o600, "", "VAULT_KEY_INVALID"),
        (0o600, "bm90IGEga2V5", "VAULT_KEY_INVALID"),
        (0o600, "\xff\xfe", "VAULT_KEY_INVALID"),
        (None, "", "VAULT_KEY_MISSING"),
    ],
)
def test_a_key_file_that_is_wrong(tmp_path: Path, mode: int | None, text: str, code: str) -> None:
    path = tmp_path / "key"
    if mode is not None:
        path.write_bytes(text.encode("latin-1"))
        path.chmod(mode)
    with pytest.raises(ClaimsError) as error:
        file_provider(path)
    assert error.value.code == code
    assert str(path) in error.value.message


def test_a_key_file_is_not_followed_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "link").symlink_to(tmp_path / "key")
    with pytest.raises(ClaimsError) as error:
        file_provider(tmp_path / "link")
    assert error.value.code == "VAULT_KEY_MISSING"


def test_two_wrapping_keys_are_one_too_many(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLAIMS_ENCRYPTION_KEY", KEY)
    monkeypatch.setenv("CLAIMS_KEY_COMMAND", "kms")
    with pytest.raises(ClaimsError, match="one alone can be set") as error:
        load_settings()
    assert error.value.code == "CONFIG_INVALID"


def test_a_database_under_a_command(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert database.url
    service = command(tmp_path, SERVICE)
    monkeypatch.delenv("CLAIMS_ENCRYPTION_KEY")
    monkeypatch.setenv("CLAIMS_KEY_COMMAND", f"{service.words[0]} '{service.words[1]}'")
    settings = load_settings()
    with connect(Role.APP) as conn:
        first = KeyRing.open(conn, settings)
    with connect(Role.APP) as conn:
        assert KeyRing.open(conn, settings).tokens.member("1") == first.tokens.member("1")

    # A service that answers with another key is told, although it answers in good form.
    command(tmp_path, "import base64; print(base64.b64encode(b'x' * 32).decode())")
    with connect(Role.APP) as conn, pytest.raises(ClaimsError) as error:
        KeyRing.open(conn, settings)
    assert error.value.code == "VAULT_KEY_WRONG"

    command(tmp_path, "import sys; sys.stderr.write('sealed'); sys.exit(2)")
    result = CliRunner().invoke(main, ["load", os.devnull])
    assert result.exit_code == 1
    assert "VAULT_KEY_COMMAND_FAILED" in result.stderr
    assert "sealed" in capfd.readouterr().err, "what the command says is shown as it is"
    with connect(Role.APP) as conn:
        first.refresh(conn)
    assert "sealed" not in capfd.readouterr().err, "who has the keys asks for none of them again"


def test_init_makes_the_file_that_is_set_and_load_does_not(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert database.url
    path = tmp_path / "keys" / "wrapping.key"
    monkeypatch.delenv("CLAIMS_ENCRYPTION_KEY")
    monkeypatch.setenv("CLAIMS_ENCRYPTION_KEY_FILE", str(path))
    runner = CliRunner()
    (tmp_path / "claims").write_text("{}")
    assert "VAULT_KEY_MISSING" in runner.invoke(main, ["load", str(tmp_path / "claims")]).stderr
    assert not path.exists()
    made = runner.invoke(main, ["keys", "init"])
    assert made.exit_code == 0, made.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    assert runner.invoke(main, ["keys", "init"]).exit_code == 0
    assert path.read_bytes() == content
    path.unlink()
    lost = runner.invoke(main, ["keys", "init"])
    assert "VAULT_KEY_MISSING" in lost.stderr
    assert not path.exists(), "a lost key is never replaced silently"


def test_rewrapping_changes_the_wrapping_key_and_nothing_else(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runner = CliRunner()
    settings = load_settings()
    with connect(Role.APP) as conn:
        ring = KeyRing.open(conn, settings)
    erasure_id, cipher = ring.encryptor(1).claim(1, None)
    blob = cipher.encrypt("city", "Clayton")
    assert erasure_id

    monkeypatch.setenv("NEW_KEY", base64.b64encode(os.urandom(32)).decode())
    done = runner.invoke(main, ["keys", "rewrap", "--to-variable", "NEW_KEY"])
    assert done.exit_code == 0, done.stderr
    with connect(Role.APP) as conn, pytest.raises(ClaimsError) as error:
        KeyRing.open(conn, settings)
    assert error.value.code == "VAULT_KEY_WRONG"
    with database.connect("claims_app") as conn:
        before = ring.state
        ring.refresh(conn)
        assert ring.state == before, "who runs goes on"

    service = command(tmp_path, SERVICE)
    line = f"{service.words[0]} '{service.words[1]}'"
    monkeypatch.setenv("CLAIMS_ENCRYPTION_KEY", os.environ["NEW_KEY"])
    done = runner.invoke(main, ["keys", "rewrap", "--to-command", line])
    assert done.exit_code == 0, done.stderr
    monkeypatch.delenv("CLAIMS_ENCRYPTION_KEY")
    monkeypatch.setenv("CLAIMS_KEY_COMMAND", line)
    with connect(Role.APP) as conn:
        again = KeyRing.open(conn, load_settings())
    assert again.keys.data_keys == ring.keys.data_keys
    assert blob[0] == 2

    listed = runner.invoke(main, ["keys", "list"])
    wrapped_by = configured_provider(load_settings(), may_create=False).fingerprint.hex()
    assert listed.stdout.count(wrapped_by) == 2


def test_rewrapping_to_what_does_not_give_the_key_back_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    assert database.url
    settings = load_settings()
    with connect(Role.APP) as conn:
        KeyRing.open(conn, settings)
    forgetful = command(tmp_path, "import base64; print(base64.b64encode(b'x' * 32).decode())")
    line = f"{forgetful.words[0]} '{forgetful.words[1]}'"
    done = CliRunner().invoke(main, ["keys", "rewrap", "--to-command", line])
    assert done.exit_code == 1
    assert "does not give data key" in done.stderr
    with connect(Role.APP) as conn:
        KeyRing.open(conn, settings)


def test_a_key_given_in_a_variable_is_not_shown() -> None:
    secret = base64.b64encode(os.urandom(32)).decode()
    assert secret not in repr(
        load_settings().model_copy(update={"claims_encryption_key": SecretStr(secret)})
    )
