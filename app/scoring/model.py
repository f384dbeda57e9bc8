"""A model file, checked, and what it makes of features."""

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from app.program.errors import ClaimsError
from app.scoring.card import Card, card_path, read_card

Floats: TypeAlias = NDArray[np.float32]

_RETRAIN: Final = "Set ML_MODEL_PATH to a model that `claims model train` wrote, or leave it out."


class Model:
    """A model that can be used: its file is the one its card is of, and it gives probabilities.

    Several threads may use one; their calls wait for each other.

    Raises:
        ClaimsError: MODEL_CHANGED, MODEL_UNREADABLE, MODEL_SHAPE, MODEL_OUTPUT.

    """

    def __init__(self, content: bytes, card: Card, origin: str) -> None:
        self.content: Final = content
        self.card: Final = card
        self.origin: Final = origin
        found = hashlib.sha256(content).hexdigest()
        if found != card.file_sha256:
            raise ClaimsError(
                "MODEL_CHANGED",
                f"the model in {origin} is not the one its metadata is of: its SHA-256 is "
                f"{found}, and the metadata says {card.file_sha256}",
                "Put the model and its .json there as `claims model train` wrote them together.",
            )
        try:
            # One thread: the cores are shared out by connections.
            self._interpreter = Interpreter(model_content=content, num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ClaimsError(
                "MODEL_UNREADABLE", f"the model in {origin} is no LiteRT model: {error}", _RETRAIN
            ) from error
        self._lock: Final = threading.Lock()
        self._input = self._interpreter.get_input_details()
        self._output = self._interpreter.get_output_details()
        self._check_shape()
        self.score(np.asarray([[one.reference for one in card.features]], np.float32))

    @property
    def feature_names(self) -> list[str]:
        """The features in the order in which the model takes them."""
        return [feature.name for feature in self.card.features]

    def score(self, features: Floats) -> Floats:
        """Give the probability of approval for each row of features (claims, features).

        Raises:
            ClaimsError: MODEL_OUTPUT when one is not a number between 0 and 1.

        """
        if not len(features):
            return np.empty(0, np.float32)
        where = self._input[0]["index"]
        with self._lock:
            # Not strict: the file leaves the number of rows open, or says one.
            self._interpreter.resize_tensor_input(where, features.shape)
            self._interpreter.allocate_tensors()
            self._interpreter.set_tensor(where, features)
            self._interpreter.invoke()
            scores: Floats = self._interpreter.get_tensor(self._output[0]["index"]).reshape(-1)
        wrong = int(np.count_nonzero(~((scores >= 0) & (scores <= 1))))
        if wrong or len(scores) != len(features):
            raise ClaimsError(
                "MODEL_OUTPUT",
                f"the model in {self.origin} gave {len(scores)} scores for {len(features)} claims, "
                f"{wrong} of them no number between 0 and 1",
                _RETRAIN,
            )
        return scores

    def contributions(self, features: Floats) -> list[tuple[str, float, float]]:
        """Say what each feature of one claim did to its score, by occlusion.

        The feature is replaced by its median over the training claims; the difference of the
        scores is its contribution: below zero, it lowered the score. Gives name, value and
        contribution, what lowered the score most first.
        """
        width = len(self.card.features)
        rows = np.tile(features, (width + 1, 1))
        reference = np.asarray([one.reference for one in self.card.features], np.float32)
        rows[np.arange(width), np.arange(width)] = reference
        scores = self.score(rows)
        found = [
            (name, float(features[at]), float(scores[width] - scores[at]))
            for at, name in enumerate(self.feature_names)
        ]
        return sorted(found, key=lambda one: one[2])

    def _check_shape(self) -> None:
        width = len(self.card.features)
        takes: list[tuple[Any, ...]] = [
            (tuple(one["shape_signature"]), one["dtype"]) for one in self._input
        ]
        gives: list[tuple[Any, ...]] = [
            (tuple(one["shape_signature"]), one["dtype"]) for one in self._output
        ]
        if (
            len(takes) != 1
            or len(gives) != 1
            or takes[0][0][1:] != (width,)
            or gives[0][0][1:] != (1,)
            or {takes[0][1], gives[0][1]} != {np.float32}
        ):
            raise ClaimsError(
                "MODEL_SHAPE",
                f"the model in {self.origin} takes {_described(takes)} and gives "
                f"{_described(gives)}; needed are rows of {width} float32 features and one "
                "float32 score for each",
                _RETRAIN,
            )


def read_model(path: Path) -> Model:
    """Read a model file and the card beside it.

    Raises:
        ClaimsError: MODEL_MISSING, MODEL_CARD_MISSING, MODEL_CARD_INVALID, and those of Model.

    """
    content = _read(path, "MODEL_MISSING", "the model")
    beside = card_path(path)
    described = _read(beside, "MODEL_CARD_MISSING", "the metadata of the model")
    return Model(content, read_card(described, str(beside)), str(path))


def check_features(model: Model, names: Sequence[str], version: int) -> None:
    """Raise MODEL_FEATURE_VERSION or MODEL_FEATURES unless the model knows these features."""
    card = model.card
    hint = (
        "Use a model for the features installed (`claims model train` makes one), or the version "
        "of claims that this model was trained with."
    )
    if card.feature_version != version:
        raise ClaimsError(
            "MODEL_FEATURE_VERSION",
            f"the model in {model.origin} was trained on version {card.feature_version} of the "
            f"features, and version {version} is installed",
            hint,
        )
    if model.feature_names != list(names):
        differing = sorted(set(model.feature_names) ^ set(names)) or ["their order"]
        raise ClaimsError(
            "MODEL_FEATURES",
            f"the model in {model.origin} was trained on other features than those installed: "
            f"{', '.join(differing)}",
            hint,
        )


def _read(path: Path, code: str, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ClaimsError(
            code,
            f"{what} {path} cannot be read: {error.strerror}",
            "Name a .tflite file that has its .json beside it; where ML_MODEL_PATH names this one, "
            "leave that out for the model that comes with the program.",
        ) from error


def _described(tensors: list[tuple[Any, ...]]) -> str:
    return " and ".join(f"{list(map(int, shape))} {kind.__name__}" for shape, kind in tensors)
