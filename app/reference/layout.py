"""What the layouts of files share: how rows are collected, and how bad ones are reported."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from operator import getitem
from typing import Final, TypeAlias

from app.program.errors import ClaimsError
from app.reference.fields import Check, Value
from app.reference.kinds import Kind
from app.reference.source import HEAD_LINES, HEAD_SIZE, Source

Row: TypeAlias = tuple[Value, ...]

BAD_ROWS_SHOWN: Final = 5
VALUE_SHOWN: Final = 60
NOTE: Final = re.compile(
    r"\*|notes?:|mac assignments|cpt codes|dental codes|released ", re.IGNORECASE
)
"""How the footnotes and notices begin that stand below the data."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a file, or its name, says about the release it holds; None where it is silent."""

    valid_from: date | None = None
    valid_to: date | None = None
    year: int | None = None
    """Calendar year, where no more than that is known."""
    qpp_status: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """The rows of one release, all of them checked."""

    kind: Kind
    layout: str
    source: Source
    published: Published
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Layout:
    """One form in which a kind is published."""

    title: str
    recognises: Callable[[Source], bool]
    read: Callable[[Source], list[Parsed]]


class _Checked(dict[str, Value]):
    """Texts already checked: most columns hold few different ones."""

    def __init__(self, check: Check) -> None:
        self._check = check

    def __missing__(self, text: str) -> Value:
        value = self[text] = self._check(text)
        return value


class Rows:
    """Collects the rows of a release and refuses the file if any is bad."""

    def __init__(self, source: Source, kind: Kind, problems: list[str] | None = None) -> None:
        """Begin an empty release; several out of one file share their problems."""
        self._source = source
        self._kind = kind
        self._checked = tuple(_Checked(column.check) for column in kind.columns)
        self._rows: dict[Row, Row] = {}
        self._lines: dict[Row, int] = {}
        self._problems: list[str] = [] if problems is None else problems

    def add(self, line: int, texts: Sequence[str]) -> None:
        """Check a row whose texts stand in the order of the kind's columns."""
        try:
            row = tuple(map(getitem, self._checked, texts))
        except ValueError:
            self._refuse_values(line, texts)
            return
        key = row[: self._kind.key_length]
        if key in self._rows:
            columns = "+".join(self._kind.column_names[: self._kind.key_length])
            shown = " ".join(part for part in key if part)
            self.refuse(line, columns, shown, f"is on line {self._lines[key]} already")
            return
        self._rows[key] = row
        self._lines[key] = line

    def refuse(self, line: int, column: str, text: str, reason: str) -> None:
        """Note a bad row; the release is refused when it is finished."""
        shown = text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}…"
        self._problems.append(f"line {line}, column {column}: {shown!r} {reason}")

    def finish(self) -> list[Row]:
        """Give the rows, or raise ClaimsError REFERENCE_ROW_INVALID with the bad ones."""
        self._refuse_outliers()
        if self._problems:
            more = len(self._problems) - BAD_ROWS_SHOWN
            tail = f"\n  and {more:,} more" if more > 0 else ""
            raise row_invalid(
                self._source,
                "\n  ".join(self._problems[:BAD_ROWS_SHOWN]) + tail,
            )
        if not self._rows:
            raise row_invalid(self._source, "the file has no data row")
        return list(self._rows.values())

    def _refuse_outliers(self) -> None:
        name = self._kind.uniform_column
        if name is None or not self._rows:
            return
        column = self._kind.column_names.index(name)
        counts = Counter(row[column] for row in self._rows.values())
        ((usual, _),) = counts.most_common(1)
        if len(counts) == 1:
            return
        for key, row in self._rows.items():
            if row[column] != usual:
                reason = f"differs from the {usual} of the other rows"
                self.refuse(self._lines[key], name, str(row[column]), reason)

    def _refuse_values(self, line: int, texts: Sequence[str]) -> None:
        for column, text in zip(self._kind.columns, texts, strict=True):
            try:
                column.check(text)
            except ValueError as error:
                self.refuse(line, column.name, text, str(error))


def row_invalid(source: Source, problem: str) -> ClaimsError:
    """Say which rows of a file are bad."""
    return ClaimsError(
        "REFERENCE_ROW_INVALID",
        f"{source.name}: refused whole, nothing of it was loaded:\n  {problem}",
        "Fetch the file again from the publisher, or correct the line, and load it again.",
    )


def separated(source: Source) -> Iterator[tuple[int, list[str]]]:
    """Give the rows of a CSV file with the line each begins on.

    Rows without any value, which spreadsheets leave behind, are passed over.
    """
    reader = csv.reader(io.StringIO(source.text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise row_invalid(source, f"line {line}: not well-formed CSV: {error}") from error


def head_rows(source: Source) -> list[list[str]]:
    """Give the first rows of a file, as far as they are CSV."""
    head = source.text[:HEAD_SIZE]
    lines = [] if "\0" in head else head.splitlines(keepends=True)[:HEAD_LINES]
    rows: list[list[str]] = []
    try:
        for _, cells in separated(Source(source.name, "".join(lines).encode())):
            rows.append(cells)
    except ClaimsError:
        return rows
    return rows


def heading(cell: str) -> str:
    """Bring a column heading to one spelling: letters and digits alone, in capitals."""
    return "".join(filter(str.isalnum, cell)).upper()


def headings(cells: Sequence[str]) -> list[str]:
    """Bring the column headings of a row to one spelling."""
    return [heading(cell) for cell in cells]


def below_headings(
    source: Source, is_heading: Callable[[list[str]], bool]
) -> tuple[list[list[str]], Iterator[tuple[int, list[str]]]]:
    """Give the rows down to the headings, those included, and what stands below them."""
    records = separated(source)
    above: list[list[str]] = []
    for _, cells in records:
        above.append(cells)
        if is_heading(cells):
            break
    return above, records


def read_table(
    source: Source,
    kind: Kind,
    records: Iterable[tuple[int, list[str]]],
    width: int,
    positions: Sequence[int | None],
) -> list[Row]:
    """Check the data rows below the headings, footnotes at the end allowed.

    positions: for each column of the kind, where it stands in a row; None where
    the file has no such column, which counts as empty.
    """
    rows = Rows(source, kind)
    notes: list[tuple[int, str]] = []
    for line, cells in records:
        if _is_note(cells, after_note=bool(notes)):
            notes.append((line, cells[0].strip()))
            continue
        for note_line, text in notes:
            rows.refuse(note_line, kind.column_names[0], text, "stands among the data")
        notes.clear()
        values = [cell.strip() for cell in cells]
        if len(values) < width or any(values[width:]):
            reason = f"is how many values the row has, for {width} headings"
            rows.refuse(line, "(all)", str(len(values)), reason)
            continue
        rows.add(
            line,
            ["" if position is None else values[position] for position in positions],
        )
    return rows.finish()


def _is_note(cells: Sequence[str], *, after_note: bool) -> bool:
    if any(cell.strip() for cell in cells[1:]):
        return False
    return NOTE.match(cells[0]) is not None or (after_note and cells[0][0].isspace())
