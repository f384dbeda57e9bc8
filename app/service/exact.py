"""JSON bodies that Litestar hands to handlers, decoded as claims are: exactly, told by path."""

from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar

import msgspec
from litestar.dto import MsgspecDTO
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from app.claim.decoding import ModelDecoder, NotDecodedError
from app.service.problems import ApiError

BODY: Final = "body"
"""What is told as the field where the whole body does not fit."""

Model = TypeVar("Model", bound=msgspec.Struct)


class ExactBody(MsgspecDTO[Model], Generic[Model]):
    """Decodes a body with `app.claim.decoding`.

    Litestar itself would pass numbers through a float, and name the first part of a path alone.
    """

    def decode_bytes(self, value: bytes) -> Any:  # noqa: ANN401 - as Litestar declares it
        """Decode the body; raises ApiError REQUEST_INVALID, which names the field."""
        decoder: ModelDecoder[Any] = ModelDecoder(self.model_type, BODY)
        try:
            return decoder.decode(value)
        except NotDecodedError as error:
            raise ApiError(
                HTTPStatus.BAD_REQUEST,
                "REQUEST_INVALID",
                str(error),
                "Correct the field; /schema describes it.",
            ) from None

    @classmethod
    def create_openapi_schema(
        cls,
        field_definition: FieldDefinition,
        handler_id: str,  # noqa: ARG003 - as Litestar calls it
        schema_creator: Any,  # noqa: ANN401 - of a class that Litestar keeps to itself
    ) -> Reference | Schema:
        """Describe the model itself, under its own name."""
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema
