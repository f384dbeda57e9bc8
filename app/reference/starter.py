"""The starter data that the project ships, loaded when it is not there yet or has changed."""

from pathlib import Path
from typing import Any, Final, LiteralString

from psycopg import Connection

from app.program.errors import translated
from app.program.paths import DATA_DIR
from app.reference.load import load
from app.reference.recognise import read, unrecognised
from app.reference.releases import Given, settle
from app.reference.source import Source, open_sources

STARTER_FILES: Final = (
    "rvu_data.csv",
    "localities.csv",
    "anesthesia_conversion_factors.csv",
    "zip_localities.csv",
    "icd10cm_codes.csv",
    "place_of_service_codes.csv",
)

LOADED_STARTERS: Final[LiteralString] = """
select release.file_sha256
from reference.releases as release
where release.is_starter"""


def ensure_starter(conn: Connection[Any], folder: Path = DATA_DIR) -> list[str]:
    """Load the starter files whose content is not loaded yet; conn as the operator.

    Each file is one transaction, if none is open. Gives the names of the files loaded.
    Raises DatabaseError, and ClaimsError as app.reference.releases.plan does.
    """
    with translated(), conn.transaction():
        loaded = {bytes(row[0]) for row in conn.execute(LOADED_STARTERS)}
    missing = [
        source
        for name in STARTER_FILES
        for source in open_sources(folder / name)
        if source.sha256 not in loaded
    ]
    for source in missing:
        _load(conn, source)
    return [source.name for source in missing]


def _load(conn: Connection[Any], source: Source) -> None:
    parsed = read(source)
    if parsed is None:
        raise unrecognised(source.name)
    with translated(), conn.transaction():
        for release in parsed:
            load(conn, settle(release, Given()), is_starter=True)
