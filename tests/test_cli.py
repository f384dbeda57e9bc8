"""What all commands have in common: help, `--json`, exit codes, and errors that help."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pytest
import rich_click as click
from click.testing import CliRunner, Result
from psycopg import sql

from app import cli
from app.cli import main
from app.generate import AS_OF, FAULT_SHARE, Generator
from app.program.console import notice_once
from app.program.paths import ROOT
from app.program.settings import NOT_NEEDED, Settings
from tests.pipeline_support import held, wait_for_waiter
from tests.servers import KEY, Database, clean_settings

WITHOUT_JSON: Final = {("db", "psql"), ("audit", "export"), ("serve",), ("worker",)}
"""psql takes the place of the program, an export is JSON anyhow, an object a line, and the two
others run until they are stopped, and log."""


def commands(
    group: click.Group = main, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Give each command with the words that lead to it."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS: Final = dict(commands())


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def error_of(*arguments: str, status: int = 1) -> dict[str, str]:
    """Run what must fail, with and without `--json`; the error, which both must tell."""
    plain, told = invoke(*arguments), invoke(*arguments, "--json")
    assert plain.exit_code == told.exit_code == status, plain.output
    assert plain.stdout == ""
    error: dict[str, Any] = json.loads(told.stdout)
    assert set(error) == {"error"}
    assert set(error["error"]) == {"code", "message", "hint"}
    if status == 1:
        for result in (plain, told):
            assert f"Error: {error['error']['message']}\n" in result.stderr
            assert f"{error['error']['hint']} [{error['error']['code']}]\n" in result.stderr
    assert isinstance(plain.exception, SystemExit)
    return dict(error["error"])


def test_every_command_can_be_called() -> None:
    """Each module beside the group that has a command of its own name is one of them."""
    found = {
        path.stem
        for path in Path(cli.__file__).parent.glob("*.py")
        if isinstance(
            getattr(import_module(f"app.cli.{path.stem}"), path.stem, None), click.Command
        )
    }
    assert found == {path[0] for path in COMMANDS}
    assert {"bench", "db", "demo", "failed", "generate", "load", "price", "process"} <= found
    assert {"reference", "show", "status"} <= found


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_json(path: tuple[str, ...]) -> None:
    for flag in ("-h", "--help"):
        result = invoke(*path, flag)
        assert result.exit_code == 0
        assert max(map(len, result.stdout.splitlines())) <= 80
    parameters = COMMANDS[path].params
    options = {option for one in parameters for option in one.opts}
    assert ("--json" in options) == (path not in WITHOUT_JSON)
    for parameter in parameters:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.opts


def test_the_version_is_that_of_the_package() -> None:
    result = invoke("--version")
    assert result.exit_code == 0
    assert result.stdout.strip().endswith(f"version {version('claims-processor')}")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nosuch"], "No such command 'nosuch'"),
        (["db", "nosuch"], "No such command 'nosuch'"),
        (["load"], "Missing argument 'FILE...'"),
        (["load", "--nope", "x"], "No such option"),
        (["show"], "Missing argument 'CLAIM'"),
        (["status", "--batches", "many"], "Invalid value for '--batches'"),
        (["demo", "--claims", "0"], "Invalid value for '--claims'"),
        (["db", "url", "--role", "nobody"], "Invalid value for '--role'"),
        (["reference", "load", "x", "--from", "2025"], "Invalid value for '--from'"),
        (["generate", "--claims", "3", "--error-share", "2"], "Invalid value for '--error-share'"),
    ],
)
def test_a_command_line_that_is_wrong_ends_with_two(arguments: list[str], told: str) -> None:
    error = error_of(*arguments, status=2)
    assert error["code"] == "USAGE"
    assert told in error["message"]
    assert "--help`" in error["hint"]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No settings at all, in a folder without any, where no server must be made."""
    clean_settings(monkeypatch, tmp_path)
    monkeypatch.setenv("CLAIMS_HOME", str(tmp_path / "home"))
    return monkeypatch


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL: empty"),
        ({"DATABASE_URL": "postgresql://u:hunter2@[x"}, "DATABASE_URL: no libpq connection URL"),
        ({"DATABASE_URL": "hunter2"}, "DATABASE_URL: no libpq connection URL"),
        ({"CLAIMS_HOME": ""}, "CLAIMS_HOME: empty; leave it out"),
        ({"CLAIMS_ENCRYPTION_KEY": "hunter2"}, "CLAIMS_ENCRYPTION_KEY: not base64"),
        ({"CLAIMS_ENCRYPTION_KEY": "aHVudGVyMg=="}, "must be the base64 of 32 bytes, not of 7"),
        ({"CLAIMS_BATCH_SIZE": "0"}, "CLAIMS_BATCH_SIZE: input should be greater"),
        ({"CLAIMS_CONNECTIONS": "two"}, "CLAIMS_CONNECTIONS: input should be a valid integer"),
        ({"CLAIMS_SUBMITTER": ""}, "CLAIMS_SUBMITTER: string should have at least 1"),
        ({"CLAIMS_CONECTIONS": "2"}, "not a setting; did you mean CLAIMS_CONNECTIONS?"),
    ],
)
def test_wrong_settings_are_told_without_their_secrets(
    settings: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], told: str
) -> None:
    for name, value in variables.items():
        settings.setenv(name, value)
    error = error_of("status")
    assert error["code"] == "CONFIG_INVALID"
    assert told in error["message"]
    assert "hunter2" not in str(error)
    assert not (tmp_path / "home").exists()


def test_all_wrong_settings_are_told_at_once_wherever_they_stand(
    settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.setenv("CLAIMS_BATCH_SIZE", "0")
    (tmp_path / ".env").write_text("CLAIMS_CONNECTIONS=0\nCLAIMS_TYPO=1\nOTHER=2\n")
    message = error_of("status")["message"]
    for name in ("CLAIMS_BATCH_SIZE", "CLAIMS_CONNECTIONS", "CLAIMS_TYPO"):
        assert name in message
    assert "OTHER" not in message


@pytest.mark.parametrize("name", sorted(NOT_NEEDED))
def test_a_setting_that_sets_do_not_need_is_told(
    settings: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    for where in ("environment", "file"):
        notice_once.cache_clear()
        if where == "environment":
            settings.setenv(name, "8")
        else:
            settings.delenv(name)
            (tmp_path / ".env").write_text(f"{name}=8\n")
        settings.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/x?user=u")
        told = invoke("status").stderr
        assert told.count(f"{name} is set and does nothing here: ") == 1, where
        assert "MAX_CONCURRENT_BATCHES" in told


def test_every_setting_stands_in_the_template() -> None:
    template = (ROOT / ".env.template").read_text()
    for name, field in Settings.model_fields.items():
        assert f"#{(field.alias or name).upper()}=" in template


@pytest.mark.parametrize(
    "url", ["postgresql://127.0.0.1:1/x?user=u", "postgresql:///x?host=/nonexistent&user=u"]
)
def test_a_server_that_is_down_is_told(settings: pytest.MonkeyPatch, url: str) -> None:
    settings.setenv("DATABASE_URL", url)
    for command in (["status"], ["db", "status"], ["db", "upgrade"], ["process"]):
        error = error_of(*command)
        assert error["code"] == "DB_CONNECTION"
        assert "claims db status" in error["hint"]


def test_a_database_that_is_not_there_is_told(
    settings: pytest.MonkeyPatch, database: Database
) -> None:
    settings.setenv("DATABASE_URL", database.url.replace(database.name, "nowhere"))
    error = error_of("status")
    assert 'database "nowhere" does not exist' in error["message"]


@pytest.mark.usefixtures("empty_database")
@pytest.mark.parametrize(
    "command",
    [
        *(["status"], ["failed"], ["process"], ["show", "1"], ["reference", "list"]),
        *(["load", str(ROOT / "data/sample_claims.ndjson.gz")],),
    ],
    ids=" ".join,
)
def test_a_schema_that_is_not_current_is_told(command: list[str]) -> None:
    error = error_of(*command)
    assert error["code"] == "SCHEMA_NOT_CURRENT"
    assert "claims db upgrade" in error["hint"]


@pytest.mark.usefixtures("database")
def test_a_file_may_have_a_name_that_is_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.csv")
    for command in (["load"], ["reference", "load"], ["price"]):
        told = invoke(*command, name, "--json")
        assert json.loads(told.stdout)["error"]["code"].endswith("_FILE_UNREADABLE")
    places = (ROOT / "data/place_of_service_codes.csv").read_text(encoding="utf-8")
    (tmp_path / name).write_text(places.replace("starter,", "another,"), encoding="utf-8")
    (release,) = json.loads(invoke("reference", "load", name, "--json").stdout)["releases"]
    assert release["file"] == r"\xff.csv"


def test_a_schema_of_a_newer_program_is_told(database: Database) -> None:
    with database.connect() as conn:
        conn.execute("update public.alembic_version set version_num = '9999'")
    assert "Install the version" in error_of("status")["hint"]


@pytest.mark.usefixtures("database")
def test_a_wrong_key_is_told_before_anything_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "claims"
    file.write_text("{}\n")
    assert invoke("load", str(file)).exit_code == 0
    monkeypatch.setenv("CLAIMS_ENCRYPTION_KEY", KEY.replace("A", "B"))
    assert error_of("load", str(file))["code"] == "VAULT_KEY_WRONG"
    assert error_of("show", "1", "--phi", "--purpose", "payment")["code"] == "VAULT_KEY_WRONG"
    monkeypatch.delenv("CLAIMS_ENCRYPTION_KEY")
    assert error_of("load", str(file))["code"] == "VAULT_KEY_MISSING"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["load", "none"], "INTAKE_FILE_UNREADABLE"),
        (["load", "."], "INTAKE_FILE_UNREADABLE"),
        (["load", "--submitter", "nobody", "one"], "PL001"),
        (["reference", "load", "none"], "REFERENCE_FILE_UNREADABLE"),
        (["reference", "load", "one"], "REFERENCE_FILE_UNRECOGNISED"),
        (["price", "none"], "PRICE_FILE_UNREADABLE"),
        (["price", "one"], "PRICE_COLUMNS_INVALID"),
        (["show", "1"], "SHOW_CLAIM_UNKNOWN"),
        (["failed", "--rule", "V999"], "FAILED_RULE_UNKNOWN"),
        (["db", "start"], "EMBEDDED_NOT_USED"),
        (["db", "stop"], "EMBEDDED_NOT_USED"),
        (["db", "downgrade", "7777", "--yes"], "SCHEMA_REVISION"),
    ],
    ids=str,
)
def test_a_mistake_has_a_code_and_a_way_out(
    tmp_path: Path, arguments: list[str], code: str
) -> None:
    (tmp_path / "one").write_text('{"claim_number": "1"}\n')
    assert error_of(*arguments)["code"] == code


@pytest.mark.usefixtures("database")
def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is known is told kindly; nothing is hidden."""

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("app.cli.status.read_status", fail)
    result = invoke("status")
    assert isinstance(result.exception, ZeroDivisionError)
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("command", "table"), [("load", "staging.claims"), ("process", "staging.failed_claims")]
)
def test_an_interrupt_ends_a_command_and_the_next_goes_on(
    database: Database, tmp_path: Path, request: pytest.FixtureRequest, command: str, table: str
) -> None:
    """As Ctrl-C does, which reaches every process of the command."""
    # Tests that run in the background of a shell are told to ignore it, and hand that on.
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, ours))
    file = tmp_path / "claims"
    file.write_bytes(b"".join(Generator(20, 4, AS_OF, FAULT_SHARE)))
    arguments = {"load": ["load", str(file)], "process": ["process"]}
    if command == "process":
        assert invoke(*arguments["load"]).exit_code == 0
    with held(database, table):
        process = subprocess.Popen(
            [sys.executable, "-m", "app", *arguments[command]],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        wait_for_waiter(database)
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert output.strip() == ""
    assert "Aborted" in errors
    assert "Traceback" not in errors
    assert invoke(*arguments[command]).exit_code == 0
    with database.connect() as conn:
        assert conn.execute(
            "select loaded, in_progress > 0, difference from pipeline.accounting"
        ).fetchone() == (20, command == "load", 0)


def test_output_that_finds_no_room_is_told(database: Database) -> None:
    assert database.name
    for arguments in (("status",), ("status", "--json"), ("generate", "--claims", "20")):
        with Path("/dev/full").open("wb") as full:
            told = subprocess.run(
                [sys.executable, "-m", "app", *arguments],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
        assert told.returncode == 1
        assert "[OUTPUT_UNWRITABLE]\n" in told.stderr
        assert "Traceback" not in told.stderr


def test_a_server_that_takes_no_changes_is_told(database: Database) -> None:
    with database.connect() as conn:
        conn.execute(
            sql.SQL("alter database {} set default_transaction_read_only = on").format(
                sql.Identifier(database.name)
            )
        )
    error = error_of("failed", "retry", "1")
    assert error["code"] == "25006"
    assert "primary" in error["hint"]


def test_a_pipe_that_closes_early_is_no_error(database: Database, tmp_path: Path) -> None:
    """As `claims price FILE | head -1` does."""
    assert database.name
    file = tmp_path / "lines.csv"
    line = "2026-03-02,13202,01,99213,,11,1\n"
    file.write_text(
        "date_of_service,carrier,locality,hcpcs,modifiers,place_of_service,units\n" + 20_000 * line
    )
    with subprocess.Popen(
        [sys.executable, "-m", "app", "price", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"date_of_service,")
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_the_list_of_commands_says_what_their_help_says() -> None:
    """It is shown without importing them."""
    context = click.Context(main)
    for name, listed in cli.COMMANDS.items():
        command = main.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(1000) == listed


LOADED: Final = """
import sys
from app.cli import main
try:
    main({arguments!r})
except SystemExit:
    pass
print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)"""

HEAVY: Final = {
    *("ai_edge_litert", "alembic", "cryptography", "granian", "litestar", "numpy"),
    *("pydantic_settings", "sqlalchemy", "tensorflow"),
}


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--help"], HEAVY),
        (["status", "--help"], {"ai_edge_litert", "litestar", "numpy", "tensorflow"}),
    ],
)
def test_a_command_starts_with_what_it_needs_alone(arguments: list[str], heavy: set[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-c", LOADED.format(arguments=arguments, heavy=heavy)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert run.stderr.splitlines()[-1] == "[]"
