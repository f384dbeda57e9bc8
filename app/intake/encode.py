"""Turn the texts of a batch of claims into rows for staging, PHI encrypted.

No value that a submitter sends reaches the database but encrypted, as a code that
fits its grammar, as a calendar date or as a number in range: there is nothing left
that could make COPY fail. Reasons name fields, never values.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import msgspec

from app.claim import grammar
from app.claim.decoding import ModelDecoder, NotDecodedError
from app.claim.model import CENT, THOUSANDTH, Claim, ServiceLine
from app.intake.reader import RECORD_LIMIT
from app.vault import BatchEncryptor, ClaimCipher, KeyRing, Tokens

OLDEST_AGE: Final = 124
"""Years; a patient older than this at service is V007."""

AGE_KEPT: Final = 90
"""Years; this age stands for itself and all above it."""

CLAIM_COLUMNS: Final = (
    *("claim_id", "encrypted_batch_id", "erasure_id", "claim_number_token"),
    *("member_token", "patient_token", "frequency_code", "payer_id", "billing_npi"),
    *("billing_taxonomy", "rendering_npi", "rendering_taxonomy", "patient_age"),
    *("patient_sex", "service_zip", "carrier", "locality", "diagnoses"),
    *("total_charge", "first_service_date", "line_count", "intake_findings"),
    *("claim_number", "member_id", "patient_last_name", "patient_first_name"),
    *("patient_middle_name", "patient_birth_date", "patient_address_line"),
    *("patient_city", "patient_state", "patient_zip", "patient_phone"),
    "malformed_values",
)
"""Columns of staging.claims that a row of `Encoded.claims` fills, in order."""

LINE_COLUMNS: Final = (
    *("claim_id", "line_number", "service_date", "service_date_to", "hcpcs"),
    *("modifiers", "place_of_service", "units", "minutes", "charge"),
    "diagnosis_pointers",
)
"""Columns of staging.claim_lines that a row of `Encoded.lines` fills, in order."""

FAILED_COLUMNS: Final = (
    *("claim_id", "encrypted_batch_id", "erasure_id", "position_in_batch"),
    *("reasons", "claim_number_token", "original"),
)
"""Columns of staging.failed_claims that a row of `Encoded.failed` fills, in order."""

DECODE_RULE: Final = "D000"
"""What stands in rule_codes for a claim that could not be decoded."""

Row = tuple[Any, ...]


@dataclass(slots=True)
class Encoded:
    """The rows of one batch, lacking only what `pipeline.open_batch` decides."""

    data_key_id: int
    """The data key that encrypted them."""
    erasure_generation: int
    """The generation of the erasure keys that did."""
    claims: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    failed: list[Row] = field(default_factory=list)
    reasons: list[tuple[str, str]] = field(default_factory=list)
    """For each failed claim its field and reason, as a person reads them."""


class _Numbered(msgspec.Struct, frozen=True):
    """As much of a claim that does not decode as says which one it is."""

    claim_number: str


WHOLE: Final = "claim"
"""What is told as the field where the whole does not fit."""

_decode: Final = ModelDecoder(Claim, WHOLE).decode
_decode_number: Final = msgspec.json.Decoder(_Numbered).decode
_to_json: Final = msgspec.json.encode


def encode_batch(
    records: Sequence[bytes], claim_ids: Sequence[int], keyring: KeyRing, batch_id: int
) -> Encoded:
    """Decode, check and encrypt the claims of a batch, in order."""
    encoder = _Encoder(keyring.encryptor(batch_id), batch_id)
    for position, (record, claim_id) in enumerate(zip(records, claim_ids, strict=True), start=1):
        try:
            claim = _decoded(record)
        except NotDecodedError as error:
            encoder.add_failed(claim_id, position, record, error)
        else:
            encoder.add_claim(claim_id, claim)
    return encoder.encoded


def explain(record: bytes) -> str | None:
    """Say which field of a claim does not fit the model and why, without its value; or None."""
    try:
        _decoded(record)
    except NotDecodedError as error:
        return str(error)
    return None


def _decoded(record: bytes) -> Claim:
    if len(record) > RECORD_LIMIT:
        raise NotDecodedError(WHOLE, f"is longer than {RECORD_LIMIT} bytes")
    return _decode(record)


class _Doubts:
    """What the edge finds wrong with one claim, and the texts that are no codes."""

    __slots__ = ("findings", "texts")

    def __init__(self) -> None:
        self.findings: list[dict[str, str | int]] = []
        self.texts: dict[str, str] = {}

    def add(self, rule: str, name: str, line: int = 0) -> str:
        """Note a finding; return the path of the field. Line 0 is the claim."""
        path = f"service_lines[{line - 1}].{name}" if line else name
        self.findings.append({"rule": rule, "line": line, "field": path})
        return path

    def code(
        self, code_in: Callable[[str], str | None], text: str, name: str, line: int = 0
    ) -> str | None:
        """Return the code in a text; V001 when there is none."""
        code = code_in(text)
        if code is None:
            self.texts[self.add("V001", name, line)] = text
        return code

    def optional(
        self, code_in: Callable[[str], str | None], text: str | None, name: str
    ) -> str | None:
        """Return the code in an optional field, None too when it is blank."""
        if not text or text.isspace():
            return None
        return self.code(code_in, text, name)

    def codes(
        self,
        code_in: Callable[[str], str | None],
        texts: tuple[str, ...],
        name: str,
        line: int = 0,
    ) -> list[str | None]:
        """Return the code in each text, None where there is none: V001."""
        codes = [code_in(text) for text in texts]
        if None in codes:
            for index, (code, text) in enumerate(zip(codes, texts, strict=True)):
                if code is None:
                    self.texts[self.add("V001", f"{name}[{index}]", line)] = text
        return codes

    def service_date(self, text: str, name: str, line: int) -> date | None:
        """Return the date of service in a text; V002 when there is none."""
        day = grammar.service_date(text)
        if day is None:
            self.texts[self.add("V002", name, line)] = text
        return day


class _Encoder:
    """Collects the rows of one batch."""

    def __init__(self, encryptor: BatchEncryptor, batch_id: int) -> None:
        self.encoded: Final = Encoded(encryptor.data_key_id, encryptor.erasure_generation)
        self._cipher_of = encryptor.claim
        self._tokens = encryptor.tokens
        self._batch_id = batch_id

    def add_failed(
        self, claim_id: int, position: int, record: bytes, error: NotDecodedError
    ) -> None:
        """Add a claim that could not be decoded."""
        original = record.decode("utf-8", "surrogateescape")
        number_token = _claim_number_token(record, self._tokens)
        erasure_id, cipher = self._cipher_of(claim_id, number_token)
        self.encoded.reasons.append((error.field, error.reason))
        self.encoded.failed.append(
            (
                claim_id,
                self._batch_id,
                erasure_id,
                position,
                _to_json(
                    [{"rule": DECODE_RULE, "field": error.field, "reason": error.reason}]
                ).decode(),
                number_token,
                cipher.encrypt("original", original),
            )
        )

    def add_claim(self, claim_id: int, claim: Claim) -> None:
        """Add a decoded claim with its lines, in the order of the column lists."""
        doubts = _Doubts()
        first_service = self._add_lines(claim_id, claim.service_lines, doubts)
        patient, location = claim.patient, claim.service_location
        address = patient.address
        birth = grammar.calendar_date(patient.birth_date)
        age = _age(birth, first_service, doubts)
        member_token = patient_token = None
        tokens = self._tokens
        if grammar.is_member_id(patient.member_id):
            member_token = tokens.member(patient.member_id)
        else:
            doubts.add("V003", "patient.member_id")
        if birth is not None:
            patient_token = tokens.patient(patient.last_name, patient.first_name, birth)
        erasure_id, cipher = self._cipher_of(claim_id, patient_token or member_token)
        encrypt = cipher.encrypt
        row = (
            claim_id,
            self._batch_id,
            erasure_id,
            tokens.claim_number(claim.claim_number),
            member_token,
            patient_token,
            doubts.code(grammar.frequency_code, claim.frequency_code, "frequency_code"),
            doubts.code(grammar.payer_id, claim.payer_id, "payer_id"),
            doubts.code(grammar.npi, claim.billing_npi, "billing_npi"),
            doubts.optional(grammar.taxonomy, claim.billing_taxonomy, "billing_taxonomy"),
            doubts.optional(grammar.npi, claim.rendering_npi, "rendering_npi"),
            doubts.optional(grammar.taxonomy, claim.rendering_taxonomy, "rendering_taxonomy"),
            age,
            doubts.code(grammar.sex, patient.sex, "patient.sex"),
            doubts.optional(grammar.zip_code, location.zip, "service_location.zip"),
            doubts.optional(grammar.carrier, location.carrier, "service_location.carrier"),
            doubts.optional(grammar.locality, location.locality, "service_location.locality"),
            _array(doubts.codes(grammar.icd10cm, claim.diagnoses, "diagnoses")),
            claim.total_charge.quantize(CENT),
            first_service,
            len(claim.service_lines),
            _to_json(doubts.findings).decode() if doubts.findings else None,
            encrypt("claim_number", claim.claim_number),
            encrypt("member_id", patient.member_id),
            encrypt("patient_last_name", patient.last_name),
            encrypt("patient_first_name", patient.first_name),
            _given(cipher, "patient_middle_name", patient.middle_name),
            encrypt("patient_birth_date", patient.birth_date),
        )
        if address is None:
            place: Row = (None, None, None, None)
        else:
            place = (
                encrypt("patient_address_line", address.line),
                encrypt("patient_city", address.city),
                encrypt("patient_state", address.state),
                encrypt("patient_zip", address.zip),
            )
        malformed = _to_json(doubts.texts).decode() if doubts.texts else None
        self.encoded.claims.append(
            (
                *row,
                *place,
                _given(cipher, "patient_phone", patient.phone),
                _given(cipher, "malformed_values", malformed),
            )
        )

    def _add_lines(
        self, claim_id: int, lines: tuple[ServiceLine, ...], doubts: _Doubts
    ) -> date | None:
        """Add the lines; return the earliest date of service, None without any."""
        first_service: date | None = None
        for number, line in enumerate(lines, start=1):
            start = doubts.service_date(line.date_of_service, "date_of_service", number)
            end = (
                doubts.service_date(line.date_of_service_to, "date_of_service_to", number)
                if line.date_of_service_to
                else None
            )
            if start is not None and (first_service is None or start < first_service):
                first_service = start
            codes = doubts.codes(grammar.modifier, line.modifiers, "modifiers", number)
            modifiers = [code for code in codes if code]
            self.encoded.lines.append(
                (
                    claim_id,
                    number,
                    start,
                    end,
                    doubts.code(grammar.hcpcs, line.hcpcs, "hcpcs", number),
                    _array(modifiers) if modifiers else None,
                    doubts.code(
                        grammar.place_of_service,
                        line.place_of_service,
                        "place_of_service",
                        number,
                    ),
                    line.units.quantize(THOUSANDTH),
                    line.minutes,
                    line.charge.quantize(CENT),
                    f"{{{','.join(map(str, line.diagnosis_pointers))}}}",
                )
            )
        return first_service


def _given(cipher: ClaimCipher, name: str, text: str | None) -> bytes | None:
    """Encrypt a field that may be absent."""
    return None if text is None else cipher.encrypt(name, text)


def _array(codes: Sequence[str | None]) -> str:
    """Return the array literal of codes, which need no quotes."""
    return f"{{{','.join([code or 'NULL' for code in codes])}}}"


def _age(birth: date | None, service: date | None, doubts: _Doubts) -> int | None:
    """Return the age in whole years at service, at most AGE_KEPT."""
    if birth is None:
        doubts.add("V004", "patient.birth_date")
        return None
    if service is None:
        return None
    years = service.year - birth.year - ((service.month, service.day) < (birth.month, birth.day))
    if years < 0:
        doubts.add("V005", "patient.birth_date")
        return None
    if years > OLDEST_AGE:
        doubts.add("V007", "patient.birth_date")
    return min(years, AGE_KEPT)


def _claim_number_token(record: bytes, tokens: Tokens) -> bytes | None:
    """Return the token of the claim number, where the text still yields one."""
    if len(record) > RECORD_LIMIT:
        return None
    try:
        number = _decode_number(record).claim_number
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return tokens.claim_number(number) if number.strip() else None
