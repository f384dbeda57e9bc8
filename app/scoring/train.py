"""Train a model, measure it on claims received later, and write it with its card.

Needs the extra `train`. The same data and seed give the same model on the same machine.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import sklearn
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from app.scoring.card import Bins, Card, Feature, Training
from app.scoring.dataset import Dataset
from app.scoring.measures import by_group, calibration, measure
from app.scoring.model import Floats, Model

UNITS: Final = (64, 32)
DROPOUT: Final = 0.1
EPOCHS: Final = 60
PATIENCE: Final = 6
TOLD_EPOCHS: Final = 5
"""So many epochs pass between two lines of progress."""

BATCH: Final = 512
RATE: Final = 1e-3
L2: Final = 1e-5
DRIFT_BINS: Final = 10
NETWORK: Final = (
    f"normalisation, dense {UNITS[0]} and {UNITS[1]} (ReLU, dropout {DROPOUT}), one logit, "
    "Platt scaling fitted on the validation range, sigmoid"
)


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and what it was measured against."""

    model: Model
    keras: Any
    """The same in TensorFlow."""
    worse_than: list[str]
    """Who scored the held-out claims better: base_rate, or the version in use."""


def train(  # noqa: PLR0913 - what a model depends on
    data: Dataset,
    names: list[str],
    feature_version: int,
    *,
    source: str,
    seed: int,
    threshold: float,
    quantise: bool = False,
    in_use: Model | None = None,
    parameters: dict[str, Any] | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train on the first part of the claims, calibrate on the second, measure on the third.

    `in_use` is measured on the same claims, if it takes the same features.

    Raises:
        ClaimsError: TRAIN_TOO_FEW; MODEL_… if what was trained cannot be used.

    """
    parts = data.split()
    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    on_step("training the network")
    logits = _fit(parts["training"], parts["validation"], on_step)
    keras = _calibrated(logits, parts["validation"])
    float_file = _convert(keras, quantise=False)
    file = _convert(keras, quantise=True) if quantise else float_file

    on_step("measuring it on the claims received last")
    held_out = parts["held_out"]
    draft = Card(
        version="draft",
        file_sha256=hashlib.sha256(file).hexdigest(),
        feature_version=feature_version,
        features=[
            Feature(name, float(reference))
            for name, reference in zip(
                names, np.median(parts["training"].features, axis=0), strict=True
            )
        ],
        snapshot=[],
        training=Training(
            source=source,
            seed=seed,
            rows={name: len(part) for name, part in parts.items()},
            ranges={
                name: (str(part.received[0]), str(part.received[-1]))
                for name, part in parts.items()
            },
            network=NETWORK,
            quantised=quantise,
            libraries={"tensorflow": tf.__version__, "scikit-learn": sklearn.__version__},
            compared_with=in_use.card.version if in_use else None,
            parameters=parameters or {},
        ),
        metrics={},
    )
    model = Model(file, draft, "the trained model")
    scores = model.score(held_out.features)
    rivals = _rivals(parts, in_use)
    if quantise:
        rivals["not_quantised"] = Model(
            float_file,
            _with(draft, file_sha256=hashlib.sha256(float_file).hexdigest()),
            "the model before quantisation",
        ).score(held_out.features)
    metrics: dict[str, Any] = {
        "threshold": threshold,
        "model": measure(scores, held_out.approved, threshold),
        **{name: measure(rival, held_out.approved, threshold) for name, rival in rivals.items()},
        "calibration": calibration(scores, held_out.approved),
        "by_group": by_group(scores, held_out.approved, held_out.ages, held_out.sexes, threshold),
    }
    card = _with(
        draft,
        version=f"{source}-f{feature_version}-{draft.file_sha256[:12]}",
        snapshot=_snapshot(names, parts["training"].features, model),
        metrics=metrics,
    )
    better: list[str] = [
        name
        for name in ("base_rate", "in_use")
        if name in metrics and metrics[name]["brier"] < metrics["model"]["brier"]
    ]
    return Trained(Model(file, card, "the trained model"), keras, better)


def _fit(training: Dataset, validation: Dataset, on_step: Callable[[str], None]) -> Any:  # noqa: ANN401 - a Keras model
    """Fit the network; it ends in a logit, and the best epoch on the validation range stays."""
    keras = tf.keras

    def told(epoch: int, logs: dict[str, float]) -> None:
        if (epoch + 1) % TOLD_EPOCHS == 0:
            on_step(f"epoch {epoch + 1} of at most {EPOCHS}: loss {logs['val_loss']:.4f}")

    normalise = keras.layers.Normalization()
    normalise.adapt(training.features)
    layers = inputs = keras.Input((training.features.shape[1],), dtype="float32")
    layers = normalise(layers)
    for units in UNITS:
        layers = keras.layers.Dense(
            units, activation="relu", kernel_regularizer=keras.regularizers.L2(L2)
        )(layers)
        layers = keras.layers.Dropout(DROPOUT)(layers)
    model = keras.Model(inputs, keras.layers.Dense(1)(layers))
    model.compile(
        optimizer=keras.optimizers.Adam(RATE),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    model.fit(
        training.features,
        training.approved.astype(np.float32),
        validation_data=(validation.features, validation.approved.astype(np.float32)),
        batch_size=BATCH,
        epochs=EPOCHS,
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True),
            keras.callbacks.LambdaCallback(on_epoch_end=told),
        ],
    )
    return model


def _calibrated(logits: Any, validation: Dataset) -> Any:  # noqa: ANN401 - Keras models
    """Put Platt scaling, fitted on the validation range, and the sigmoid into the graph."""
    raw = logits.predict(validation.features, batch_size=BATCH, verbose=0)
    platt = LogisticRegression(C=np.inf).fit(raw, validation.approved)
    slope, offset = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    scaled = tf.keras.layers.Rescaling(slope, offset)(logits.output)
    return tf.keras.Model(logits.input, tf.keras.layers.Activation("sigmoid")(scaled))


def _convert(keras: Any, *, quantise: bool) -> bytes:  # noqa: ANN401 - a Keras model
    """Convert to a LiteRT file; quantised weights are 8 bits wide."""
    with tempfile.TemporaryDirectory(prefix="claims-model-") as folder:
        keras.export(folder, format="tf_saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if quantise:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        return bytes(converter.convert())


def _rivals(parts: dict[str, Dataset], in_use: Model | None) -> dict[str, NDArray[Any]]:
    """Score the held-out claims in other ways, which a model should do better than."""
    training, held_out = parts["training"], parts["held_out"]
    regression = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    regression.fit(training.features, training.approved)
    rivals = {
        "base_rate": np.full(len(held_out), training.approved.mean()),
        "logistic_regression": regression.predict_proba(held_out.features)[:, 1],
    }
    if in_use is not None:
        rivals["in_use"] = in_use.score(held_out.features)
    return rivals


def _snapshot(names: list[str], features: Floats, model: Model) -> list[Bins]:
    """Keep the shares by bin of the training claims, the score first."""
    columns = [("score", model.score(features)), *zip(names, features.T, strict=True)]
    found = []
    for ordinal, (name, values) in enumerate(columns):
        # Edges that occur, so that few different values have a bin each.
        edges = np.unique(
            np.quantile(
                values, np.linspace(0, 1, DRIFT_BINS + 1)[1:-1], method="closest_observation"
            )
        )
        counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
        found.append(
            Bins(name, ordinal, edges.astype(float).tolist(), (counts / len(values)).tolist())
        )
    return found


def _with(card: Card, **changes: Any) -> Card:  # noqa: ANN401 - the fields of a card
    return Card(**{name: getattr(card, name) for name in card.__struct_fields__} | changes)
