"""The blind index: keyed hashes by which SQL finds and compares what it cannot read.

What is hashed is normalised first, so that one person is one token however they are typed:

* member id: accents, case, blanks and punctuation are dropped (NFKD, casefold, letters and
  digits alone), then leading zeros: ` 001-eg4` is `1eg4`.
* patient: last name and first name, each normalised in the same way, and the birth date as
  YYYY-MM-DD, joined by `|`.
* claim number (patient account number, CLM01): the blanks around it are dropped and nothing
  else. It is the submitter's own key: `A-1` and `A1` may be two claims, and taking them for one
  would reject the second as a duplicate.
"""

import hashlib
import hmac
import unicodedata
from datetime import date
from typing import Final

TOKEN_SIZE: Final = 16
"""Bytes of a token: an HMAC-SHA256 cut to its first half."""


class Tokens:
    """Makes tokens under one key."""

    def __init__(self, key: bytes) -> None:
        """Take the token key, which encrypts nothing."""
        # Copying a keyed hash costs half of keying one for each token.
        self._mac: Final = hmac.new(key, digestmod=hashlib.sha256)

    def token(self, kind: str, value: str) -> bytes:
        """Return the keyed hash (16 bytes) of a value, which the kind keeps apart."""
        mac = self._mac.copy()
        mac.update(f"{kind}\x1f{value}".encode("utf-8", "surrogatepass"))
        return mac.digest()[:TOKEN_SIZE]

    def claim_number(self, number: str) -> bytes:
        """Return the token of a claim number."""
        return self.token("claim_number", number.strip())

    def member(self, member_id: str) -> bytes:
        """Return the token of a member id."""
        return self.token("member", normalised(member_id))

    def patient(self, last_name: str, first_name: str, birth: date) -> bytes:
        """Return the token of a patient."""
        return self.token(
            "patient", f"{normalised(last_name)}|{normalised(first_name)}|{birth.isoformat()}"
        )


def normalised(text: str) -> str:
    """Return a name or an id as it is compared: what people type differently is gone."""
    if text.isascii() and text.isalnum():
        kept = text.lower()
    else:
        folded = unicodedata.normalize("NFKD", text).casefold()
        kept = "".join(filter(str.isalnum, folded))
    return kept.lstrip("0") or kept
