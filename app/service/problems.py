"""Errors as RFC 9457 problem documents, each with a code that does not change."""

import re
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
import psycopg
import structlog
from litestar import Request, Response
from litestar.enums import ParamType
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import ParameterKwarg
from litestar.plugins.problem_details import (
    ProblemDetailsConfig,
    ProblemDetailsException,
    ProblemDetailsPlugin,
)

from app.claim.decoding import in_words
from app.program.errors import ClaimsError, from_psycopg

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:claims-processor:problem:"
RETRY_SECONDS: Final = {429: 1, 503: 5}
"""What Retry-After says."""


_log: Final = structlog.get_logger(__name__)

# What Litestar raises, by status; handlers raise ApiError with codes of their own.
_CODES: Final = {
    400: ("REQUEST_INVALID", "Compare the request with /schema."),
    401: ("TOKEN_REFUSED", "Send Authorization: Bearer TOKEN with a token that is in force."),
    403: ("SCOPE_MISSING", "Use a client that has the scope, or create one."),
    404: ("NOT_FOUND", "Check the id: it is unknown, or belongs to another submitter."),
    405: ("METHOD_NOT_ALLOWED", "Use a method that the Allow header names."),
    413: ("BODY_TOO_LARGE", "Send fewer claims in one request."),
    415: ("MEDIA_TYPE_UNSUPPORTED", "Send application/json or application/x-ndjson."),
    429: ("RATE_LIMITED", "Wait as long as Retry-After says, then go on more slowly."),
}
# Errors of routines that a client can mend, whose hints name commands.
_CALLS: Final = {
    "PL007": "Take the id of a batch from the answer to the request that sent it, or from "
    "GET /api/v1/batches.",
    "PL009": "GET /api/v1/failed-claims lists failed claims, with their ids.",
    "PL010": "Only a claim that is open can be retried or corrected; GET /api/v1/claims/{id} says "
    "where it stands.",
    "PL012": "Take a rule from GET /api/v1/failed-claims; claims that could not be decoded (D000) "
    "are corrected with POST /api/v1/failed-claims/{id}/correct.",
}
_COMMAND: Final = re.compile(r"\bclaims (?:[a-z]+ )?[a-z]+")
# What Litestar says of a parameter that is not there, before the URL, which may hold anything.
_MISSING: Final = re.compile(r"Missing required (header|query) parameter '([A-Za-z_-]+)'")
_PLACES: Final = {
    ParamType.QUERY: "query parameter",
    ParamType.HEADER: "header",
    ParamType.PATH: "path parameter",
}
_UNEXPECTED: Final = "Report this with the request id; nothing of the request was kept."


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An error: RFC 9457, with a stable code and what to do next."""

    type: Annotated[str, msgspec.Meta(examples=[f"{TYPE_PREFIX}NOT_FOUND"])]
    """Names the kind of problem; ends with the code."""
    title: str
    """The status in words."""
    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    """The HTTP status."""
    detail: str
    """What happened; never PHI."""
    code: Annotated[str, msgspec.Meta(examples=["NOT_FOUND"])]
    """Stable: programs decide by it."""
    hint: str
    """What to do next."""
    request_id: str | None = None
    """Finds the request in the log."""


class ApiError(ClaimsError):
    """An error that says its own HTTP status."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        hint: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code, message, hint)
        self.status: Final = status
        self.headers: Final = headers

    @property
    def http_status(self) -> int:
        """The status that was given."""
        return self.status


def not_found(what: str) -> ApiError:
    """Give the answer to an id that is unknown or another submitter's: it must not tell which."""
    return ApiError(HTTPStatus.NOT_FOUND, "NOT_FOUND", f"there is no such {what}", _CODES[404][1])


def responses(*statuses: int) -> dict[int, ResponseSpec]:
    """Describe the problems of a route for OpenAPI; those that every route has are added."""
    return {status: _spec(status) for status in sorted({400, 401, 403, 429, 503, *statuses})}


def _spec(status: int) -> ResponseSpec:
    code, hint = _CODES.get(status, (HTTPStatus(status).name, "Look at the code and the detail."))
    phrase = HTTPStatus(status).phrase
    example = {
        "type": TYPE_PREFIX + code,
        "title": phrase,
        "status": status,
        "detail": phrase.lower(),
        "code": code,
        "hint": hint,
        "request_id": "0b8f3c1a5d2e4f60a7b8c9d0e1f2a3b4",
    }
    return ResponseSpec(
        Problem,
        generate_examples=False,
        description=phrase,
        media_type=MEDIA_TYPE,
        examples=[Example(summary=code, value=example)],
    )


def _document(
    status: int, code: str, detail: str, hint: str, headers: dict[str, str] | None = None
) -> ProblemDetailsException:
    headers = dict(headers or {})
    if status in RETRY_SECONDS:
        headers.setdefault("Retry-After", str(RETRY_SECONDS[status]))
    context = structlog.contextvars.get_contextvars()
    return ProblemDetailsException(
        detail=detail,
        status_code=status,
        headers=headers,
        type_=TYPE_PREFIX + code,
        title=HTTPStatus(status).phrase,
        extra={"code": code, "hint": hint, "request_id": context.get("request_id")},
    )


def _of_ours(error: ClaimsError) -> ProblemDetailsException:
    headers = error.headers if isinstance(error, ApiError) else None
    status = error.http_status
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("request.failed", code=error.code, status=status)
    return _document(status, error.code, error.message, _hint(error), headers)


def _hint(error: ClaimsError) -> str:
    """Say what a client can do; what a command does is for those who run the service."""
    called = _CALLS.get(error.code, error.hint)
    if not isinstance(error, ApiError) and _COMMAND.search(called):
        return f"Tell those who run the service: {called}"
    return called


def _of_psycopg(error: psycopg.Error) -> ProblemDetailsException:
    return _of_ours(from_psycopg(error))


def _of_litestar(error: HTTPException) -> ProblemDetailsException:
    status = error.status_code
    code, hint = _CODES.get(status, (HTTPStatus(status).name, _UNEXPECTED))
    return _document(status, code, error.detail.lower(), hint, error.headers)


def refuse_parameters(request: Request[Any, Any, Any], error: ValidationException) -> Response[Any]:
    """Answer to parameters that are missing or do not fit, by the names that the caller wrote."""
    code, hint = _CODES[error.status_code]
    missing = _MISSING.match(error.detail)
    detail = (
        f"the {missing[1]} parameter {missing[2]} is missing"
        if missing
        else "; ".join(_invalid(request, error)) or "the request does not fit the schema"
    )
    return _respond(request, _document(error.status_code, code, detail, hint, error.headers))


def _invalid(request: Request[Any, Any, Any], error: ValidationException) -> list[str]:
    """Name what does not fit, without its value: it may be PHI in the wrong place."""
    parameters = request.route_handler.parsed_fn_signature.parameters
    problems = []
    for item in error.extra if isinstance(error.extra, list) else []:
        key = str(item.get("key", "body"))
        given = parameters[key].kwarg_definition if key in parameters else None
        name, place = key, "parameter"
        if isinstance(given, ParameterKwarg):
            name = given.name or key
            place = _PLACES.get(given.param_type, place)
        problems.append(f"the {place} {name} {in_words(str(item.get('message', '')))}")
    return problems


def _of_anything(error: Exception) -> ProblemDetailsException:
    """Answer a fault of the program; its text may hold values, so that it is not told or logged."""
    _log.error("request.crashed", exc_info=error)
    return _document(500, "INTERNAL_ERROR", "the request met a fault in the program", _UNEXPECTED)


def _respond(request: Request[Any, Any, Any], error: ProblemDetailsException) -> Response[Any]:
    return error.to_response(request)


def plugin() -> ProblemDetailsPlugin:
    """Give the plugin that turns every exception into a problem document."""
    return ProblemDetailsPlugin(
        ProblemDetailsConfig(
            exception_handler=_respond,
            exception_to_problem_detail_map={
                ClaimsError: _of_ours,
                psycopg.Error: _of_psycopg,
                HTTPException: _of_litestar,
                Exception: _of_anything,
            },
        )
    )
