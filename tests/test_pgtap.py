"""Run pgtests/: every file on both servers, each in a database of its own.

The plugin pytest-pgtap is not used: it runs all files over one connection to one server, and skips
without failing when a plan says so. What psql prints is read by the TAP parser that it uses too.
"""

import re
import subprocess
from operator import attrgetter
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo
from tap.line import Bail, Plan, Result
from tap.parser import Parser

from app.program.paths import SQL_DIR
from tests.servers import Server

PGTESTS = Path(__file__).parents[1] / "pgtests"
SUPPORT = PGTESTS / "_support"
"""What the files include; no tests themselves."""

FILES = sorted(
    path.relative_to(PGTESTS) for path in PGTESTS.rglob("*.sql") if not path.is_relative_to(SUPPORT)
)


def test_there_are_files() -> None:
    assert FILES


RULES = sorted(
    path for path in (SQL_DIR / "validation").rglob("*.sql") if path.name != "contents.sql"
)


@pytest.mark.parametrize("file", RULES, ids=attrgetter("stem"))
def test_a_rule_has_a_file_and_a_test_of_its_own(file: Path) -> None:
    made = re.findall(r"^create (?:function|procedure) ([a-z_.]+)", file.read_text(), re.MULTILINE)
    assert made == [f"validation.{file.stem}"]
    tests = PGTESTS / file.relative_to(SQL_DIR).with_suffix("")
    assert tests.with_suffix(".sql").is_file() or list(tests.glob("*.sql"))


@pytest.mark.parametrize("file", FILES, ids=str)
def test_pgtap(server: Server, file: Path) -> None:
    with server.database(server.with_pgtap) as database:
        info = server.cluster.conninfo(dbname=database.name)
        run = subprocess.run(
            [
                server.cluster.bin_dir / "psql", "--no-psqlrc", "--quiet", "--tuples-only",
                "--no-align", "--set=ON_ERROR_STOP=1", f"--file={PGTESTS / file}",
                make_conninfo("", **info),
            ],
            check=False,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )  # fmt: skip
    failure = judge(run.stdout, run.returncode)
    if failure:
        pytest.fail(f"{file}: {failure}\n{run.stdout}{run.stderr}", pytrace=False)


def judge(output: str, status: int) -> str | None:
    """Say what is wrong with a run of psql that printed TAP; None when nothing is."""
    lines = list(Parser().parse_text(output))
    plans = [line for line in lines if isinstance(line, Plan)]
    results = [line for line in lines if isinstance(line, Result)]
    failed = [line.number for line in results if not line.ok and not line.todo]
    planned = plans[0].expected_tests if plans else 0
    checks = {
        f"psql ended with status {status}": status != 0,
        "it bailed out": any(isinstance(line, Bail) for line in lines),
        f"it has {len(plans)} plans, not one": len(plans) != 1,
        "it skips tests": any(line.skip for line in (*plans, *results)),
        f"not ok: {failed}": bool(failed),
        f"it planned {planned} tests and ran {len(results)}": planned != len(results),
    }
    return next((problem for problem, found in checks.items() if found), None)


@pytest.mark.parametrize(
    ("output", "status", "failure"),
    [
        ("1..2\nok 1 - a\nok 2 - b\n", 0, None),
        ("1..1\nnot ok 1 - a # TODO later\n", 0, None),
        ("1..2\nok 1 - a\nnot ok 2 - b\n", 0, "not ok: [2]"),
        ("1..2\nok 1 - a\n", 0, "it planned 2 tests and ran 1"),
        ("1..1\nok 1 - a\n", 3, "psql ended with status 3"),
        ("ok 1 - a\n", 0, "it has 0 plans, not one"),
        ("1..0 # SKIP none\n", 0, "it skips tests"),
        ("1..1\nok 1 # SKIP a\n", 0, "it skips tests"),
        ("1..1\nBail out! gone\n", 0, "it bailed out"),
    ],
)
def test_judge(output: str, status: int, failure: str | None) -> None:
    assert judge(output, status) == failure
