"""The contents pages of sql/: each file is read, once, and each edit is run."""

from collections import Counter
from typing import Final

import pytest

from app.database.installer import sql_parts
from app.program.paths import SQL_DIR

FILES: Final = sorted(SQL_DIR.rglob("*.sql"))
EDITS: Final = sorted(path.stem for path in (SQL_DIR / "validation").rglob("check_*.sql"))


def test_each_file_is_read() -> None:
    assert {file for file, _ in sql_parts()} == {str(path.relative_to(SQL_DIR)) for path in FILES}


def test_no_file_is_named_twice() -> None:
    named = Counter(
        (path.parent / line.split()[1]).resolve()
        for path in FILES
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("\\ir ")
    )
    assert set(named) == set(FILES) - {SQL_DIR / "install.sql"}
    assert set(named.values()) == {1}


@pytest.mark.parametrize("edit", EDITS)
def test_each_edit_is_run(edit: str) -> None:
    callers = [
        path.name
        for path in FILES
        if path.stem != edit and f"validation.{edit}(" in path.read_text(encoding="utf-8")
    ]
    assert callers, f"validation.{edit} is called by nothing: add it to validate_batches"
