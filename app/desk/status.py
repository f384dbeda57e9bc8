"""What stands in the database: batches, where claims are, and why some failed."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, LiteralString, TypeVar

from psycopg import Connection, rows

from app.desk.accounting import Accounting, read_accounting
from app.program.errors import ClaimsError, translated
from app.reference.kinds import KINDS

READ_STATES: Final[LiteralString] = """
select
  status.state,
  status.batches,
  status.claims::bigint as claims,
  status.lines::bigint as lines,
  status.claims_waiting_for_scores::bigint as waiting_for_scores,
  status.oldest_received_at
from pipeline.status as status
order by status.state"""

READ_BATCHES: Final[LiteralString] = """
select
  batch.batch_id,
  submitter.name as submitter,
  batch.state,
  batch.received_at,
  batch.transferred_at,
  batch.claim_count as claims,
  batch.line_count as lines,
  batch.claims_moved as transferred,
  batch.claims_pended as pended,
  batch.claims_denied as denied,
  batch.claims_failed as failed,
  batch.allowed_total
from queue.batches as batch
inner join queue.submitters as submitter on batch.submitter_id = submitter.submitter_id
order by batch.batch_id desc
limit %(limit)s"""

READ_IN_FORCE: Final[LiteralString] = """
select
  period.kind,
  release.name,
  release.is_starter,
  period.valid_from,
  nullif(period.valid_to, 'infinity') as valid_to,
  release.release_id
from reference.periods_in_force as period
inner join queue.settings as settings on period.qpp_status = settings.qpp_status
inner join reference.releases as release on period.release_id = release.release_id
where current_date between period.valid_from and period.valid_to
order by period.kind"""

READ_SCHEDULES: Final[LiteralString] = """
select
  schedules.kind,
  schedules.covered_to,
  schedules.days_left
from pipeline.schedules as schedules
order by schedules.kind"""

SCHEDULE_DAYS: Final = 60
"""From so many days before a fee schedule ends it is told."""

READ_FAILED_REASONS: Final[LiteralString] = """
select
  reasons.rule_code,
  reasons.title,
  reasons.hint,
  reasons.claims,
  reasons.example_claim_id
from pipeline.failed_reasons as reasons
order by reasons.claims desc, reasons.rule_code"""

COUNT_FAILED: Final[LiteralString] = """
select count(*) as claims, count(*) filter (where failed.stage = 'decode') as not_decoded
from staging.failed_claims as failed
where failed.resolution = 'open'"""

READ_RULE: Final[LiteralString] = """
select
  rule.rule_code,
  rule.title,
  rule.hint,
  rule.claim_status,
  rule.group_code,
  rule.carc,
  rule.rarc
from reference.rules as rule
where rule.rule_code = %(rule_code)s
union all
select
  %(rule_code)s,
  'the claim could not be decoded',
  'Correct the field that the reason names, and send the claim again.',
  null, null, null, null
where %(rule_code)s = 'D000'"""

READ_FAILED_CLAIMS: Final[LiteralString] = """
select
  failed.claim_id,
  failed.batch_id,
  submitter.name as submitter,
  failed.received_at,
  failed.stage,
  finding.field,
  coalesce(finding.value, finding.reason) as value,
  finding.line
from (
  select *
  from staging.failed_claims as failed
  where
    failed.resolution = 'open'
    and failed.rule_codes @> array[%(rule_code)s::text]
    and failed.claim_id > %(after)s
  order by failed.claim_id
  limit %(limit)s
) as failed
inner join queue.submitters as submitter on failed.submitter_id = submitter.submitter_id
cross join lateral jsonb_to_recordset(failed.reasons)
  as finding (rule text, line integer, field text, value text, reason text)
where finding.rule = %(rule_code)s
order by failed.claim_id, finding.line nulls first, finding.field"""

READ_STUCK_BATCHES: Final[LiteralString] = """
select
  batch.batch_id,
  submitter.name as submitter,
  batch.state,
  batch.claim_count as claims,
  case
    when batch.state = 'failed' then 'failed'
    when batch.next_attempt_at is not null then 'to be tried again'
    else 'held'
  end as why,
  batch.attempts,
  batch.next_attempt_at,
  batch.last_sqlstate,
  batch.last_error
from queue.batches as batch
inner join queue.submitters as submitter on batch.submitter_id = submitter.submitter_id
where
  batch.state <> 'transferred'
  and (batch.state = 'failed' or batch.next_attempt_at is not null or batch.hold)
order by batch.batch_id"""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class StateCount:
    """Batches in one state, as pipeline.status gives them; claims and lines as received."""

    state: str
    batches: int
    claims: int
    lines: int
    waiting_for_scores: int
    """Claims that cannot go on without a score."""
    oldest_received_at: datetime


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch; what a stage has not counted yet is None."""

    batch_id: int
    submitter: str
    state: str
    received_at: datetime
    transferred_at: datetime | None
    claims: int
    lines: int
    transferred: int | None
    pended: int | None
    denied: int | None
    failed: int
    allowed_total: Decimal | None


@dataclass(frozen=True, slots=True)
class StuckBatch:
    """A batch that does not go on by itself, or not yet, and why."""

    batch_id: int
    submitter: str
    state: str
    claims: int
    why: str
    attempts: int
    next_attempt_at: datetime | None
    last_sqlstate: str | None
    last_error: str | None
    """What the error said, where the words are ours: they never hold PHI."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The release of a kind that is in force today; valid_to None is open."""

    kind: str
    name: str
    is_starter: bool
    valid_from: date
    valid_to: date | None
    release_id: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long the fee schedule of a kind reaches; None where it is not in force, or has no end."""

    kind: str
    covered_to: date | None
    days_left: int | None

    @property
    def ends_soon(self) -> bool:
        """Whether the next one should be loaded by now."""
        return self.days_left is not None and self.days_left <= SCHEDULE_DAYS


@dataclass(frozen=True, slots=True)
class Status:
    """Where everything stands."""

    accounting: Accounting
    states: list[StateCount]
    batches: list[BatchRow]
    """The newest ones, newest first."""
    in_force: list[InForce]
    schedules: list[Schedule]
    """How long the fee schedules reach from today on."""
    kinds_missing: list[str]
    """Kinds of reference data that have no release in force today."""

    @property
    def waiting_for_scores(self) -> int:
        """Claims that cannot go on without a score."""
        return sum(row.waiting_for_scores for row in self.states)

    @property
    def oldest_waiting(self) -> datetime | None:
        """When the oldest batch that is not transferred was received."""
        return min(
            (row.oldest_received_at for row in self.states if row.state != "transferred"),
            default=None,
        )

    @property
    def difference(self) -> int:
        """Claims that are nowhere: always zero, or there is a defect."""
        counted = self.accounting
        return counted.loaded - (
            counted.in_progress + counted.transferred + counted.failed + counted.superseded
        )


@dataclass(frozen=True, slots=True)
class FailedReason:
    """Open failed claims of one rule, as pipeline.failed_reasons gives them."""

    rule_code: str
    title: str
    hint: str
    claims: int
    example_claim_id: int


@dataclass(frozen=True, slots=True)
class FailedCount:
    """All open failed claims, and those among them that could not be decoded."""

    claims: int
    not_decoded: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and how it is reported: claim_status in a 277CA, the others in an 835."""

    rule_code: str
    title: str
    hint: str
    claim_status: str | None
    group_code: str | None
    carc: str | None
    rarc: str | None


@dataclass(frozen=True, slots=True)
class FailedFinding:
    """What one rule found in a failed claim; line None or 0 is the claim itself."""

    claim_id: int
    batch_id: int
    submitter: str
    received_at: datetime
    stage: str
    field: str
    value: str | None
    """The value found, or why the claim was not decoded; never PHI."""
    line: int | None


def read_status(conn: Connection[Any], *, batches: int) -> Status:
    """Read where everything stands, with so many of the newest batches; conn as the operator."""
    in_force = _read(conn, InForce, READ_IN_FORCE)
    present = {row.kind for row in in_force}
    return Status(
        accounting=read_accounting(conn),
        states=_read(conn, StateCount, READ_STATES),
        batches=_read(conn, BatchRow, READ_BATCHES, limit=batches),
        in_force=in_force,
        schedules=read_schedules(conn),
        kinds_missing=[kind.code for kind in KINDS if kind.code not in present],
    )


def read_schedules(conn: Connection[Any]) -> list[Schedule]:
    """Read how long the fee schedules reach from today on."""
    return _read(conn, Schedule, READ_SCHEDULES)


def read_stuck_batches(conn: Connection[Any]) -> list[StuckBatch]:
    """Read the batches that failed, wait for another attempt or are held; conn as the operator."""
    return _read(conn, StuckBatch, READ_STUCK_BATCHES)


def read_failed_reasons(conn: Connection[Any]) -> tuple[FailedCount, list[FailedReason]]:
    """Read how many claims failed and by which rules, the most frequent first."""
    return (
        _read(conn, FailedCount, COUNT_FAILED)[0],
        _read(conn, FailedReason, READ_FAILED_REASONS),
    )


def read_failed_claims(
    conn: Connection[Any], rule_code: str, *, after: int, limit: int
) -> tuple[Rule, list[FailedFinding]]:
    """Read what a rule found, for so many claims in order of claim id, above `after`.

    Raises:
        ClaimsError: FAILED_RULE_UNKNOWN.

    """
    rules = _read(conn, Rule, READ_RULE, rule_code=rule_code)
    if not rules:
        raise ClaimsError(
            "FAILED_RULE_UNKNOWN",
            f"there is no rule {rule_code!r}",
            "Take a rule from `claims failed`, such as V010.",
        )
    found = _read(
        conn, FailedFinding, READ_FAILED_CLAIMS, rule_code=rule_code, after=after, limit=limit
    )
    return rules[0], found


def standard_codes(
    claim_status: str | None, group_code: str | None, carc: str | None, rarc: str | None
) -> str:
    """Give the codes that report something to the submitter, empty when nothing does."""
    remark = f" with {rarc}" if rarc else ""
    parts = [
        f"277CA {claim_status}" if claim_status else "",
        f"835 {group_code}-{carc}{remark}" if carc else "",
    ]
    return "; ".join(filter(None, parts))


def _read(
    conn: Connection[Any], row: type[Row], query: LiteralString, **parameters: object
) -> list[Row]:
    with translated(), conn.cursor(row_factory=rows.class_row(row)) as cur:
        return cur.execute(query, parameters).fetchall()
