"""Claims: sent in batches, read one by one."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, Final, cast

import msgspec
import structlog
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream

from app.claim.model import LINES_LIMIT
from app.database.trail import Purpose, Told
from app.desk.claim import ClaimReport, Decision, Finding, Reader, as_object, read_claim
from app.pricing.basis import Basis
from app.program.errors import ClaimsError
from app.scoring.explain import ScoreReport, Verdict
from app.service.answers import JSON, NDJSON, answer, encode, encoded
from app.service.auth import about, needs, require
from app.service.batches import Batch, read_batch, result_pages
from app.service.clients import Client
from app.service.database import seen_by
from app.service.intake import NotDecoded, Receipt, Submission
from app.service.observe import ACCEPTED
from app.service.openapi import ClaimsOperation
from app.service.parts import ClaimId, Parts
from app.service.problems import ApiError, not_found, responses
from app.service.results import pages
from app.service.routes.claim_search import find_claims

WAIT_LIMIT: Final = 60
"""Seconds that Prefer: wait=N can ask for; more counts as this."""

_WAIT: Final = re.compile(r"(?:^|[,;\s])wait\s*=\s*([0-9]{1,6})(?:$|[,;\s])", re.IGNORECASE)

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="Makes sending again harmless: the same key and body give the same batch, "
        "the same key with another body is refused. Never PHI.",
    ),
]


Prefer = Annotated[
    str | None,
    HeaderParameter(
        name="Prefer",
        description="wait=N: answer 200 with the results if they are ready in N seconds, up "
        f"to {WAIT_LIMIT}; else 202 as without it (RFC 7240).",
        examples=[Example(value="wait=10")],
    ),
]


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that was stored whole; it is worked on from now on."""

    batch: Batch
    replayed: bool
    """Whether it was stored before, under the same Idempotency-Key."""
    not_decoded: int
    """Claims that do not fit the model; the others go on."""
    errors: list[NotDecoded]
    """The first thousand of them, one by one."""


class ResultFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule found."""

    rule_code: str
    line_number: int
    """0 is the claim itself."""
    field: str
    """Path of the field in the claim."""
    value: str | None
    """What stood there, or why it was not decoded; null where it may be PHI."""
    reason: str
    hint: str
    disposition: str


class ResultLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a service line came to."""

    line_number: int
    pricing_status: str
    allowed_amount: Decimal | None
    reason_code: str | None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a claim of a batch."""

    claim_id: int
    position: int | None
    """Place in the request, from 1; null in a batch of retried claims."""
    batch_id: int
    """Batch it stands in now: a retry takes it to another one."""
    state: str
    decision: Decision | None
    allowed_amount: Decimal | None
    findings: list[ResultFinding]
    lines: list[ResultLine]


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that was ready in time, with the results of its claims."""

    batch: Batch
    results: list[Result]


class ClaimLine(msgspec.Struct, frozen=True, kw_only=True):
    """A service line with how its amount came about."""

    line_number: int
    service_date: date | None
    service_date_to: date | None
    hcpcs: str | None
    modifiers: list[str] | None
    place_of_service: str | None
    units: Decimal
    minutes: int | None
    charge: Decimal
    diagnosis_pointers: list[int]
    pricing: dict[str, Any] | None
    """Status, amount, reason, codes, and the steps as parallel arrays; null until priced."""
    basis: Basis | None
    """The relative values and indices behind the fee."""


class ClaimBatch(msgspec.Struct, frozen=True, kw_only=True):
    """The batch that a claim stands in."""

    batch_id: int
    state: str
    received_at: datetime
    validated_at: datetime | None
    transferred_at: datetime | None


class ClaimAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One claim in whatever state it is."""

    claim_id: int
    state: str
    decision: Decision | None
    submitter: str
    submitter_id: int
    received_at: datetime
    """When the claim was first received."""
    batch: ClaimBatch
    failure: dict[str, Any] | None
    """Stage, resolution and time of a failed claim."""
    claim: dict[str, Any]
    """What the claim says, without PHI; empty when it could not be decoded."""
    outcome: dict[str, Any] | None
    """What a transferred claim came to."""
    score: ScoreReport | None
    """The score and what moved it, where the claim has one."""
    verdicts: list[Verdict]
    """What reviewers decided; the last holds."""
    findings: list[Finding]
    lines: Annotated[list[ClaimLine], msgspec.Meta(max_length=LINES_LIMIT)]
    phi: dict[str, str] | None
    """The fields that identify the patient, where they were asked for."""
    phi_erased: bool
    """Whether they were asked for, and their keys were destroyed by an erasure."""


READY: Final = ResponseSpec(
    Completed, generate_examples=False, description="Ready within Prefer: wait=N."
)


@post(
    "/process",
    guards=[needs("claims:write")],
    status_code=HTTPStatus.ACCEPTED,
    operation_class=ClaimsOperation,
    responses={
        200: READY,
        **responses(408, 409, 413, 415, 422),
    },
    operation_id="process_claims",
)
async def process_claims(  # noqa: PLR0913 - one parameter for each header and option
    request: Request[Client, Any, Any],
    parts: NamedDependency[Parts],
    client: NamedDependency[Client],
    *,
    idempotency_key: IdempotencyKey = None,
    prefer: Prefer = None,
    hold: Annotated[
        bool,
        QueryParameter(
            description="Validate now, and transfer when data-transfer/transfer is called."
        ),
    ] = False,
) -> Response[Accepted]:
    """Send a batch of 1 to 50,000 claims: a JSON array, or NDJSON with one claim in each line.

    Claims that do not fit the model are listed one by one and kept among the failed claims; the
    others go on. The batch is stored when the answer comes, whatever happens afterwards.
    """
    _expect_claims(request)
    async with parts.bodies.read(request) as body:
        receipt = await parts.intake.store(Submission(client, idempotency_key, body, hold=hold))
    return await accepted(parts, client, receipt, prefer)


async def accepted(
    parts: Parts,
    client: Client,
    receipt: Receipt,
    prefer: str | None,
) -> Response[Accepted]:
    """Answer with the results if they are asked for and ready in time, else with the batch."""
    structlog.contextvars.bind_contextvars(batch_id=receipt.batch_id)
    if receipt.batch is not None:
        ACCEPTED.inc(receipt.batch.claims)
    asked = _WAIT.search(prefer or "")
    headers = {"Location": f"/api/v1/batches/{receipt.batch_id}"}
    if asked is not None:
        seconds = min(int(asked[1]), WAIT_LIMIT)
        headers["Preference-Applied"] = f"wait={seconds}"
        settled = await parts.progress.settled(client, receipt.batch_id, seconds)
        if settled is not None:
            cut = await asyncio.to_thread(result_pages, parts.pool, client, receipt.batch_id)
            completed = Stream(
                _completed(settled, pages(parts.pool, client, cut)),
                media_type=JSON,
                status_code=HTTPStatus.OK,
                headers=headers,
            )
            # Of the two answers the document tells apart, a handler can declare one.
            return cast("Response[Accepted]", completed)
    batch = receipt.batch
    if batch is None:
        batch = await asyncio.to_thread(read_batch, parts.pool, client, receipt.batch_id)
    return answer(
        Accepted(
            batch=batch,
            replayed=receipt.is_replay,
            not_decoded=receipt.not_decoded_count,
            errors=receipt.not_decoded,
        ),
        status=HTTPStatus.ACCEPTED,
        headers=headers,
    )


@get(
    "/{claim_id:int}",
    guards=[needs("claims:read")],
    responses=responses(404),
    operation_id="get_claim",
)
async def show_claim(
    request: Request[Client, Any, Any],
    parts: NamedDependency[Parts],
    client: NamedDependency[Client],
    claim_id: ClaimId,
    purpose: Annotated[
        Purpose | None,
        HeaderParameter(
            name="Purpose-Of-Use",
            description="States why the fields that identify the patient are read, and so asks "
            "for them. Needs the scope phi:read; an audit event records the reading.",
        ),
    ] = None,
) -> Response[ClaimAnswer]:
    """Explain one claim: its state, what was found, and how each amount came about."""
    reader = None
    if purpose is not None:
        await require(request, "phi:read")
        told = Told(client=client.name, origin=client.address, purpose=purpose)
        reader = Reader(told, about(request), parts.keyring)
    report = await asyncio.to_thread(_read, parts, client, claim_id, reader)
    return encoded(encode(as_object(report)), body_type=ClaimAnswer)


def _read(parts: Parts, client: Client, claim_id: int, reader: Reader | None) -> ClaimReport:
    """Read a claim in one snapshot, because it may move to production meanwhile."""
    try:
        with seen_by(parts.pool, client, one_snapshot=True) as conn:
            return read_claim(conn, parts.settings, claim_id, reader=reader)
    except ClaimsError as error:
        if error.code == "SHOW_CLAIM_UNKNOWN":
            raise not_found("claim") from None
        raise


def _expect_claims(request: Request[Client, Any, Any]) -> None:
    """Refuse a body that is declared to be something else; undeclared, it is looked at."""
    media_type = request.content_type[0]
    if media_type not in {"", JSON, NDJSON, "application/ndjson", "application/jsonl"}:
        raise ApiError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "MEDIA_TYPE_UNSUPPORTED",
            "the Content-Type is none that claims come in",
            f"Send {JSON} or {NDJSON}.",
        )


async def _completed(batch: Batch, results: AsyncIterator[list[str]]) -> AsyncIterator[bytes]:
    """Write a Completed, page by page."""
    before = b'{"batch":' + encode(batch) + b',"results":['
    async for page in results:
        if page:
            yield before + ",".join(page).encode()
            before = b","
    yield b"]}" if before == b"," else before + b"]}"


router: Final = Router(
    "/claims", route_handlers=[process_claims, find_claims, show_claim], tags=["claims"]
)
