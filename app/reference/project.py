"""The project's own layout: the columns of a reference table behind those of its release."""

from datetime import date
from functools import partial
from typing import Final

from app.reference import fields
from app.reference.kinds import KINDS, Kind
from app.reference.layout import (
    Layout,
    Parsed,
    Published,
    Rows,
    head_rows,
    separated,
)
from app.reference.source import Source

RELEASE_COLUMNS: Final = {
    "release": fields.name,
    "valid_from": fields.day,
    "valid_to": fields.optional(fields.day),
    "qpp_status": fields.one_of(["both", "qpp", "non_qpp"]),
}
"""What stands before the table's columns in every row; rows with the same are one release."""


def _headings(kind: Kind) -> list[str]:
    return [*RELEASE_COLUMNS, *kind.column_names]


def _recognises(kind: Kind, source: Source) -> bool:
    rows = head_rows(source)
    return bool(rows) and rows[0] == _headings(kind)


def _read(kind: Kind, source: Source) -> list[Parsed]:
    records = separated(source)
    next(records)
    problems: list[str] = []
    file_rows = Rows(source, kind, problems)
    releases: dict[tuple[str, ...], Rows] = {}
    width = len(_headings(kind))
    for line, cells in records:
        release = tuple(cells[: len(RELEASE_COLUMNS)])
        if len(cells) != width:
            reason = f"is how many values the row has, for {width} headings"
            file_rows.refuse(line, "(all)", str(len(cells)), reason)
            continue
        if release not in releases:
            _check_release(file_rows, line, release, list(releases))
            releases[release] = Rows(source, kind, problems)
        releases[release].add(line, cells[len(RELEASE_COLUMNS) :])
    if problems or not releases:
        file_rows.finish()
    return [
        Parsed(kind, f"{kind.code} csv", source, _published(release), rows.finish())
        for release, rows in releases.items()
    ]


def _check_release(
    rows: Rows, line: int, release: tuple[str, ...], others: list[tuple[str, ...]]
) -> None:
    refused = False
    for (column, check), text in zip(RELEASE_COLUMNS.items(), release, strict=True):
        try:
            check(text)
        except ValueError as error:
            refused = True
            rows.refuse(line, column, text, str(error))
    if refused:
        return
    name, valid_from, valid_to, _ = release
    if valid_to and valid_to < valid_from:
        rows.refuse(line, "valid_to", valid_to, f"is before {valid_from}")
    if any(release[1:] == other[1:] for other in others):
        rows.refuse(line, "release", name, "has the dates and status of another release")


def _published(release: tuple[str, ...]) -> Published:
    name, valid_from, valid_to, qpp_status = release
    first = date.fromisoformat(valid_from)
    return Published(
        valid_from=first,
        valid_to=date.fromisoformat(valid_to) if valid_to else None,
        year=first.year,
        qpp_status=qpp_status,
        name=name,
    )


LAYOUTS: Final = tuple(
    Layout(f"the project's own {kind.code} csv", partial(_recognises, kind), partial(_read, kind))
    for kind in KINDS
)
