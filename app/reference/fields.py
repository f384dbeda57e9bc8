"""Checks of single values: each returns what goes into the table, or says what is wrong."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

Value: TypeAlias = str | None
"""A checked value as PostgreSQL reads it in COPY; None is null."""

Check: TypeAlias = Callable[[str], Value]
"""Turns the text of a file into a value, or raises ValueError with the reason."""

LONGEST_NAME: Final = 200
PARTIAL_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def matching(pattern: str, what: str) -> Check:
    """Check text that matches the whole pattern, as it stands."""
    compiled = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if compiled.fullmatch(text) is None:
            message = f"is not {what}"
            raise ValueError(message)
        return text

    return check


def one_of(values: Sequence[str]) -> Check:
    """Check text that is one of the values."""
    known = frozenset(values)
    listed = ", ".join(value or "nothing" for value in values)

    def check(text: str) -> str:
        if text not in known:
            message = f"is none of {listed}"
            raise ValueError(message)
        return text

    return check


def number(places: int, lowest: str, highest: str) -> Check:
    """Check a decimal number within bounds, brought to one number of decimal places."""
    grammar = re.compile(rf"\d+(\.\d{{0,{places}}})?|\.\d{{1,{places}}}", re.ASCII)
    low, high, quantum = Decimal(lowest), Decimal(highest), Decimal(1).scaleb(-places)

    def check(text: str) -> str:
        if grammar.fullmatch(text) is None:
            message = f"is not a number with at most {places} decimal places"
            raise ValueError(message)
        value = Decimal(text)
        if not low <= value <= high:
            message = f"is not within {lowest} and {highest}"
            raise ValueError(message)
        return str(value.quantize(quantum))

    return check


def optional(check: Check) -> Check:
    """Give null for an empty text, else what the check says."""
    return lambda text: check(text) if text else None


def padded(width: int, what: str) -> Check:
    """Check digits, and put back the leading zero that a spreadsheet has eaten."""
    grammar = re.compile(rf"\d{{{max(1, width - 1)},{width}}}", re.ASCII)

    def check(text: str) -> str:
        if grammar.fullmatch(text) is None:
            message = f"is not {what}"
            raise ValueError(message)
        return text.zfill(width)

    return check


def flag(yes: str, no: str) -> Check:
    """Read true or false, by one text for each."""
    values = {yes: "true", no: "false"}
    listed = " nor ".join(value or "nothing" for value in (yes, no))

    def check(text: str) -> str:
        if text not in values:
            message = f"is neither {listed}"
            raise ValueError(message)
        return values[text]

    return check


def facility(text: str) -> Value:
    """Read true or false by the payment setting; null for a code that is not assigned."""
    settings: dict[str, Value] = {
        "Facility": "true",
        "Non-Facility": "false",
        "Unassigned": None,
    }
    if text not in settings:
        message = "is none of Facility, Non-Facility, Unassigned"
        raise ValueError(message)
    return settings[text]


def name(text: str) -> str:
    """Check printable text on one line, blanks and footnote stars at its end dropped."""
    value = " ".join(text.split()).rstrip("*")
    if not value or len(value) > LONGEST_NAME or not value.isprintable():
        message = f"is not a name of 1 to {LONGEST_NAME} printable characters"
        raise ValueError(message)
    return value


def day(text: str) -> str:
    """Check a calendar date, YYYY-MM-DD."""
    if PARTIAL_DATE.fullmatch(text) is None:
        message = "is not a date in the form YYYY-MM-DD"
        raise ValueError(message)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        message = "is not a calendar date"
        raise ValueError(message) from None


hcpcs = matching("[0-9A-Z]{5}", "a HCPCS code of five digits or capitals")
component = one_of(["", "26", "TC", "53"])
procedure_status = one_of(list("ABCDEFGHIJMNPQRTX"))
carrier = padded(5, "a contractor number of five digits")
locality = padded(2, "a locality number of two digits")
state = matching("[A-Z]{2}", "a state of two capitals")
zip5 = matching("[0-9]{5}", "a ZIP code of five digits")
icd10cm = matching("[A-Z][0-9A-Z]{2,6}", "an ICD-10-CM code without its dot")
