"""Modules of app/ import downward alone, so that each room can be read with those below it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from app.program.paths import ROOT

APP: Final = ROOT / "app"

LAYERS: Final = (
    "program",
    "claim",
    "embedded",
    "database",
    "vault",
    "audit",
    "reference",
    "generate",
    "intake",
    "scoring",
    "pricing",
    "desk",
    "pipeline",
    "service",
    "bench",
    "cli",
)
"""The rooms of app/, the lowest first: a module imports from its own and from those before it."""

MODULES: Final = sorted(path.relative_to(APP) for path in APP.rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Give the rooms that a module imports from, wherever in it that stands, with the line."""
    for node in ast.walk(ast.parse((APP / path).read_text())):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            package, *rest = name.split(".")
            if package == "app" and rest and isinstance(node, ast.stmt):
                yield node.lineno, rest[0]


def test_every_room_has_its_place() -> None:
    rooms = {path.parent.name for path in APP.glob("*/__init__.py")}
    assert rooms == set(LAYERS)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_imports_downward(path: Path) -> None:
    if len(path.parts) == 1:
        return
    place = LAYERS.index(path.parts[0])
    upward = [
        f"line {line}: app.{room}" for line, room in imported(path) if LAYERS.index(room) > place
    ]
    assert not upward, f"app/{path} imports from above: {', '.join(upward)}"
