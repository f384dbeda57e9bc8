"""Load releases into the database: one transaction each, rows by COPY."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, LiteralString

from psycopg import Connection, sql

from app.program.errors import ClaimsError, translated
from app.reference.listing import Period, list_periods
from app.reference.releases import Release

REGISTER_RELEASE: Final[LiteralString] = """
select maintenance.register_release(
  %(kind)s, %(qpp_status)s, %(name)s, %(valid_from)s, %(valid_to)s, %(is_starter)s,
  %(file_name)s, %(file_sha256)s, %(row_count)s
)"""

REFRESH_PERIODS: Final[LiteralString] = "select maintenance.refresh_periods(%(kind)s)"

LOADED_BEFORE: Final[LiteralString] = """
select release.release_id
from reference.releases as release
where
  release.kind = %(kind)s
  and release.qpp_status = %(qpp_status)s
  and release.file_sha256 = %(file_sha256)s
  and release.valid_from = %(valid_from)s
  and release.valid_to is not distinct from %(valid_to)s
  and release.withdrawn_at is null"""

FIND_REPLACED: Final[LiteralString] = """
select release.name, release.row_count
from reference.periods_in_force as period
inner join reference.releases as release on period.release_id = release.release_id
where
  period.kind = %(kind)s
  and %(qpp_status)s in ('both', period.qpp_status)
  and %(valid_from)s between period.valid_from and period.valid_to
  and not release.is_starter
order by release.row_count desc
limit 1"""

FAR_SMALLER: Final = 0.5
"""A list with less than this share of the rows that it takes the place of is doubted."""

ROWS_PER_REPORT: Final = 2_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a release."""

    release: Release
    release_id: int
    in_force: list[Period]
    superseded: list[Period] | None
    """Periods that others were in force on until now; None when nothing was loaded,
    because the same content had been loaded for the same dates before."""


def load(
    conn: Connection[Any],
    release: Release,
    *,
    is_starter: bool = False,
    may_be_smaller: bool = False,
    on_rows: Callable[[int], None] = lambda _: None,
) -> Loaded:
    """Load a release in a transaction of its own; conn as the operator.

    on_rows is told how many more rows were sent.

    Raises:
        ClaimsError: REFERENCE_LIST_SMALLER, when it is far smaller than what is in force on its
            first date, unless it may be.
        DatabaseError: from the database.

    """
    parameters = {
        "kind": release.kind.code,
        "qpp_status": release.qpp_status,
        "name": release.name,
        "valid_from": release.valid_from,
        "valid_to": release.valid_to,
        "is_starter": is_starter,
        "file_name": release.source.name,
        "file_sha256": release.source.sha256,
        "row_count": len(release.rows),
    }
    with translated(), conn.transaction():
        release_id = _scalar(conn, REGISTER_RELEASE, parameters)
        before = list_periods(conn, release.kind.code)
        if release_id is not None and not (may_be_smaller or is_starter):
            _check_size(conn, release, parameters)
        if release_id is None:
            release_id = _scalar(conn, LOADED_BEFORE, parameters)
            on_rows(len(release.rows))
            return Loaded(release, release_id, _of(release_id, before), superseded=None)
        _copy(conn, release, release_id, on_rows)
        _scalar(conn, REFRESH_PERIODS, {"kind": release.kind.code})
        in_force = _of(release_id, list_periods(conn, release.kind.code))
    return Loaded(release, release_id, in_force, _superseded(before, in_force))


def _check_size(conn: Connection[Any], release: Release, parameters: dict[str, Any]) -> None:
    """Doubt a part of a list that would take the place of the whole."""
    replaced = conn.execute(FIND_REPLACED, parameters).fetchone()
    if replaced is not None and len(release.rows) < FAR_SMALLER * replaced[1]:
        raise ClaimsError(
            "REFERENCE_LIST_SMALLER",
            f"{release.source.name} holds {len(release.rows):,} rows, and would take the place of "
            f"{replaced[0]} with {replaced[1]:,}; nothing of it was loaded",
            "Look whether the file is whole. If it is, and the list did shrink, say --smaller.",
        )


def _scalar(conn: Connection[Any], query: LiteralString, parameters: dict[str, Any]) -> Any:  # noqa: ANN401, one value of any type
    return conn.execute(query, parameters, binary=True).fetchall()[0][0]


def _of(release_id: int, periods: list[Period]) -> list[Period]:
    return [period for period in periods if period.release_id == release_id]


def _copy(
    conn: Connection[Any], release: Release, release_id: int, on_rows: Callable[[int], None]
) -> None:
    statement = sql.SQL("copy reference.{} ({}) from stdin").format(
        sql.Identifier(release.kind.table),
        sql.SQL(", ").join(map(sql.Identifier, ("release_id", *release.kind.column_names))),
    )
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for start in range(0, len(release.rows), ROWS_PER_REPORT):
            part = release.rows[start : start + ROWS_PER_REPORT]
            for row in part:
                copy.write_row((release_id, *row))
            on_rows(len(part))


def _superseded(before: list[Period], in_force: list[Period]) -> list[Period]:
    """Say what other releases lost: their periods cut to the dates that were taken."""
    lost = []
    for old in before:
        for new in in_force:
            first = max(old.valid_from, new.valid_from)
            last = min(old.valid_to or date.max, new.valid_to or date.max)
            if old.qpp_status == new.qpp_status and first <= last:
                until = None if last == date.max else last
                lost.append(replace(old, valid_from=first, valid_to=until))
    return lost
