"""List the releases that are loaded, and the dates each is in force on."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString

from psycopg import Connection
from psycopg.rows import class_row

from app.program.errors import translated

LIST_RELEASES: Final[LiteralString] = """
select
  release.release_id, release.kind, release.name, release.qpp_status,
  release.valid_from, release.valid_to,
  coalesce(release.superseded_by, '{}') as superseded_by,
  release.row_count, release.is_starter, release.file_name,
  encode(release.file_sha256, 'hex') as file_sha256, release.loaded_at,
  release.withdrawn_at, release.withdrawn_reason
from pipeline.reference_releases as release
order by release.kind, release.valid_from, release.release_id"""

LIST_PERIODS: Final[LiteralString] = """
select
  period.release_id, release.name, period.qpp_status, period.valid_from,
  nullif(period.valid_to, 'infinity') as valid_to
from reference.periods_in_force as period
inner join reference.releases as release on period.release_id = release.release_id
where period.kind = coalesce(%(kind)s, period.kind)
order by period.valid_from, period.qpp_status"""


@dataclass(frozen=True, slots=True)
class Period:
    """Dates on which a release is in force for a QPP status; valid_to None is open."""

    release_id: int
    name: str
    qpp_status: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class ListedRelease:
    """A loaded release as LIST_RELEASES gives it."""

    release_id: int
    kind: str
    name: str
    qpp_status: str
    valid_from: date
    valid_to: date | None
    superseded_by: list[int]
    row_count: int
    is_starter: bool
    file_name: str
    file_sha256: str
    loaded_at: datetime
    withdrawn_at: datetime | None
    """When it was withdrawn as a mistake; None while it holds."""
    withdrawn_reason: str | None


def list_releases(conn: Connection[Any]) -> list[ListedRelease]:
    """Give all releases, by kind and first date."""
    with translated(), conn.cursor(row_factory=class_row(ListedRelease)) as cursor:
        return cursor.execute(LIST_RELEASES).fetchall()


def list_periods(conn: Connection[Any], kind: str | None = None) -> list[Period]:
    """Give the periods in force, of one kind or of all, by first date."""
    with translated(), conn.cursor(row_factory=class_row(Period)) as cursor:
        return cursor.execute(LIST_PERIODS, {"kind": kind}).fetchall()
