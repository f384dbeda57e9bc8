"""Model files: each way of being wrong has its own error, and a right one says why it scores so."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from app.program.errors import ClaimsError
from app.program.paths import SQL_DIR
from app.scoring.card import card_path
from app.scoring.model import check_features, read_model
from app.scoring.serve import SHIPPED_MODEL
from tests.scoring_support import Shipped, shipped

# What each version of the features is; a change of meaning is a new version here and in
# sql/scoring/feature_version.sql, and needs a new shipped model.
FEATURES_BY_VERSION = {
    1: "215ce40a0382a7d88ee9b55195256d6d235c7adcd9dd85944941ba381d2f8074",
}
DEFINITION = ("claim_feature.sql", "claim_features.sql")
WIDTH = len(shipped().card.features)


@pytest.fixture
def copies(tmp_path: Path) -> Shipped:
    return Shipped(tmp_path)


def converted(model: tf.keras.Model) -> bytes:
    return bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())


def refused(path: Path) -> str:
    with pytest.raises(ClaimsError) as raised:
        read_model(path)
    assert str(path) in raised.value.message or card_path(path).name in raised.value.message
    assert raised.value.hint.endswith(".")
    return raised.value.code


def test_a_missing_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.tflite") == "MODEL_MISSING"


def test_missing_metadata(copies: Shipped) -> None:
    path = copies.copy()
    card_path(path).unlink()
    assert refused(path) == "MODEL_CARD_MISSING"


@pytest.mark.parametrize("text", ["", "{", '{"version": "x"}', '{"version": 1}'])
def test_unusable_metadata(copies: Shipped, text: str) -> None:
    path = copies.copy()
    card_path(path).write_text(text)
    assert refused(path) == "MODEL_CARD_INVALID"


def test_a_file_that_was_swapped(copies: Shipped) -> None:
    path = copies.copy()
    path.write_bytes(path.read_bytes() + b"\0")
    assert refused(path) == "MODEL_CHANGED"


@pytest.mark.parametrize("content", [b"", b"no model", bytes(2000)])
def test_a_file_that_is_no_model(copies: Shipped, content: bytes) -> None:
    assert refused(copies.copy(content)) == "MODEL_UNREADABLE"


@pytest.mark.parametrize(("inputs", "outputs"), [(WIDTH - 1, 1), (WIDTH, 2)])
def test_another_shape(copies: Shipped, inputs: int, outputs: int) -> None:
    model = tf.keras.Sequential(
        [tf.keras.Input((inputs,)), tf.keras.layers.Dense(outputs, activation="sigmoid")]
    )
    assert refused(copies.copy(converted(model))) == "MODEL_SHAPE"


@pytest.mark.parametrize("bias", [np.nan, 2.0, -1.0])
def test_output_that_is_no_probability(copies: Shipped, bias: float) -> None:
    model = tf.keras.Sequential(
        [
            tf.keras.Input((WIDTH,)),
            tf.keras.layers.Dense(
                1,
                kernel_initializer="zeros",
                bias_initializer=tf.keras.initializers.Constant(bias),
            ),
        ]
    )
    assert refused(copies.copy(converted(model))) == "MODEL_OUTPUT"


@pytest.mark.parametrize(
    ("names", "version", "code"),
    [
        (shipped().feature_names, 2, "MODEL_FEATURE_VERSION"),
        (shipped().feature_names[1:], 1, "MODEL_FEATURES"),
        (["other", *shipped().feature_names[1:]], 1, "MODEL_FEATURES"),
        (shipped().feature_names[::-1], 1, "MODEL_FEATURES"),
    ],
)
def test_other_features(names: list[str], version: int, code: str) -> None:
    with pytest.raises(ClaimsError) as raised:
        check_features(shipped(), names, version)
    assert raised.value.code == code


def test_a_model_scores_any_number_of_claims() -> None:
    dice = np.random.default_rng(1)
    features = dice.normal(size=(1000, WIDTH)).astype(np.float32)
    together = shipped().score(features)
    assert together.shape == (1000,)
    apart = np.concatenate([shipped().score(features[at : at + 1]) for at in range(50)])
    assert np.abs(together[:50] - apart).max() < 1e-6
    assert shipped().score(features[:0]).shape == (0,)


def test_contributions_are_what_a_feature_changed() -> None:
    reference = np.asarray([one.reference for one in shipped().card.features], np.float32)
    assert all(change == 0 for _, _, change in shipped().contributions(reference))
    changed = reference.copy()
    at = shipped().feature_names.index("charge_log")
    changed[at] += 4
    found = {name: change for name, _, change in shipped().contributions(changed)}
    expected = shipped().score(changed[None])[0] - shipped().score(reference[None])[0]
    assert found.pop("charge_log") == pytest.approx(float(expected))
    assert expected != 0
    assert not any(found.values())


def test_the_shipped_model_says_what_it_is() -> None:
    card = shipped().card
    assert card.training.source == "synthetic"
    assert card.training.parameters["claims generated"] > 0
    text = SHIPPED_MODEL.with_suffix(".md").read_text()
    assert "learned from synthetic claims" in text
    assert card.file_sha256 in text
    metrics = card.metrics
    for rival in ("base_rate", "logistic_regression"):
        assert metrics["model"]["brier"] < metrics[rival]["brier"]
        assert metrics["model"]["roc_auc"] > metrics[rival]["roc_auc"]
        assert metrics["model"]["pr_auc"] > metrics[rival]["pr_auc"]
    ranges = card.training.ranges
    assert ranges["training"][1] < ranges["validation"][0]
    assert ranges["validation"][1] < ranges["held_out"][0]
    assert {"age 65-74", "sex F", "sex M"} <= set(metrics["by_group"])
    assert sum(row["claims"] for row in metrics["calibration"]) == card.training.rows["held_out"]


def test_a_feature_that_means_something_else_has_a_new_version() -> None:
    found = hashlib.sha256()
    for name in DEFINITION:
        found.update((SQL_DIR / "scoring" / name).read_bytes())
    version = max(FEATURES_BY_VERSION)
    assert found.hexdigest() == FEATURES_BY_VERSION[version], (
        "the features changed: raise scoring.feature_version(), add the new hash here, and "
        "train the shipped model again"
    )
    assert f"select {version};" in (SQL_DIR / "scoring/feature_version.sql").read_text()
    assert shipped().card.feature_version == version
    assert json.loads(card_path(SHIPPED_MODEL).read_bytes())["feature_version"] == version
