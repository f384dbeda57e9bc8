"""Everything about one claim: where it stands, what was found, how its amounts came about."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, LiteralString, TypeVar

from psycopg import Connection, rows

from app.database.trail import Concerned, Told, record_access, refusals_recorded, tell
from app.pricing.basis import Basis, read_bases
from app.program.errors import ClaimsError, translated
from app.program.settings import Settings
from app.scoring.explain import ScoreReport, Verdict, explain_score, read_verdicts
from app.vault import ErasedError, KeyRing, Sealed
from app.vault.keyring import read_tokens

FIND_CLAIM: Final[LiteralString] = """
select
  found.claim_id,
  found.state,
  found.decision,
  submitter.name as submitter,
  found.submitter_id,
  batch.batch_id,
  batch.state as batch_state,
  batch.received_at as batch_received_at,
  batch.validated_at as batch_validated_at,
  batch.transferred_at as batch_transferred_at
from access.claim_states as found
inner join access.batches as batch on found.batch_id = batch.batch_id
inner join queue.submitters as submitter on found.submitter_id = submitter.submitter_id
where found.claim_id = %(claim_id)s"""

# The branches of pipeline.claim_states, by ways that an index leads: production keeps no index
# on the token, because its registry has one.
FIND_BY_NUMBER: Final[LiteralString] = """
select registry.claim_id, 'transferred' as state
from queue.submitters as submitter
inner join queue.claim_registry as registry
  on submitter.submitter_id = registry.submitter_id
where registry.claim_number_token = %(token)s
union all
select failed.claim_id, 'failed' as state
from staging.failed_claims as failed
where failed.claim_number_token = %(token)s
union all
select claim.claim_id, batch.state
from queue.batches as batch
inner join staging.claims as claim
  on batch.batch_id = claim.batch_id and batch.received_on = claim.received_on
where
  batch.state <> 'transferred'
  and claim.claim_number_token = %(token)s
  and not exists (
    select from staging.failed_claims as failed
    where failed.claim_id = claim.claim_id
  )
order by claim_id"""

HAS_KEYS: Final = "select exists (select from vault.data_keys)"

# The columns of staging.claims and staging.claim_lines, wherever the claim stands.
READ_TRANSFERRED: Final[LiteralString] = """
select claim.*, claim.received_at as first_received_at
from access.claims as claim
where claim.claim_id = %(claim_id)s"""

READ_STAGED: Final[LiteralString] = """
select claim.*, claim.received_at as first_received_at
from access.staged_claims as claim
where claim.claim_id = %(claim_id)s"""

READ_FAILED: Final[LiteralString] = """
select
  staged.*,
  failed.encrypted_batch_id,
  coalesce(failed.erasure_id, staged.erasure_id) as erasure_id,
  failed.original,
  failed.stage,
  failed.resolution,
  failed.failed_at,
  failed.received_at as first_received_at
from access.failed_claims as failed
left join lateral jsonb_populate_record(null::staging.claims, failed.staged_claim) as staged
  on true
where failed.claim_id = %(claim_id)s"""

LINES_TRANSFERRED: Final[LiteralString] = """
select
  line.*,
  coalesce(reason.title, rule.title) as reason,
  coalesce(reason.hint, rule.hint) as hint,
  told.step_titles,
  told.step_formulas
from access.claim_lines as line
cross join lateral (
  select
    array_agg(step.title order by given.number) as step_titles,
    array_agg(step.formula order by given.number) as step_formulas
  from unnest(line.step_codes) with ordinality as given (step_code, number)
  left join catalogue.pricing_steps as step on given.step_code = step.step_code
) as told
left join catalogue.pricing_reasons as reason on line.reason_code = reason.reason_code
left join reference.rules as rule on line.reason_code = rule.rule_code
where line.claim_id = %(claim_id)s
order by line.line_number"""

LINES_STAGED: Final[LiteralString] = """
select line.*
from access.staged_lines as line
inner join access.staged_claims as claim
  on line.batch_id = claim.batch_id and line.claim_id = claim.claim_id
where claim.claim_id = %(claim_id)s
order by line.line_number"""

LINES_FAILED: Final[LiteralString] = """
select line.*
from access.failed_claims as failed
cross join lateral jsonb_populate_recordset(null::staging.claim_lines, failed.staged_lines)
  as line
where failed.claim_id = %(claim_id)s
order by line.line_number"""

READ_FINDINGS: Final[LiteralString] = """
select
  finding.rule_code,
  finding.line_number,
  finding.field,
  finding.value,
  coalesce(finding.disposition, rule.disposition, 'reject_claim') as disposition,
  coalesce(rule.title, 'the claim could not be decoded') as title,
  coalesce(rule.hint, 'Correct the field that the reason names, and send the claim again.')
    as hint,
  rule.claim_status,
  rule.group_code,
  rule.carc,
  rule.rarc
from (
  select found.rule_code, found.line_number, found.field, found.value, found.disposition
  from access.claim_findings as found
  where found.claim_id = %(claim_id)s and %(state)s = 'transferred'
  union all
  select found.rule_code, found.line_number, found.field, found.value, found.disposition
  from access.staged_findings as found
  inner join access.staged_claims as claim
    on found.batch_id = claim.batch_id and found.claim_id = claim.claim_id
  where claim.claim_id = %(claim_id)s and %(state)s not in ('transferred', 'failed')
  union all
  select
    found.rule as rule_code,
    coalesce(found.line, 0)::smallint as line_number,
    found.field,
    coalesce(found.value, found.reason) as value,
    null as disposition
  from access.failed_claims as failed
  cross join lateral jsonb_to_recordset(failed.reasons)
    as found (rule text, line integer, field text, value text, reason text)
  where failed.claim_id = %(claim_id)s and %(state)s = 'failed'
) as finding
left join reference.rules as rule on finding.rule_code = rule.rule_code
order by finding.line_number, finding.rule_code, finding.field"""

PHI_FIELDS: Final = (
    *("claim_number", "member_id", "patient_last_name", "patient_first_name"),
    *("patient_middle_name", "patient_birth_date", "patient_address_line"),
    *("patient_city", "patient_state", "patient_zip", "patient_phone"),
    *("malformed_values", "original"),
)
HEADER_FIELDS: Final = (
    *("frequency_code", "payer_id", "billing_npi", "billing_taxonomy", "rendering_npi"),
    *("rendering_taxonomy", "patient_age", "patient_sex", "service_zip", "carrier"),
    *("locality", "diagnoses", "total_charge", "first_service_date", "line_count"),
)
OUTCOME_FIELDS: Final = (
    *("transferred_at", "allowed_amount", "pended_line_count", "denied_line_count"),
)
LINE_FIELDS: Final = (
    *("line_number", "service_date", "service_date_to", "hcpcs", "modifiers"),
    *("place_of_service", "units", "minutes", "charge", "diagnosis_pointers"),
)
PRICED_FIELDS: Final = (
    *("pricing_status", "reason_code", "reason", "hint", "allowed_amount"),
    *("step_codes", "step_titles", "step_formulas", "step_factors", "step_amounts"),
    *("group_code", "carc", "rarc"),
)

Decision = Literal["approved", "review", "denied", "open", "superseded"]
"""What became of a claim in production, and of one that failed what is done about it."""

_BIGINT_LIMIT: Final = 2**63
_BIGINT_DIGITS: Final = 19

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a claim stands; decision is the resolution of a failed one."""

    claim_id: int
    state: str
    decision: Decision | None
    submitter: str
    submitter_id: int
    batch_id: int
    batch_state: str
    batch_received_at: datetime
    batch_validated_at: datetime | None
    batch_transferred_at: datetime | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found, and how that is reported; line 0 is the claim itself."""

    rule_code: str
    line_number: int
    field: str
    value: str | None
    disposition: str
    title: str
    hint: str
    claim_status: str | None
    group_code: str | None
    carc: str | None
    rarc: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A service line; `pricing` is None until it is priced, `basis` unless it has an amount."""

    given: dict[str, Any]
    pricing: dict[str, Any] | None
    basis: Basis | None


@dataclass(frozen=True, slots=True)
class ClaimReport:
    """One claim in any state; `given` and `lines` are empty when it could not be decoded."""

    place: Place
    received_at: datetime
    """When the claim was first received: before its batch was loaded, for a backlog or a retry."""
    failure: dict[str, Any] | None
    """Stage, resolution and time of a failed claim."""
    given: dict[str, Any]
    outcome: dict[str, Any] | None
    """What a transferred claim came to."""
    score: ScoreReport | None
    """The score and what moved it, where the claim has one."""
    verdicts: list[Verdict]
    """What reviewers decided; the last one holds."""
    findings: list[Finding]
    lines: list[Line]
    phi: dict[str, str] | None
    """The decrypted fields, where they were asked for; bytes that are no UTF-8 stand as `\\xff`."""
    erased: bool
    """Whether they were asked for, and their keys were destroyed by an erasure."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks for the fields that identify the patient."""

    told: Told
    request: Mapping[str, Any] = field(default_factory=dict)
    """What else there is to say of the request, for the detail of the audit event."""
    keyring: KeyRing | None = None
    """The key ring of a program that goes on; else one is opened for this reading."""


@dataclass(frozen=True, slots=True)
class Found:
    """The claim that a text stands for, and others that it may stand for too."""

    claim_id: int
    also: list[int]


def find_claim(conn: Connection[Any], settings: Settings, text: str) -> Found:
    """Find the claim that an id or a claim number stands for; an id goes first.

    Raises:
        ClaimsError: SHOW_CLAIM_UNKNOWN, SHOW_CLAIM_AMBIGUOUS, and what the key ring raises.

    """
    text = text.strip()
    claim_id = _claim_id(text)
    numbered = _find_by_number(conn, settings, text)
    if claim_id is not None and _place(conn, claim_id) is not None:
        return Found(claim_id, [other for other in numbered if other != claim_id])
    if not numbered:
        raise ClaimsError(
            "SHOW_CLAIM_UNKNOWN",
            "no claim in this database has that id or claim number",
            "Take a claim id from `claims failed`, or give the claim number as the submitter "
            "sent it.",
        )
    if len(numbered) > 1:
        listed = ", ".join(f"{other} ({state})" for other, state in numbered.items())
        raise ClaimsError(
            "SHOW_CLAIM_AMBIGUOUS",
            f"several claims have that claim number: {listed}",
            "Give the claim id of the one you mean.",
        )
    return Found(next(iter(numbered)), [])


def read_claim(
    conn: Connection[Any],
    settings: Settings,
    claim_id: int,
    *,
    reader: Reader | None = None,
) -> ClaimReport:
    """Read one claim; conn as the operator, or as the app for one submitter.

    For a reader with PHI, which leaves an audit event behind that says what there is to say of the
    reader. It is written in the running transaction, which must be committed before PHI goes
    anywhere; that it was refused, in one of its own.

    Raises:
        DecryptionRefusedError: from PHI that was changed or moved (`refusals_recorded`).
        ClaimsError: SHOW_CLAIM_UNKNOWN, and what the key ring raises where PHI is asked for.

    """
    place = _place(conn, claim_id)
    if place is None:
        raise ClaimsError(
            "SHOW_CLAIM_UNKNOWN",
            f"there is no claim {claim_id}",
            "Take a claim id from `claims failed`.",
        )
    queries = {
        "transferred": (READ_TRANSFERRED, LINES_TRANSFERRED),
        "failed": (READ_FAILED, LINES_FAILED),
    }.get(place.state, (READ_STAGED, LINES_STAGED))
    read_header, read_lines = queries
    header = _dicts(conn, read_header, claim_id)[0]
    decoded = header["claim_number"] is not None
    transferred = place.state == "transferred"
    phi = None if reader is None else _decrypted(conn, settings, place, header, reader)
    bases = read_bases(conn, claim_id) if transferred else {}
    return ClaimReport(
        place=place,
        received_at=header["first_received_at"],
        failure=_some(header, ("stage", "resolution", "failed_at"))
        if place.state == "failed"
        else None,
        given=_some(header, HEADER_FIELDS) if decoded else {},
        outcome=_some(header, OUTCOME_FIELDS) if transferred else None,
        score=explain_score(conn, claim_id, transferred=transferred),
        verdicts=read_verdicts(conn, claim_id),
        findings=_rows(conn, Finding, READ_FINDINGS, claim_id=claim_id, state=place.state),
        lines=[
            Line(
                given=_some(line, LINE_FIELDS),
                pricing=_some(line, PRICED_FIELDS) if transferred else None,
                basis=bases.get(line["line_number"]),
            )
            for line in _dicts(conn, read_lines, claim_id)
        ],
        phi=phi,
        erased=reader is not None and phi is None,
    )


def as_object(report: ClaimReport) -> dict[str, Any]:
    """Give the report as a JSON object; what each amount was computed from with its line."""
    place = asdict(report.place)
    batch = {
        name.removeprefix("batch_"): place.pop(name)
        for name in tuple(place)
        if name.startswith("batch_")
    }
    return {
        **place,
        "received_at": report.received_at,
        "batch": {"batch_id": batch.pop("id"), **batch},
        "failure": report.failure,
        "claim": report.given,
        "outcome": report.outcome,
        "score": report.score,
        "verdicts": report.verdicts,
        "findings": report.findings,
        "lines": [
            {**line.given, "pricing": line.pricing, "basis": line.basis} for line in report.lines
        ],
        "phi": report.phi,
        "phi_erased": report.erased,
    }


def _claim_id(text: str) -> int | None:
    """Read a text as a claim id; None when it can be none."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _BIGINT_DIGITS):
        return None
    claim_id = int(text)
    return claim_id if claim_id < _BIGINT_LIMIT else None


def _find_by_number(conn: Connection[Any], settings: Settings, text: str) -> dict[int, str]:
    """Find the claims with a claim number, and their states; none without data keys."""
    with translated():
        has_keys = conn.execute(HAS_KEYS).fetchone()
    if not has_keys or not has_keys[0]:
        return {}
    token = read_tokens(conn, settings).claim_number(text)
    with translated():
        return dict(conn.execute(FIND_BY_NUMBER, {"token": token}).fetchall())


def _place(conn: Connection[Any], claim_id: int) -> Place | None:
    found = _rows(conn, Place, FIND_CLAIM, claim_id=claim_id)
    return found[0] if found else None


def _decrypted(
    conn: Connection[Any],
    settings: Settings,
    place: Place,
    header: Mapping[str, Any],
    reader: Reader,
) -> dict[str, str] | None:
    """Decrypt the PHI fields; None when their keys were destroyed."""
    about = Concerned(place.submitter_id, place.batch_id, place.claim_id)
    fields = [field for field in PHI_FIELDS if header.get(field) is not None]
    tell(conn, reader.told, in_transaction=True)
    record_access(conn, "claim.phi_shown", about, {"fields": fields, **reader.request})
    keyring = reader.keyring
    if keyring is None:
        keyring = KeyRing.open(conn, settings)
    else:
        keyring.refresh(conn)
    sealed = Sealed(place.claim_id, header["encrypted_batch_id"], header["erasure_id"])
    try:
        with refusals_recorded(conn, about, reader.told):
            return {
                field: keyring.decrypt(sealed, field, bytes(header[field]))
                .encode("utf-8", "surrogateescape")
                .decode("utf-8", "backslashreplace")
                for field in fields
            }
    except ErasedError:
        return None


def _some(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _dicts(conn: Connection[Any], query: LiteralString, claim_id: int) -> list[dict[str, Any]]:
    with translated(), conn.cursor(row_factory=rows.dict_row) as cur:
        return cur.execute(query, {"claim_id": claim_id}).fetchall()


def _rows(
    conn: Connection[Any], row: type[Row], query: LiteralString, **parameters: object
) -> list[Row]:
    with translated(), conn.cursor(row_factory=rows.class_row(row)) as cur:
        return cur.execute(query, parameters).fetchall()
