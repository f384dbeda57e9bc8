"""README and docs: each command in them runs, in order, and what they name is there."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import click
import pytest

from app.cli import main
from app.program.paths import ROOT
from tests.servers import own_home
from tests.service_support import free_port

PAGES: Final = tuple(
    sorted(
        path.relative_to(ROOT)
        for path in (
            *ROOT.glob("README.md"),
            *ROOT.glob("SECURITY.md"),
            *ROOT.glob("CONTRIBUTING.md"),
            *ROOT.glob("CHANGELOG.md"),
            *(ROOT / "docs").rglob("*.md"),
        )
    )
)
README_LINES: Final = 150

RUN: Final = ("sh", "sql")
DECODED: Final = ("json",)
SHOWN: Final = ("text", "mermaid", "ini", "python")
"""Pictures, output of a program, files of another program's and pieces of code: no commands."""

NOT_RUN: Final = {
    (
        "CONTRIBUTING.md",
        "TEST_DATABASE_URL=postgresql://postgres@127.0.0.1:5432/ .venv/bin/python -m pytest -n 2",
    ),
    ("CONTRIBUTING.md", "sha256sum migrations/versions/*.* > migrations/released.sha256"),
    ("README.md", "make demo"),
    ("README.md", 'export PATH="$PWD/.venv/bin:$PATH"'),
    ("SECURITY.md", "alter role jdoe set pgaudit.log = 'read, write, ddl, role';"),
    (
        "docs/decisions/distribution-key.md",
        "alter sequence queue.claim_ids restart with 30000000000001;",
    ),
    ("docs/operate.md", 'pg_dumpall --roles-only --dbname="$OLD" | psql "$NEW"'),
    ("docs/performance.md", "claims bench"),
    (
        "docs/reference.md",
        "claims reference load rvu25d.zip GPCI2026.csv ZIP5_OCT2025.txt icd10cm_codes_2026.txt",
    ),
    (
        "docs/reference.md",
        "claims reference withdraw 12 --reason 'the file of another quarter'",
    ),
    ("docs/scoring.md", ".venv/bin/python -m pip install --editable '.[train]'"),
    (
        "docs/sql.md",
        "select cron.schedule('claims pipeline', '* * * * *', 'call pipeline.process_pending()');",
    ),
}
"""By page and first line: the blocks that say of themselves why a test cannot run them."""

REASON: Final = re.compile(r"<!-- not run: (?P<reason>\S.{20,}) -->")
CLAIMS: Final = Path(sys.executable).parent / "claims"
DEMO: Final = "demo.txt"
"""What the demo said, in the reader's folder."""

PAGE_SECONDS: Final = 120

PROLOGUE: Final = """
set -euo pipefail
trap '{ jobs -p | xargs --no-run-if-empty kill; wait; } || true' EXIT
"""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page."""

    line: int
    language: str
    text: str
    reason: str | None
    """Why it is not run, where it says so."""


@dataclass(frozen=True)
class Page:
    """A page, read into its fenced blocks."""

    path: Path

    @cached_property
    def text(self) -> str:
        """The whole page."""
        return (ROOT / self.path).read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[Block]:
        """The fenced blocks, in order."""
        found = []
        lines = self.text.splitlines()
        opened: int | None = None
        for number, line in enumerate(lines):
            if not line.startswith("```"):
                continue
            if opened is None:
                opened = number
                continue
            assert line == "```", f"{self.path}:{number + 1}: a block ends in three backticks"
            above = REASON.fullmatch(lines[opened - 1]) if opened else None
            found.append(
                Block(
                    opened + 1,
                    lines[opened].removeprefix("```"),
                    "\n".join(lines[opened + 1 : number]) + "\n",
                    above and above["reason"],
                )
            )
            opened = None
        assert opened is None, f"{self.path}: a block does not end"
        return found

    @property
    def prose(self) -> str:
        """What stands outside of the blocks."""
        return re.sub(r"^```.*?^```$", "", self.text, flags=re.DOTALL | re.MULTILINE)


def pages() -> list[Page]:
    return [Page(path) for path in PAGES]


RUNNABLE: Final = [
    page
    for page in pages()
    if any(block.language in RUN and block.reason is None for block in page.blocks)
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder as `make demo` leaves it: the database in .claims, and data/ beside it."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "data").symlink_to(ROOT / "data")
    with own_home(folder / ".claims"):
        done = subprocess.run(
            [CLAIMS, "demo"], check=True, capture_output=True, cwd=folder, env=environment()
        )
        (folder / DEMO).write_bytes(done.stdout)
        yield folder


def environment(port: int = 8000) -> dict[str, str]:
    """Give what a reader's shell has, with the program on its PATH."""
    return {
        "PATH": f"{CLAIMS.parent}:{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        "LANG": "C.UTF-8",
        "CLAIMS_HTTP_PORT": str(port),
    }


def script(page: Page, folder: Path, port: int) -> str:
    """Write the blocks of a page as one program, which says before each where it stands."""
    parts = [PROLOGUE]
    for block in page.blocks:
        if block.language not in RUN or block.reason is not None:
            continue
        text = block.text.replace("localhost:8000", f"localhost:{port}")
        if block.language == "sql":
            file = folder / f"{page.path.stem}-{block.line}.sql"
            file.write_text(text)
            text = f"claims db psql -- --no-psqlrc --set=ON_ERROR_STOP=1 --file={file}\n"
        parts += [f"echo '{page.path}:{block.line}' >&2\n", text]
    return "".join(parts)


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: str(page.path))
def test_the_commands_of_a_page_run(page: Page, home: Path, tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "page.sh"
    file.write_text(script(page, tmp_path, port))
    output = tmp_path / "output"
    with output.open("wb") as written:
        running = subprocess.Popen(
            ["/bin/bash", file],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            cwd=home,
            env=environment(port),
            start_new_session=True,
        )
        try:
            status = running.wait(PAGE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            status = -1
    if status != 0:
        said = output.read_text(encoding="utf-8", errors="replace")
        pytest.fail(f"{page.path} ended with {status}:\n{said[-4000:]}", pytrace=False)


def test_the_demo_says_what_the_readme_shows(home: Path) -> None:
    shown = next(
        block.text for block in Page(Path("README.md")).blocks if "─ Claims ─" in block.text
    )
    rows = r"^│ +(\S.*\S) {2,}(\S+) +│$"
    said = re.findall(rows, (home / DEMO).read_text(encoding="utf-8"), re.MULTILINE)
    expected = re.findall(rows, shown, re.MULTILINE)
    assert expected
    assert said[: len(expected)] == expected


def test_each_block_is_of_a_known_kind_and_says_why_it_is_not_run() -> None:
    not_run = set()
    for page in pages():
        for block in page.blocks:
            where = f"{page.path}:{block.line}"
            assert block.language in (*RUN, *DECODED, *SHOWN), where
            if block.language in DECODED:
                json.loads(block.text)
            if block.language in SHOWN:
                command = re.search(
                    r"^(\$ )?(claims|curl|make|psql|pip) .*", block.text, re.MULTILINE
                )
                assert command is None, f"{where} shows a command that is not run"
            if block.reason is not None:
                assert block.language in RUN, where
                not_run.add((str(page.path), block.text.splitlines()[0]))
        assert page.text.count("<!-- not run") == sum(
            block.reason is not None for block in page.blocks
        )
    assert not_run == NOT_RUN


def test_each_command_that_is_named_is_there() -> None:
    """`claims x y --option` in running text and tables: commands and options, not values."""
    for page in pages():
        for named in re.findall(r"`(?:\.venv/bin/)?claims ([a-z][^`]*)`", page.prose):
            command: click.Command = main
            context = click.Context(main)
            for word in named.replace(",", " ").split():
                if word.startswith("--"):
                    options = {name for option in command.params for name in option.opts}
                    assert word in options | {"--help"}, f"{page.path}: claims {named}"
                elif isinstance(command, click.Group) and re.fullmatch(r"[a-z-]+", word):
                    found = command.get_command(context, word)
                    assert found is not None, f"{page.path}: claims {named}"
                    command = found


def test_each_link_leads_to_a_page() -> None:
    for page in pages():
        for link in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.prose):
            assert (ROOT / page.path.parent / link).exists(), f"{page.path}: {link}"


def test_each_file_that_is_named_is_there() -> None:
    folders = "app|sql|tests|pgtests|migrations|data|docs"
    for page in pages():
        if page.path.name == "CHANGELOG.md":
            continue  # it names what is gone, too
        for name in re.findall(rf"`((?:{folders})/[\w/.-]+)`", page.prose):
            assert (ROOT / name).exists(), f"{page.path}: {name}"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


def test_the_readme_leads_to_each_page_of_docs() -> None:
    linked = set(re.findall(r"\((docs/[^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    of_decisions = Path("docs/decisions")
    assert {
        str(path)
        for path in PAGES
        if path.is_relative_to("docs") and not path.is_relative_to(of_decisions)
    } == linked - {"docs/decisions/README.md"}
    index = (ROOT / of_decisions / "README.md").read_text(encoding="utf-8")
    for path in PAGES:
        if path.parent == of_decisions and path.name != "README.md":
            assert f"({path.name})" in index, path
