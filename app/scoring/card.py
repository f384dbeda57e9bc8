"""What is known of a model: the JSON beside its file, which is its card too."""

from pathlib import Path
from typing import Any, Final

import msgspec

from app.program.errors import ClaimsError

SHIPPED_NAME: Final = "claim_model.tflite"


class Feature(msgspec.Struct, frozen=True):
    """A feature as the model was trained on it."""

    name: str
    reference: float
    """Median over the training claims: what occlusion puts in its place."""


class Bins(msgspec.Struct, frozen=True):
    """Shares of the training claims by bin, for the population stability index.

    Ordinal 0 is the score, from 1 on the features. A value belongs to the bin whose number is
    that of the edges which are not above it, as PostgreSQL's width_bucket counts.
    """

    name: str
    ordinal: int
    edges: list[float]
    shares: list[float]


class Training(msgspec.Struct, frozen=True):
    """Where a model comes from. The ranges are dates of receipt, both ends included."""

    source: str
    """`synthetic` or `production`."""
    seed: int
    rows: dict[str, int]
    """Claims by part: training, validation, held_out."""
    ranges: dict[str, tuple[str, str]]
    network: str
    """The layers, in words."""
    quantised: bool
    libraries: dict[str, str]
    compared_with: str | None
    """Version of the model that was in use and was measured beside it."""
    parameters: dict[str, Any]
    """What else it takes to train it again, such as the number of synthetic claims."""


class Card(msgspec.Struct, frozen=True):
    """The metadata of a model."""

    version: str
    file_sha256: str
    feature_version: int
    features: list[Feature]
    snapshot: list[Bins]
    training: Training
    metrics: dict[str, Any]
    """Of the held-out range, by who scored: model, logistic_regression, base_rate, and others."""


def card_path(model_path: Path) -> Path:
    """Give the path of the card that belongs to a model file."""
    return model_path.with_suffix(".json")


def read_card(content: bytes, origin: str) -> Card:
    """Decode a card; `origin` names it in the error MODEL_CARD_INVALID."""
    try:
        return msgspec.json.decode(content, type=Card)
    except msgspec.MsgspecError as error:
        raise ClaimsError(
            "MODEL_CARD_INVALID",
            f"the metadata of the model in {origin} cannot be used: {error}",
            "Take the model and its .json as `claims model train` wrote them.",
        ) from error


def encode_card(card: Card) -> bytes:
    """Encode a card so that people can read it and versions can be compared."""
    return msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n"
