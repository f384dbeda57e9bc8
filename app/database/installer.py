"""The routines and views of sql/: their text in order, and what tells versions apart."""

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from app.program.errors import ClaimsError
from app.program.paths import SQL_DIR

INSTALL_FILE: Final = SQL_DIR / "install.sql"
_INCLUDE: Final = re.compile(r"^\\ir\s+(\S+)\s*$")


def sql_parts() -> Iterator[tuple[str, str]]:
    """Give the installer's text in order, each stretch with the name of the file it stands in."""
    return _expand(INSTALL_FILE, INSTALL_FILE.parent)


def sql_text() -> str:
    """Give the whole installer, with what it includes, as one text."""
    return "".join(text for _, text in sql_parts())


@cache
def fingerprint() -> str:
    """Give what tells the routines of this program from those of another version."""
    return hashlib.sha256(sql_text().encode()).hexdigest()[:16]


def _expand(file: Path, top: Path) -> Iterator[tuple[str, str]]:
    r"""Follow `\ir FILE`, as psql does; any other backslash command is refused."""
    name = str(file.relative_to(top))
    stretch: list[str] = []
    for number, line in enumerate(file.read_text().splitlines(keepends=True), 1):
        if not line.startswith("\\"):
            stretch.append(line)
            continue
        include = _INCLUDE.match(line)
        if include is None or not (file.parent / include[1]).is_file():
            raise ClaimsError(
                "SCHEMA_INSTALLER",
                f"{name}, line {number}: {line.strip()!r} is no \\ir of a file that is there",
                "Name an existing file, relative to the one that includes it.",
            )
        yield name, "".join(stretch)
        stretch = []
        yield from _expand(file.parent / include[1], top)
    yield name, "".join(stretch)
