"""What each kind of code looks like: text that does not fit is treated as PHI.

A code is stored in clear only when it fits its grammar, so the grammars are narrow
enough that a name does not fit: procedure, diagnosis, taxonomy and payer codes need
digits where names have letters. A two-letter surname in a modifier and one letter in
the sex cannot be told from a code. Blanks around a code are dropped and letters are
raised to upper case; anything outside ASCII is no code.
"""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Final

_CACHE_SIZE: Final = 16_384
_ISO_LENGTH: Final = 10
_YEARS_OF_SERVICE: Final = range(1900, 2201)


def _grammar(pattern: str, separator: str = "") -> Callable[[str], str | None]:
    """Return the function from a text to the code in it, or None if it holds none."""
    matches = re.compile(pattern).fullmatch

    @lru_cache(maxsize=_CACHE_SIZE)
    def code_in(text: str) -> str | None:
        if not text.isascii():
            return None
        code = text.strip().upper()
        if not matches(code):
            return None
        return code.replace(separator, "") if separator else code

    return code_in


npi = _grammar(r"[0-9]{10}")
taxonomy = _grammar(r"[0-9]{3}[0-9A-Z]{6}X")
hcpcs = _grammar(r"[0-9A-Z][0-9]{3}[0-9A-Z]")
# A blank modifier is the code "", which the encoder drops.
modifier = _grammar(r"([0-9A-Z]{2})?")
place_of_service = _grammar(r"[0-9]{2}")
icd10cm = _grammar(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?", separator=".")
# Three to eight characters with a digit among them: names have no digits.
payer_id = _grammar(r"(?=[A-Z]*[0-9])[0-9A-Z]{3,8}")
zip_code = _grammar(r"[0-9]{5}(-?[0-9]{4})?", separator="-")
carrier = _grammar(r"[0-9]{5}")
locality = _grammar(r"[0-9]{2}")
frequency_code = _grammar(r"[1-9]")
sex = _grammar(r"[A-Z]")
_MEMBER_ID: Final = re.compile(r"(?=-*[0-9A-Za-z])[0-9A-Za-z-]{2,80}")


def is_member_id(text: str) -> bool:
    """Whether a text is two to eighty letters, digits and dashes, blanks aside."""
    return _MEMBER_ID.fullmatch(text.strip()) is not None


@lru_cache(maxsize=65_536)
def calendar_date(text: str) -> date | None:
    """Return the date that `YYYY-MM-DD` names, or None if it names none."""
    iso = text.strip()
    if len(iso) != _ISO_LENGTH or iso[4] != "-" or iso[7] != "-":
        return None
    try:
        return date.fromisoformat(iso)
    except ValueError:
        return None


def service_date(text: str) -> date | None:
    """Return the calendar date, or None outside the years 1900 to 2200 as well."""
    day = calendar_date(text)
    return day if day is not None and day.year in _YEARS_OF_SERVICE else None
