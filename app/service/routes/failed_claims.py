"""Failed claims: which, why, and what is done about them."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, LiteralString

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import Body, QueryParameter
from psycopg import rows

from app.intake.encode import explain
from app.program.errors import ClaimsError
from app.service.answers import answer
from app.service.auth import needs
from app.service.clients import Client
from app.service.database import seen_by
from app.service.exact import ExactBody
from app.service.intake import Submission
from app.service.openapi import ClaimOperation
from app.service.parts import BIGINT_MAX, SMALL_BODY, ClaimId, Parts
from app.service.problems import ApiError, not_found, responses
from app.service.routes.claims import READY, Accepted, IdempotencyKey, Prefer, accepted

READ_FAILED: Final[LiteralString] = """
select
  failed.claim_id,
  failed.batch_id,
  failed.received_at,
  failed.failed_at,
  failed.stage,
  failed.resolution,
  failed.rule_codes,
  failed.sqlstate,
  failed.retry_count,
  failed.next_retry_at,
  failed.retried_batch_id,
  failed.replaced_by_claim_id,
  failed.resolved_at,
  (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'rule_code', reason.rule,
        'line_number', coalesce(reason.line, 0),
        'field', reason.field,
        'value', coalesce(reason.value, reason.reason),
        'reason', coalesce(rule.title, 'the claim could not be decoded'),
        'hint', coalesce(
          rule.hint, 'Correct the field that the reason names, and send the claim again.'
        )
      )
    ), '[]')
    from jsonb_to_recordset(failed.reasons)
      as reason (rule text, line integer, field text, value text, reason text)
    left join reference.rules as rule on reason.rule = rule.rule_code
  ) as findings
from access.failed_claims as failed
where
  failed.claim_id > %(after)s
  and (%(resolution)s::text is null or failed.resolution = %(resolution)s)
  and (%(stage)s::text is null or failed.stage = %(stage)s)
  and (%(batch_id)s::bigint is null or failed.batch_id = %(batch_id)s)
  and (%(rule_code)s::text is null or failed.rule_codes @> array[%(rule_code)s])
order by failed.claim_id
limit %(limit)s"""

RETRY: Final = """
select claim_id, batch_id
from pipeline.retry_failed_claims(%(submitter)s, array[%(claim_id)s]::bigint[])"""

RETRY_BY_RULE: Final = """
select claim_id, batch_id
from pipeline.retry_failed_claims_by_rule(%(submitter)s, %(rule_code)s, %(max_claims)s)"""

RuleCode = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][0-9]{3}$", examples=["V021"])]


class FailedFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Why a claim failed."""

    rule_code: str
    line_number: int
    field: str
    value: str | None
    """What stood there, or why it was not decoded; null where it may be PHI."""
    reason: str
    hint: str


class FailedClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A claim that cannot go to production as it is."""

    claim_id: int
    batch_id: int
    received_at: datetime
    failed_at: datetime
    stage: str
    resolution: str
    """open; retried: under way again; resolved; superseded by a corrected claim."""
    rule_codes: list[str]
    sqlstate: str | None
    retry_count: int
    next_retry_at: datetime | None
    retried_batch_id: int | None
    replaced_by_claim_id: int | None
    resolved_at: datetime | None
    findings: list[FailedFinding]


class FailedClaims(msgspec.Struct, frozen=True, kw_only=True):
    """Failed claims in order of their id."""

    failed_claims: list[FailedClaim]
    next_after: int | None
    """Give this as `after` for those that follow; null when there are none."""


class RetriedClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A claim that is under way again."""

    claim_id: int
    batch_id: int
    """The batch that it is in now."""


class Retried(msgspec.Struct, frozen=True, kw_only=True):
    """The claims that are under way again."""

    claims: list[RetriedClaim]


class RetryByRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which failed claims to put on their way again."""

    rule_code: RuleCode
    max_claims: Annotated[int, msgspec.Meta(ge=1, le=50_000)] = 25_000
    """The oldest so many; call again for the rest."""


@get(
    "/",
    guards=[needs("claims:read")],
    sync_to_thread=True,
    responses=responses(),
    operation_id="list_failed_claims",
)
def index(  # noqa: PLR0913 - one parameter for each filter
    parts: NamedDependency[Parts],
    client: NamedDependency[Client],
    *,
    rule_code: Annotated[
        str | None, QueryParameter(pattern=r"^[A-Z][0-9]{3}$", description="Only those it failed.")
    ] = None,
    stage: Annotated[
        Literal["decode", "validation", "scoring", "transfer"] | None,
        QueryParameter(description="Only those that failed there."),
    ] = None,
    resolution: Annotated[
        Literal["open", "retried", "resolved", "superseded", "any"],
        QueryParameter(description="Only those that stand so."),
    ] = "open",
    batch_id: Annotated[
        int | None, QueryParameter(ge=1, le=BIGINT_MAX, description="Only those of this batch.")
    ] = None,
    after: Annotated[
        int, QueryParameter(ge=0, le=BIGINT_MAX, description="Only those with a higher id.")
    ] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=1000, description="How many.")] = 100,
) -> Response[FailedClaims]:
    """List failed claims in order of their id, with what was found."""
    with (
        seen_by(parts.pool, client) as conn,
        conn.cursor(row_factory=rows.kwargs_row(_failed_claim)) as cur,
    ):
        found = cur.execute(
            READ_FAILED,
            {
                "after": after,
                "resolution": None if resolution == "any" else resolution,
                "stage": stage,
                "batch_id": batch_id,
                "rule_code": rule_code,
                "limit": limit,
            },
        ).fetchall()
    following = found[-1].claim_id if len(found) == limit else None
    return answer(FailedClaims(failed_claims=found, next_after=following))


@post(
    "/{claim_id:int}/retry",
    guards=[needs("claims:write")],
    status_code=HTTPStatus.ACCEPTED,
    sync_to_thread=True,
    request_max_body_size=SMALL_BODY,
    responses=responses(404, 409),
    operation_id="retry_failed_claim",
)
def retry(
    parts: NamedDependency[Parts], client: NamedDependency[Client], claim_id: ClaimId
) -> Response[Retried]:
    """Put a failed claim on its way again, under its id, in a batch of its own."""
    with seen_by(parts.pool, client) as conn:
        found = conn.execute(
            RETRY, {"submitter": client.submitter, "claim_id": claim_id}
        ).fetchall()
    return _retried(found)


@post(
    "/retry",
    guards=[needs("claims:write")],
    status_code=HTTPStatus.ACCEPTED,
    sync_to_thread=True,
    dto=ExactBody[RetryByRule],
    return_dto=None,
    request_max_body_size=SMALL_BODY,
    responses=responses(413, 422),
    operation_id="retry_failed_claims",
)
def retry_by_rule(
    parts: NamedDependency[Parts],
    client: NamedDependency[Client],
    data: Annotated[RetryByRule, Body(examples=[Example(value={"rule_code": "V021"})])],
) -> Response[Retried]:
    """Put all failed claims of a rule on their way again, the oldest first."""
    with seen_by(parts.pool, client) as conn:
        found = conn.execute(
            RETRY_BY_RULE, {"submitter": client.submitter, **msgspec.structs.asdict(data)}
        ).fetchall()
    return _retried(found)


@post(
    "/{claim_id:int}/correct",
    guards=[needs("claims:write")],
    status_code=HTTPStatus.ACCEPTED,
    operation_class=ClaimOperation,
    request_max_body_size=SMALL_BODY,
    responses={200: READY, **responses(404, 408, 409, 413, 422)},
    operation_id="correct_failed_claim",
)
async def correct(  # noqa: PLR0913 - one parameter for each header
    request: Request[Client, Any, Any],
    parts: NamedDependency[Parts],
    client: NamedDependency[Client],
    claim_id: ClaimId,
    *,
    idempotency_key: IdempotencyKey = None,
    prefer: Prefer = None,
) -> Response[Accepted]:
    """Send a corrected claim that takes the place of a failed one; the two stay linked."""
    async with parts.bodies.read(request) as body:
        problem = explain(body)
        if problem is not None:
            raise ApiError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "CLAIM_NOT_DECODED",
                f"the corrected claim does not fit the model: {problem}",
                "Correct the field, and send one claim as a JSON object.",
            )
        submission = Submission(client, idempotency_key, body, replaces_claim_id=claim_id)
        try:
            receipt = await parts.intake.store(submission)
        except ClaimsError as error:
            if error.code == "PL009":
                raise not_found("failed claim") from None
            raise
    return await accepted(parts, client, receipt, prefer)


def _failed_claim(**row: Any) -> FailedClaim:  # noqa: ANN401 - the columns of READ_FAILED
    row["findings"] = msgspec.convert(row["findings"], list[FailedFinding])
    return FailedClaim(**row)


def _retried(found: list[tuple[Any, ...]]) -> Response[Retried]:
    return answer(
        Retried(claims=[RetriedClaim(claim_id=row[0], batch_id=row[1]) for row in found]),
        status=HTTPStatus.ACCEPTED,
    )


router: Final = Router(
    "/failed-claims",
    route_handlers=[index, retry, retry_by_rule, correct],
    tags=["failed claims"],
)
