"""Revisions that were released stay as they are: databases out there have run them."""

import hashlib
from typing import Final

import pytest

from app.program.paths import MIGRATIONS_DIR, ROOT

RELEASED: Final = {
    line.split("  ")[1]: line.split("  ")[0]
    for line in (MIGRATIONS_DIR / "released.sha256").read_text(encoding="ascii").splitlines()
}
"""Hash by file, as `sha256sum` writes and checks them."""


@pytest.mark.parametrize("file", RELEASED)
def test_a_released_revision_is_as_it_was(file: str) -> None:
    found = hashlib.sha256((ROOT / file).read_bytes()).hexdigest()
    assert found == RELEASED[file], f"{file} was released: mend it by a revision of its own"


def test_what_is_not_released_comes_after_what_is() -> None:
    files = sorted(
        str(path.relative_to(ROOT))
        for path in (MIGRATIONS_DIR / "versions").iterdir()
        if path.suffix in {".py", ".sql"}
    )
    assert list(RELEASED) == files[: len(RELEASED)]
    assert "migrations/versions/0011_login_submitters.py" in RELEASED


def test_the_changelog_tells_of_each_revision_to_be_released() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for path in (MIGRATIONS_DIR / "versions").glob("*.py"):
        if str(path.relative_to(ROOT)) not in RELEASED:
            assert path.name[:4] in changelog, path.name
