"""The OpenAPI document: the claim model as intake has it, bodies that are streamed, security."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.enums import ParamType
from litestar.handlers import BaseRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    Example,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
    Tag,
)
from litestar.openapi.spec import Parameter as OpenAPIParameter
from litestar.openapi.spec.enums import OpenAPIType
from litestar.plugins import OpenAPISchemaPlugin
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from app.claim.model import Claim
from app.service.answers import JSON, NDJSON
from app.service.exact import ExactBody
from app.service.parts import BIGINT_MAX
from app.service.problems import ApiError

AMOUNT: Final = r"^-?[0-9]{1,10}(\.[0-9]{1,2})?$"
REFERENCE: Final = "#/components/schemas/{name}"
CLAIM: Final = Reference(ref=REFERENCE.format(name="Claim"))

EXAMPLE_CLAIM: Final[dict[str, Any]] = {
    "claim_number": "PCN-1001",
    "payer_id": "61101",
    "billing_npi": "1464656697",
    "patient": {
        "member_id": "1EG4TE5MK73",
        "last_name": "Doe",
        "first_name": "Jane",
        "birth_date": "1952-03-04",
        "sex": "F",
    },
    "service_location": {"zip": "33035"},
    "diagnoses": ["I10", "E11.9"],
    "total_charge": 150.00,
    "service_lines": [
        {
            "hcpcs": "99213",
            "place_of_service": "11",
            "units": 1,
            "charge": 150.00,
            "diagnosis_pointers": [1, 2],
            "date_of_service": "2026-04-24",
        }
    ],
}


@dataclass
class _Verbatim(Schema):
    """A schema that msgspec wrote."""

    text: dict[str, Any] | None = None

    def to_schema(self) -> dict[str, Any]:
        """Give it as it was written."""
        return self.text or {}


def _lines_of(model: str) -> _Verbatim:
    """Describe NDJSON: for a generated client a text, whose lines are of the model."""
    return _Verbatim(
        text={
            "type": "string",
            "contentMediaType": NDJSON,
            "contentSchema": {"$ref": REFERENCE.format(name=model)},
            "description": f"One JSON object ({model}) in each line.",
        }
    )


@dataclass
class ClaimsOperation(Operation):
    """An operation whose body is claims, read as a stream and not by Litestar."""

    def __post_init__(self) -> None:
        """Describe the body."""
        self.request_body = RequestBody(
            description="1 to 50,000 claims, as they are or compressed (Content-Encoding: gzip "
            "or zstd).",
            required=True,
            content={
                JSON: OpenAPIMediaType(
                    schema=Schema(type=OpenAPIType.ARRAY, items=CLAIM, min_items=1),
                    examples={"one claim": Example(value=[EXAMPLE_CLAIM])},
                ),
                NDJSON: OpenAPIMediaType(
                    schema=_lines_of("Claim"),
                    examples={
                        "one claim": Example(value=msgspec.json.encode(EXAMPLE_CLAIM).decode())
                    },
                ),
            },
        )


@dataclass
class ClaimOperation(Operation):
    """An operation whose body is one claim, kept as it was sent."""

    def __post_init__(self) -> None:
        """Describe the body."""
        self.request_body = RequestBody(
            required=True,
            content={
                JSON: OpenAPIMediaType(
                    schema=CLAIM, examples={"a claim": Example(value=EXAMPLE_CLAIM)}
                )
            },
        )


class DecimalsAreNumbers(OpenAPISchemaPlugin):
    """Describes decimals as the numbers that `app.service.answers` sends."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Take decimals, and leave all else to Litestar."""
        return field_definition.annotation is Decimal

    def to_openapi_schema(
        self,
        field_definition: FieldDefinition,  # noqa: ARG002 - all decimals are alike
        schema_creator: Any,  # noqa: ANN401, ARG002 - Litestar's own; nothing is inside a decimal
    ) -> Schema:
        """Describe one."""
        return Schema(type=OpenAPIType.NUMBER)


def config() -> OpenAPIConfig:
    """Describe the API as a whole."""
    return OpenAPIConfig(
        title="Claims processor",
        version=version("claims-processor"),
        description="Professional claims: sent in batches, validated, priced by Medicare "
        "relative value units, moved to production. Every error is an RFC 9457 problem document.",
        security=[{"token": []}],
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="A token that `claims client create` printed.",
                )
            }
        ),
        tags=[
            Tag("claims", "Send claims and read what became of them."),
            Tag("failed claims", "Claims that cannot go to production as they are."),
            Tag("prices", "The physician fee schedule, and prices without any claim."),
            Tag("operation", "Whether the service is well."),
        ],
        path="/schema",
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        use_handler_docstrings=True,
    )


async def refuse_unknown(
    connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler
) -> None:
    """Refuse query parameters that the document has not: a misspelt `hold` must not be nothing."""
    known: dict[str, set[str]] = connection.app.state.query_names
    path = connection.scope["path_template"]
    if connection.query_params.keys() - known.get(path, set()):
        raise ApiError(
            HTTPStatus.BAD_REQUEST,
            "REQUEST_INVALID",
            f"the query has a parameter that {path} does not know",
            "Compare the request with /schema.",
        )


def complete(app: Litestar) -> None:
    """Say what Litestar cannot know or says inexactly: streams of claims, and limits."""
    paths = app.openapi_schema.paths or {}
    operations = {
        path: [operation for operation in (item.get, item.post) if operation is not None]
        for path, item in paths.items()
    }
    app.state.query_names = {
        path: {
            parameter.name
            for parameter in _parameters(found)
            if parameter.param_in == ParamType.QUERY
        }
        for path, found in operations.items()
    }
    for found in operations.values():
        for parameter in _parameters(found):
            if isinstance(parameter.schema, Schema):
                _bound_exactly(parameter.schema)
        for operation in found:
            for response in (operation.responses or {}).values():
                if isinstance(response, OpenAPIResponse) and NDJSON in (response.content or {}):
                    response.content = {NDJSON: OpenAPIMediaType(schema=_lines_of("Result"))}
    # No handler takes the claim model, and of the others Litestar leaves limits out.
    models = [Claim, *(dto.model_type for dto in _bodies(app))]
    _, described = msgspec.json.schema_components(models, ref_template=REFERENCE)
    schemas = app.openapi_schema.components.schemas
    for name, text in described.items():
        schemas[name] = _Verbatim(text=_with_amounts(text))


def _parameters(operations: list[Operation]) -> Iterator[OpenAPIParameter]:
    for operation in operations:
        for parameter in operation.parameters or []:
            if isinstance(parameter, OpenAPIParameter):
                yield parameter


def _bodies(app: Litestar) -> Iterator[type[ExactBody[Any]]]:
    """Give the decoders of all bodies that handlers take."""
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            dto = handler.resolve_data_dto()
            if dto is not None and issubclass(dto, ExactBody):
                yield dto


def _bound_exactly(schema: Schema) -> None:
    """Make the bounds of whole numbers whole: as a float, the largest id is one too many."""
    if schema.type == OpenAPIType.INTEGER:
        schema.minimum = None if schema.minimum is None else int(schema.minimum)
        schema.maximum = None if schema.maximum is None else min(int(schema.maximum), BIGINT_MAX)
    for one in schema.one_of or ():
        if isinstance(one, Schema):
            _bound_exactly(one)


def _with_amounts(schema: Any) -> Any:  # noqa: ANN401 - any part of a JSON schema
    """Say of decimals that they are taken as numbers too, which msgspec does not say."""
    if isinstance(schema, list):
        return [_with_amounts(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        rest = {key: part for key, part in schema.items() if key not in {"type", "format"}}
        return rest | {"anyOf": [{"type": "number"}, {"type": "string", "pattern": AMOUNT}]}
    return {key: _with_amounts(part) for key, part in schema.items()}
