"""Price service lines from a CSV file, without any claim: checked rows in, amounts out."""

import csv
import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from psycopg import Connection

from app.claim import grammar
from app.claim.decoding import NUMBER
from app.pricing.lines import Priced, line_maker, price_lines
from app.program.errors import ClaimsError

REQUIRED: Final = ("date_of_service", "hcpcs", "modifiers", "place_of_service", "units")
PLACES: Final = ("carrier", "locality", "zip")
"""Carrier and locality, or the ZIP code that gives them, or all three."""
OPTIONAL: Final = ("charge", "minutes", "taxonomy", "group")
ADDED: Final = ("allowed_amount", "status", "steps")
"""Columns that stand behind the given ones in what comes out."""

CHUNK_LINES: Final = 20_000
"""Lines that one SQL call prices; more where a group is larger."""
GROUP_LIMIT: Final = 32_767
"""Lines of a group: line numbers are smallint."""
PROBLEMS_SHOWN: Final = 50

_COLUMNS_HINT: Final = (
    f"In the first line name {', '.join(REQUIRED)}, and carrier and locality or zip, in any order, "
    f"separated by commas; {', '.join(OPTIONAL)} may be there too."
)
_VALUE_SHOWN: Final = 40
_ALIKE: Final = 0.8
_CACHE_SIZE: Final = 65_536
_UNITS_BELOW: Final = 10**6
_CHARGE_BELOW: Final = 10**10
_MINUTES: Final = re.compile(r"[0-9]{1,5}")
_BETWEEN_MODIFIERS: Final = re.compile(r"[\s,:|]+")


@dataclass(frozen=True, slots=True)
class PriceFile:
    """A file whose rows can all be priced."""

    columns: list[str]
    """The headings, as they were given."""
    places: dict[str, int]
    """Where each column that pricing knows stands."""
    unused: list[str]
    """Columns that pricing does not know; they are passed on."""
    rows: list[list[str]] = field(default_factory=list)
    """The cells, as they were given."""
    groups: list[int] = field(default_factory=list)
    """For each row the number of its group, in order of first appearance."""


def read_price_file(lines: Iterable[bytes]) -> PriceFile:
    """Read and check a whole CSV file in UTF-8, with or without byte order mark.

    Columns may stand in any order. Zeros lost at the front of a code, as spreadsheets
    lose them, are put back. Blank lines are passed over.

    Raises:
        ClaimsError: PRICE_COLUMNS_INVALID, or PRICE_ROW_INVALID with line, column and
            reason of the rows that cannot be read.

    """
    records = _records(lines)
    _, columns = next(records, (0, None))
    if columns is None:
        raise ClaimsError("PRICE_COLUMNS_INVALID", "the file is empty", _COLUMNS_HINT)
    file = PriceFile(columns, *_known(columns))
    problems: list[str] = []
    # The cells of such files repeat: each text is kept once.
    texts: dict[str, str] = {}
    groups = _Groups(file)
    for line, cells in records:
        row = [texts.setdefault(cell, cell) for cell in cells]
        if len(row) != len(columns):
            found = [f"has {len(row)} values for {len(columns)} columns"]
        else:
            found = [
                *_read(file.places, row)[1],
                *groups.add(_cell(file.places, row, "group")),
            ]
            file.rows.append(row)
        problems += [f"line {line} {problem}" for problem in found]
    if problems:
        raise _refused(problems)
    return file


def price_file(
    conn: Connection[Any],
    file: PriceFile,
    *,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Iterator[tuple[list[str], Priced]]:
    """Yield each row with its price, in file order; conn as the operator.

    The lines of a group are priced together wherever they stand in the file.
    `on_progress` is told the rows priced so far. Raises DatabaseError.
    """
    make_line = line_maker(conn)
    waiting: dict[int, Priced] = {}
    done = following = 0
    for chunk in _chunks(file.groups):
        waiting |= _price(conn, file, chunk, make_line)
        done += len(chunk)
        on_progress(done)
        while (priced := waiting.pop(following, None)) is not None:
            yield file.rows[following], priced
            following += 1


def _price(
    conn: Connection[Any],
    file: PriceFile,
    chunk: list[int],
    make_line: Callable[..., Any],
) -> dict[int, Priced]:
    """Price the rows with the given indexes, which are whole groups, in one call."""
    numbers: Counter[int] = Counter()
    index: dict[tuple[int, int], int] = {}
    parameters = []
    for at in chunk:
        group = file.groups[at]
        numbers[group] += 1
        index[group, numbers[group]] = at
        values, _ = _read(file.places, file.rows[at])
        parameters.append(
            make_line(
                claim_id=group,
                line_number=numbers[group],
                service_date=values["date_of_service"],
                hcpcs=values["hcpcs"],
                modifiers=values["modifiers"],
                place_of_service=values["place_of_service"],
                units=values["units"],
                charge=values.get("charge"),
                carrier=values.get("carrier"),
                locality=values.get("locality"),
                service_zip=values.get("zip"),
                rendering_taxonomy=values.get("taxonomy"),
            )
        )
    return {index[at]: price for at, price in price_lines(conn, parameters).items()}


def _chunks(groups: list[int]) -> Iterator[list[int]]:
    """Yield the indexes of rows in chunks that hold whole groups."""
    chunk: list[int] = []
    for at in sorted(range(len(groups)), key=groups.__getitem__):
        if len(chunk) >= CHUNK_LINES and groups[at] != groups[chunk[-1]]:
            yield chunk
            chunk = []
        chunk.append(at)
    if chunk:
        yield chunk


class _Groups:
    """Numbers the groups of a file; a row without one stands alone."""

    def __init__(self, file: PriceFile) -> None:
        self._numbers = file.groups
        self._known: dict[str, int] = {}
        self._lines: Counter[int] = Counter()
        self._next = 0

    def add(self, name: str) -> Iterator[str]:
        """Give the next row its number; yield what is wrong with that."""
        number = self._known.get(name) if name else None
        if number is None:
            number = self._next
            self._next += 1
            if name:
                self._known[name] = number
        self._numbers.append(number)
        if name:
            self._lines[number] += 1
            if self._lines[number] == GROUP_LIMIT + 1:
                yield f"group: has more than {GROUP_LIMIT:,} lines"


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise _refused([f"line {number} is not UTF-8"]) from error


def _records(lines: Iterable[bytes]) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not blank, with the line it begins on."""
    reader = csv.reader(_decoded(lines), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise _refused([f"line {line} is no CSV: {error}"]) from error
        if cells is None:
            return
        if cells:
            yield line, cells


def _known(columns: list[str]) -> tuple[dict[str, int], list[str]]:
    """Give the place of each column that pricing knows, and the names of the others."""
    names = [column.strip().lower() for column in columns]
    absent = [name for name in (*REQUIRED, *PLACES, *OPTIONAL) if name not in names]
    problems = [f"{name} is missing" for name in REQUIRED if name in absent]
    if ("carrier" in absent) != ("locality" in absent):
        problems.append("carrier and locality go together")
    elif "carrier" in absent and "zip" in absent:
        problems.append("carrier and locality are missing, and zip that could stand for them")
    problems += [f"{name} stands there twice" for name, n in Counter(names).items() if n > 1]
    problems += [f"{name} is what this command adds" for name in ADDED if name in names]
    known = {*REQUIRED, *PLACES, *OPTIONAL}
    unused = []
    for name, column in zip(names, columns, strict=True):
        if name in known:
            continue
        unused.append(column)
        for meant in difflib.get_close_matches(name, absent, n=1, cutoff=_ALIKE):
            problems.append(f"{column!r} is not known; did you mean {meant}?")
    if problems:
        raise ClaimsError(
            "PRICE_COLUMNS_INVALID",
            "the first line does not name the columns that pricing needs: " + "; ".join(problems),
            _COLUMNS_HINT,
        )
    return {name: at for at, name in enumerate(names) if name in known}, unused


def _refused(problems: list[str]) -> ClaimsError:
    shown = problems[:PROBLEMS_SHOWN]
    if len(problems) > len(shown):
        shown.append(f"and {len(problems) - len(shown):,} more")
    return ClaimsError(
        "PRICE_ROW_INVALID",
        "nothing was priced, because these rows cannot be read:\n  " + "\n  ".join(shown),
        "Correct these rows, or take them out, and run the command again.",
    )


def _cell(places: dict[str, int], row: list[str], name: str) -> str:
    return row[places[name]].strip() if name in places else ""


def _read(places: dict[str, int], row: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Give the values of a row by column, and what is wrong with it."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, at in places.items():
        if name == "group":
            continue
        text = row[at].strip()
        if not text and name not in _NOT_BLANK:
            values[name] = None
            continue
        try:
            values[name] = _VALUES[name](text)
        except ValueError as error:
            shown = repr(text if len(text) <= _VALUE_SHOWN else text[:_VALUE_SHOWN] + "...")
            problems.append(f"{name}: {shown} {error}" if text else f"{name}: is empty")
    if bool(_cell(places, row, "carrier")) != bool(_cell(places, row, "locality")):
        problems.append("carrier, locality: one is there without the other")
    return values, problems


@lru_cache(_CACHE_SIZE)
def _date(text: str) -> date:
    day = grammar.service_date(text)
    if day is None:
        raise ValueError("is no date YYYY-MM-DD")
    return day


def _code(
    code_in: Callable[[str], str | None], digits: int, what: str
) -> Callable[[str], str | None]:
    """Give the reader of a code; digits alone are filled up with zeros in front."""

    @lru_cache(_CACHE_SIZE)
    def read(text: str) -> str | None:
        code = code_in(text.zfill(digits) if text.isdecimal() else text)
        if code is None:
            raise ValueError(f"is no {what}")
        return code

    return read


@lru_cache(_CACHE_SIZE)
def _modifiers(text: str) -> list[str]:
    codes = [grammar.modifier(part) for part in _BETWEEN_MODIFIERS.split(text) if part]
    if None in codes:
        raise ValueError("holds something that is no modifier of two characters")
    return [code for code in codes if code]


@lru_cache(_CACHE_SIZE)
def _units(text: str) -> Decimal:
    units = _decimal(text)
    if not 0 < units < _UNITS_BELOW or units != int(units):
        raise ValueError(f"is no whole number between 1 and {_UNITS_BELOW - 1:,}")
    return units


@lru_cache(_CACHE_SIZE)
def _charge(text: str) -> Decimal:
    charge = _decimal(text)
    if not 0 < charge < _CHARGE_BELOW or charge != round(charge, 2):
        raise ValueError("is no amount of dollars and cents above zero")
    return charge


def _decimal(text: str) -> Decimal:
    if not NUMBER.fullmatch(text):
        raise ValueError("is no number")
    return Decimal(text)


def _minutes(text: str) -> int:
    if not _MINUTES.fullmatch(text):
        raise ValueError("is no number of minutes")
    return int(text)


_VALUES: Final[dict[str, Callable[[str], Any]]] = {
    "date_of_service": _date,
    "hcpcs": _code(grammar.hcpcs, 5, "HCPCS code"),
    "modifiers": _modifiers,
    "place_of_service": _code(grammar.place_of_service, 2, "place of service code"),
    "units": _units,
    "carrier": _code(grammar.carrier, 5, "carrier of five digits"),
    "locality": _code(grammar.locality, 2, "locality of two digits"),
    "zip": _code(grammar.zip_code, 5, "ZIP code"),
    "charge": _charge,
    "minutes": _minutes,
    "taxonomy": _code(grammar.taxonomy, 10, "taxonomy code"),
}
_NOT_BLANK: Final = {"date_of_service", "hcpcs", "place_of_service", "units"}
