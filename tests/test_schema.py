"""The schema: fresh and upgraded are the same, down leaves nothing behind."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from app.database import installer, schema
from app.database.connect import Role, connect, needed_revision
from app.program.console import notice_once
from app.program.errors import ClaimsError
from app.program.paths import MIGRATIONS_DIR, SQL_DIR
from tests.servers import Database

REVISIONS = [
    revision.revision for revision in ScriptDirectory(str(MIGRATIONS_DIR)).walk_revisions()
]
LEFT_BEHIND = """
select 'schema ' || nspname
from pg_catalog.pg_namespace
where nspname !~ '^pg_' and nspname not in ('information_schema', 'public')
union all
select 'relation ' || relation.oid::regclass::text
from pg_catalog.pg_class as relation
where relation.relnamespace = 'public'::regnamespace
union all
select 'type ' || type.oid::regtype::text
from pg_catalog.pg_type as type
where type.typnamespace = 'public'::regnamespace
union all
select 'routine ' || routine.oid::regprocedure::text
from pg_catalog.pg_proc as routine
where routine.pronamespace = 'public'::regnamespace
union all
select 'default privileges of ' || defaclrole::regrole::text
from pg_catalog.pg_default_acl"""


def dump(database: Database) -> list[str]:
    """Give pg_dump's text of the schema, without the lines that differ by chance."""
    cluster = database.server.cluster
    run = subprocess.run(
        [cluster.bin_dir / "pg_dump", "--schema-only", f"--dbname={database.url}&user=postgres"],
        check=True,
        capture_output=True,
        text=True,
    )
    return [
        line
        for line in run.stdout.splitlines()
        if not line.startswith(("\\restrict", "\\unrestrict"))
    ]


def left_behind(database: Database) -> list[str]:
    with database.connect() as conn:
        return [row[0] for row in conn.execute(LEFT_BEHIND)]


def alembic(*arguments: str) -> None:
    """Run plain alembic, as a person does in a checkout."""
    subprocess.run(
        [sys.executable, "-m", "alembic", "-c", MIGRATIONS_DIR.parent / "alembic.ini", *arguments],
        check=True,
    )


def test_needed_revision_is_alembics_head() -> None:
    assert REVISIONS[0] == needed_revision()


def test_fresh_and_stepwise_are_the_same(empty_database: Database) -> None:
    schema.upgrade()
    fresh = dump(empty_database)
    schema.downgrade("base")
    for revision in reversed(REVISIONS):
        alembic("upgrade", revision)
        if revision != REVISIONS[0]:
            assert schema.status().routines == 0, f"routines stand at {revision}"
    assert dump(empty_database) == fresh


def test_every_step_can_be_taken_back(empty_database: Database) -> None:
    schema.upgrade()
    fresh = dump(empty_database)
    for revision in REVISIONS[1:]:
        schema.downgrade("-1")
        assert schema.status().revision == revision
        assert schema.status().routines == 0
        schema.upgrade()
        assert dump(empty_database) == fresh
        schema.downgrade(revision)
    schema.downgrade("-1")
    assert left_behind(empty_database) == []


def test_base_leaves_nothing(empty_database: Database) -> None:
    before = dump(empty_database)
    schema.upgrade()
    schema.downgrade("base")
    assert left_behind(empty_database) == []
    assert dump(empty_database) == before


def test_plain_alembic(empty_database: Database) -> None:
    alembic("upgrade", "head")
    assert schema.status().current
    assert schema.status().routines > 0
    alembic("downgrade", "-1")
    assert schema.status().revision == REVISIONS[1]
    alembic("current")
    alembic("downgrade", "base")
    assert left_behind(empty_database) == []


def test_upgrading_again_changes_nothing(database: Database) -> None:
    before = dump(database)
    schema.upgrade()
    assert dump(database) == before


def test_installing_by_hand_is_the_same(database: Database, tmp_path: Path) -> None:
    before = dump(database)
    text = tmp_path / "install.sql"
    text.write_text(installer.sql_text())
    for file in (installer.INSTALL_FILE, text):
        subprocess.run(
            [
                database.server.cluster.bin_dir / "psql", "-X", "-1", "-q", "-v", "ON_ERROR_STOP=1",
                "-f", file, f"{database.url}&user=postgres",
            ],
            check=True,
        )  # fmt: skip
        assert dump(database) == before


@pytest.mark.usefixtures("database")
def test_roles_log_in_as_themselves() -> None:
    for role in Role:
        with connect(role) as conn:
            row = conn.execute("select session_user, current_user").fetchone()
            expected = "postgres" if role is Role.ADMIN else role
            assert row == (expected, expected)


@pytest.mark.usefixtures("empty_database")
def test_a_schema_below_head_is_said() -> None:
    with pytest.raises(ClaimsError) as caught:
        connect(Role.APP)
    assert caught.value.code == "SCHEMA_NOT_CURRENT"
    assert "claims db upgrade" in caught.value.hint


def test_routines_of_another_version_are_said_once(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    notice_once.cache_clear()
    connect(Role.APP).close()
    assert capsys.readouterr().err == ""
    with database.connect() as conn:
        conn.execute("comment on table public.alembic_version is 'routines of another version'")
    for _ in range(2):
        connect(Role.WORKER).close()
    assert capsys.readouterr().err.count("claims db upgrade") == 1
    schema.upgrade()
    connect(Role.APP).close()
    assert capsys.readouterr().err == ""


def test_a_login_takes_a_role_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{database.url}&user=claims_operator")
    with connect(Role.OPERATOR) as conn:
        assert conn.execute("select current_user").fetchone() == ("claims_operator",)
    with pytest.raises(ClaimsError) as caught:
        connect(Role.APP)
    assert caught.value.code == "DB_ROLE"
    assert "grant claims_app to claims_operator" in caught.value.hint


def test_two_upgrades_at_once(empty_database: Database) -> None:
    programs = [subprocess.Popen([sys.executable, "-m", "app", "db", "upgrade"]) for _ in range(2)]
    assert [program.wait() for program in programs] == [0, 0]
    assert schema.status().current
    assert empty_database.name


def test_an_error_in_the_installer_names_its_file(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy = tmp_path / "sql"
    shutil.copytree(SQL_DIR, copy)
    (copy / "desk/status.sql").write_text("select 1;\nselekt 2;\n")
    monkeypatch.setattr(installer, "INSTALL_FILE", copy / "install.sql")
    with pytest.raises(ClaimsError, match=r"desk/status\.sql, about line 2: syntax error"):
        schema.upgrade()
    assert left_behind(empty_database) == []
