"""Where the files that travel with the program are: in a checkout or in an installed wheel."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parents[1]
_BUNDLE: Final = _PACKAGE / "_bundle"

ROOT: Final = _BUNDLE if _BUNDLE.is_dir() else _PACKAGE.parent
"""The folder that holds sql/, migrations/ and data/."""

SQL_DIR: Final = ROOT / "sql"
MIGRATIONS_DIR: Final = ROOT / "migrations"
DATA_DIR: Final = ROOT / "data"
