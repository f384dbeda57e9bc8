"""Labelled claims and a trained model for tests, made once, and model files that are wrong."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from app.scoring.card import Card, card_path, encode_card
from app.scoring.dataset import Dataset
from app.scoring.model import Model, read_model
from app.scoring.serve import SHIPPED_MODEL

CLAIMS = 4000
SEED = 5


@dataclass(frozen=True)
class Shipped:
    """The shipped model, and copies of it with something changed."""

    folder: Path

    def copy(self, content: bytes | None = None, **changes: object) -> Path:
        """Write the model as it is, with another content or with fields of its card changed."""
        original = shipped()
        found = original.content if content is None else content
        fields = msgspec.structs.asdict(original.card)
        fields["file_sha256"] = hashlib.sha256(found).hexdigest()
        path = self.folder / "model.tflite"
        path.write_bytes(found)
        card_path(path).write_bytes(encode_card(msgspec.convert(fields | changes, Card)))
        return path


@cache
def shipped() -> Model:
    """The model that comes with the program."""
    return read_model(SHIPPED_MODEL)


def made_up(claims: int = CLAIMS, seed: int = SEED) -> Dataset:
    """Labelled vectors that came from no claims: some of them decide, one by its square."""
    dice = np.random.default_rng(seed)
    features = dice.normal(size=(claims, len(shipped().card.features))).astype(np.float32)
    odds = 3 + 2 * features[:, 0] - 2 * features[:, 1] ** 2
    return Dataset(
        features=features,
        approved=(dice.random(claims) < 1 / (1 + np.exp(-odds))).astype(np.int8),
        received=np.datetime64("2026-01-01") + np.arange(claims) * 200 // claims,
        ages=dice.integers(0, 91, claims).astype(np.int16),
        sexes=dice.choice(["F", "M"], claims),
    )
