"""Decide what release a file is: its name, its dates and its QPP status."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from app.program.errors import ClaimsError
from app.reference.kinds import (
    ANESTHESIA,
    FISCAL_YEAR_MONTH,
    ICD10CM,
    OPPS_CAP,
    RVU,
    Kind,
)
from app.reference.layout import Parsed, Published, Row
from app.reference.recognise import read, unrecognised
from app.reference.source import Source, open_sources
from app.reference.unused import known_but_unused

TWO_FACTORS_FROM: Final = 2026
"""Year from which CMS publishes one conversion factor for each QPP status."""

MONTHS: Final = {"jan": 1, "apr": 4, "jul": 7, "oct": 10}
RVU_NAME: Final = re.compile(
    r"(?:pprrvu|oppscap)(?:20)?(\d{2})\W*_?(jan|apr|jul|oct)", re.IGNORECASE
)
RELEASE_NAME: Final = re.compile(r"rvu(?:20)?(\d{2})([abcd])", re.IGNORECASE)
ANESTHESIA_NAME: Final = re.compile(r"anes\D{0,3}(?:20)?(\d{2})(?!\d)", re.IGNORECASE)
DIAGNOSES_NAME: Final = re.compile(r"icd\W?_?10\W?_?cm\D*(20\d{2})", re.IGNORECASE)
APRIL_NAME: Final = re.compile(r"apr", re.IGNORECASE)
# As the publisher names its zips: april-1-2026-code-descriptions, 2026-code-tables.
DIAGNOSES_ZIP: Final = (
    re.compile(r"(april|october)\W?_?1\W?_?(20\d{2})", re.IGNORECASE),
    re.compile(r"(20\d{2})\W?_?(?:code|icd)", re.IGNORECASE),
)
QPP_NAMES: Final = (
    (re.compile(r"non\W?_?qpp", re.IGNORECASE), "non_qpp"),
    (re.compile(r"qpp", re.IGNORECASE), "qpp"),
)


@dataclass(frozen=True, slots=True)
class Given:
    """What the caller says about the releases, above what files say themselves."""

    valid_from: date | None = None
    valid_to: date | None = None
    name: str | None = None
    qpp_status: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A release ready to be loaded."""

    kind: Kind
    layout: str
    source: Source
    rows: Sequence[Row]
    name: str
    valid_from: date
    valid_to: date | None
    qpp_status: str
    dated_by: str
    """Where the first date comes from, for people to check."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What files hold, before anything is loaded."""

    releases: list[Release]
    twins: list[tuple[str, str]]
    """Files that hold the same rows as another one: (left out, loaded)."""
    unrecognised: list[str]
    """Members of zips that are no reference data in a known layout."""
    unused: list[tuple[str, str]]
    """Files that are known and have no use here: name, and what they are."""


def plan(
    paths: Iterable[Path], given: Given, *, on_file: Callable[[], None] = lambda: None
) -> Plan:
    """Read and check all files and settle their releases; on_file is called after each.

    Raises ClaimsError: REFERENCE_FILE_UNREADABLE, REFERENCE_FILE_UNRECOGNISED,
    REFERENCE_FILE_NOT_USED,
    REFERENCE_ROW_INVALID, REFERENCE_PERIOD_UNKNOWN, REFERENCE_PERIOD_INVALID,
    REFERENCE_QPP_STATUS_UNKNOWN, REFERENCE_OPTION_CONFLICT, REFERENCE_FILES_DISAGREE.
    """
    releases: list[Release] = []
    passed_over: list[str] = []
    unused: list[tuple[str, str]] = []
    for path in paths:
        found: list[Parsed] = []
        strange: list[str] = []
        without_use: list[tuple[str, str]] = []
        for source in open_sources(path):
            parsed = read(source)
            if parsed is not None:
                found += parsed
            elif (title := known_but_unused(source)) is not None:
                without_use.append((source.name, title))
            else:
                strange.append(source.name)
        if not found and not without_use:
            raise unrecognised(str(path))
        unused += without_use
        releases += [settle(parsed, given, found) for parsed in found]
        passed_over += strange
        on_file()
    _check_given(given, releases)
    kept, twins = _without_twins(releases)
    if not kept:
        raise ClaimsError(
            "REFERENCE_FILE_NOT_USED",
            "; ".join(f"{name}: {title}, which this program does not use" for name, title in unused)
            + "; nothing was loaded",
            "Give files of what it uses: PPRRVU, GPCI, ANES, OPPSCAP, ZIP5, ICD-10-CM, places of "
            "service.",
        )
    return Plan(kept, twins, passed_over, unused)


def settle(parsed: Parsed, given: Given, beside: Sequence[Parsed] = ()) -> Release:
    """Settle name, dates and status of one release; beside: what else the same zip holds."""
    published = parsed.published
    if published.name is not None and given != Given():
        raise ClaimsError(
            "REFERENCE_OPTION_CONFLICT",
            f"{parsed.source.name}: its rows carry name, dates and status of their releases, "
            "so no option can set them; nothing was loaded",
            "Leave the options out, or change the columns in the file.",
        )
    stated, contradicted = _stated_date(parsed, beside, given)
    valid_from, dated_by = _first_date(parsed, given, stated, contradicted)
    valid_to = given.valid_to or published.valid_to
    if valid_to is None and parsed.kind.ends_with_year:
        valid_to = date(valid_from.year, 12, 31)
    if valid_to is not None and valid_to < valid_from:
        raise ClaimsError(
            "REFERENCE_PERIOD_INVALID",
            f"{parsed.source.name}: its last date {valid_to} is before its first, {valid_from}",
            "Give dates in order with --from and --to.",
        )
    return Release(
        kind=parsed.kind,
        layout=parsed.layout,
        source=parsed.source,
        rows=parsed.rows,
        # Named after what the file is, not after the dates that it is loaded for.
        name=given.name
        or published.name
        or parsed.kind.release_name(stated[0] if stated else valid_from),
        valid_from=valid_from,
        valid_to=valid_to,
        qpp_status=_qpp_status(parsed, given, valid_from),
        dated_by=dated_by,
    )


def _first_date(
    parsed: Parsed, given: Given, stated: tuple[date, str] | None, contradicted: str
) -> tuple[date, str]:
    """Give the first date of service, and where it comes from."""
    if given.valid_from is not None:
        return given.valid_from, "--from"
    if stated is not None:
        return stated
    if parsed.kind.undated_from is not None:
        return parsed.kind.undated_from, "a default, as the list is published without dates"
    raise ClaimsError(
        "REFERENCE_PERIOD_UNKNOWN",
        f"{parsed.source.name} ({parsed.layout}): nothing in it says from which date on it is "
        f"valid{contradicted}; nothing was loaded",
        "Give the first date of service it is for with --from YYYY-MM-DD.",
    )


def _stated_date(
    parsed: Parsed, beside: Sequence[Parsed], given: Given
) -> tuple[tuple[date, str] | None, str]:
    """Give the first date that the file or its surroundings state, and what they contradict."""
    published = parsed.published
    if published.valid_from is not None:
        return (published.valid_from, "the file"), ""
    if given.valid_from is None:
        _check_zip(parsed)
    contradicted = ""
    for said, whence in _hints(parsed, beside):
        if said.valid_from is None:
            continue
        if published.year in {None, said.valid_from.year}:
            return (said.valid_from, whence), ""
        contradicted = (
            f"; {whence} says {said.valid_from.year}, but the conversion factor in it is "
            f"that of {published.year}"
        )
    return None, contradicted


def _check_zip(parsed: Parsed) -> None:
    """Refuse a member whose name says another date than its zip: the zip is the publication."""
    *folders, base = parsed.source.name.split("/")
    if not folders:
        return
    inside, outside = _name_says(parsed.kind, base), _name_says(parsed.kind, folders[0])
    if inside.valid_from and outside.valid_from and inside.valid_from != outside.valid_from:
        raise ClaimsError(
            "REFERENCE_PERIOD_UNKNOWN",
            f"{parsed.source.name} ({parsed.layout}): the zip's name says that it is valid from "
            f"{outside.valid_from} on, and the file's name in it from {inside.valid_from}; "
            "nothing was loaded",
            "Give the first date of service it is for with --from YYYY-MM-DD.",
        )


def _hints(parsed: Parsed, beside: Sequence[Parsed]) -> Iterator[tuple[Published, str]]:
    """Give what says the period when the file itself does not, the surest first."""
    if parsed.kind in {RVU, OPPS_CAP}:
        for other in beside:
            if other.kind is RVU and other.published.valid_from is not None:
                yield other.published, f"{other.source.name} beside it"
    *folders, base = parsed.source.name.split("/")
    yield _name_says(parsed.kind, base), "the file's name"
    if folders:
        yield _name_says(parsed.kind, folders[0]), "the zip's name"


def _name_says(kind: Kind, name: str) -> Published:
    """Give what the publisher's way of naming files says about the dates."""
    if kind in {RVU, OPPS_CAP}:
        if match := RVU_NAME.search(name):
            return Published(date(2000 + int(match[1]), MONTHS[match[2].lower()], 1))
        if match := RELEASE_NAME.search(name):
            month = 3 * "abcd".index(match[2].lower()) + 1
            return Published(date(2000 + int(match[1]), month, 1))
    elif kind is ANESTHESIA:
        if match := ANESTHESIA_NAME.search(name) or RELEASE_NAME.search(name):
            return Published(date(2000 + int(match[1]), 1, 1))
    elif kind is ICD10CM:
        return _diagnoses_say(name)
    return Published()


def _diagnoses_say(name: str) -> Published:
    """Give what the name of a list of diagnoses says: of a fiscal year, or from a day on."""
    if match := DIAGNOSES_NAME.search(name):
        year = int(match[1])
        # A fiscal year's codes have a second edition in April.
        if APRIL_NAME.search(name):
            return Published(date(year, 4, 1))
        return Published(date(year - 1, FISCAL_YEAR_MONTH, 1))
    dated, yearly = (pattern.search(name) for pattern in DIAGNOSES_ZIP)
    if dated:
        month = 4 if dated[1].lower() == "april" else FISCAL_YEAR_MONTH
        return Published(date(int(dated[2]), month, 1))
    if yearly:
        return Published(date(int(yearly[1]) - 1, FISCAL_YEAR_MONTH, 1))
    return Published()


def _qpp_status(parsed: Parsed, given: Given, valid_from: date) -> str:
    if not parsed.kind.by_qpp_status:
        return "both"
    status = given.qpp_status or parsed.published.qpp_status
    if status is None and valid_from.year < TWO_FACTORS_FROM:
        status = "both"
    if status is None:
        status = next((known for name, known in QPP_NAMES if name.search(parsed.source.name)), None)
    if status is None:
        raise ClaimsError(
            "REFERENCE_QPP_STATUS_UNKNOWN",
            f"{parsed.source.name} ({parsed.layout}): from {TWO_FACTORS_FROM} there are two "
            "conversion factors, and nothing in the file says which one it is for; "
            "nothing was loaded",
            "Give --qpp-status qpp (qualifying APM participants) or non_qpp (all others).",
        )
    return status


def _check_given(given: Given, releases: list[Release]) -> None:
    if given.qpp_status and not any(release.kind.by_qpp_status for release in releases):
        raise ClaimsError(
            "REFERENCE_OPTION_CONFLICT",
            "--qpp-status does not fit: of what the files hold, CMS publishes one release "
            "for everybody; nothing was loaded",
            "Leave --qpp-status out.",
        )


def _without_twins(releases: list[Release]) -> tuple[list[Release], list[tuple[str, str]]]:
    """Keep one of several files with the same rows, such as the csv and the txt of PPRRVU."""
    kept: dict[tuple[str, str, date, date | None], Release] = {}
    twins: list[tuple[str, str]] = []
    for release in releases:
        key = (release.kind.code, release.qpp_status, release.valid_from, release.valid_to)
        other = kept.setdefault(key, release)
        if other is release:
            continue
        if set(other.rows) != set(release.rows):
            raise ClaimsError(
                "REFERENCE_FILES_DISAGREE",
                f"{release.source.name} and {other.source.name} are both {release.kind.title} "
                f"from {release.valid_from} on, and differ; nothing was loaded",
                "Load the one that holds, or tell them apart with --from and --to; of two "
                "loaded one after the other the later one is in force.",
            )
        twins.append((release.source.name, other.source.name))
    return list(kept.values()), twins
