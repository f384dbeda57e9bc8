"""SECURITY.md names what there is: tests, files, commands, errors, events and settings."""

import re
from typing import Final

import click
import pytest

from app.cli import main
from app.program.paths import ROOT, SQL_DIR

SECURITY: Final = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED_TESTS: Final = re.findall(r"`([a-z_]+\.py)::(test_[a-z0-9_]+)`", SECURITY)
SAFEGUARDS: Final = (
    *("(a)(1)", "(a)(2)(i)", "(a)(2)(ii)", "(a)(2)(iii)", "(a)(2)(iv)", "(b)", "(c)(1)"),
    *("(c)(2)", "(d)", "(e)(1)", "(e)(2)(i)", "(e)(2)(ii)"),
)
"""Of 45 CFR 164.312: every standard, and every implementation specification."""


@pytest.mark.parametrize(("file", "test"), sorted(set(NAMED_TESTS)))
def test_a_named_test_is_there(file: str, test: str) -> None:
    assert re.search(rf"^def {test}\(", (ROOT / "tests" / file).read_text(), re.MULTILINE)


def test_each_safeguard_has_an_answer_and_a_test() -> None:
    rows = re.findall(r"^\| (\([a-e]\)\S*) \| (.+) \| (.+) \| (.+) \|$", SECURITY, re.MULTILINE)
    assert tuple(row[0] for row in rows) == SAFEGUARDS
    for row in rows:
        assert "::test_" in row[3], row[0]


def test_what_it_names_is_there() -> None:
    program = "\n".join(path.read_text() for path in (ROOT / "app").rglob("*.py"))
    routines = "\n".join(path.read_text() for path in SQL_DIR.rglob("*.sql"))
    for file in re.findall(r"`(app/[a-z_/]+\.py)`", SECURITY):
        assert (ROOT / file).is_file(), file
    for command in set(re.findall(r"`claims ([a-z]+)", SECURITY)):
        assert main.get_command(click.Context(main), command) is not None, command
    for code in set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", SECURITY)) - {"DATABASE_URL"}:
        assert f'"{code}"' in program, code
    for event in set(
        re.findall(r"`([a-z]+\.(?:refused|searched|phi_refused|restricted))`", SECURITY)
    ):
        assert f"'{event}'" in routines, event


def test_the_readme_leads_to_it() -> None:
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text()
