"""Files that CMS and others publish and that this program knows by sight, but does not use."""

import re
from typing import Final

from app.reference.source import Source

_SIGNS: Final = (
    (r"counties included in .{0,20}localities", "localities and their counties (LOCCO)"),
    (r"zip[59] record layout", "the layout of a ZIP code file"),
    (
        r'"20\d\d","\d{5}","\d\d","[0-9A-Z]{5}","[0-9A-Z ]{2}","[\d.]{10}"',
        "physician fee schedule payment amounts (PFREV)",
    ),
    (r"column ?_?1.{0,40}column ?_?2.{0,200}(?:ptp|modifier)", "NCCI procedure pairs (PTP)"),
    (r"\bMUE\b|medically unlikely", "medically unlikely units (MUE)"),
    (r"add.?on.?code.{0,80}(?:aoc|edit|primary)|primary_code.{0,20}add_on", "NCCI add-on codes"),
    (r"hcpcs_code.{0,200}betos|HCPC,? ?SEQNUM", "HCPCS level II codes"),
    (r"code\W{1,3}grouping\W{1,3}classification", "provider taxonomy codes"),
    (r"code\s+20\d\d\s+base\s+unit|anesthesia base unit", "anesthesia base units"),
)
_KNOWN: Final = tuple(
    (re.compile(sign, re.IGNORECASE | re.DOTALL), title) for sign, title in _SIGNS
)


def known_but_unused(source: Source) -> str | None:
    """Say what a file is that the program has no use for; None when it is none of those."""
    head = "\n".join(source.head_records)
    return next((title for sign, title in _KNOWN if sign.search(head)), None)
