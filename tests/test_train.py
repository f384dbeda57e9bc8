"""Training: the same twice, the same in TensorFlow and LiteRT, better than what is simpler."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from app.cli import main
from app.program.errors import ClaimsError
from app.scoring.dataset import Dataset
from app.scoring.model import read_model
from app.scoring.train import Trained, train
from tests.scoring_support import SEED, made_up, shipped
from tests.servers import Server

learn = partial(
    train, names=shipped().feature_names, feature_version=1, source="production", threshold=0.8
)


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    """Fewer epochs and periods than in earnest: a few thousand claims need no more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.scoring.train.EPOCHS", 25)
        patch.setattr("app.scoring.synthetic.PERIODS", 3)
        yield


@pytest.fixture(scope="module")
def data() -> Dataset:
    return made_up()


@pytest.fixture(scope="module")
def trained(data: Dataset) -> Trained:
    return learn(data, seed=SEED, in_use=shipped())


def test_the_same_again_and_quantised_says_what_that_costs(data: Dataset, trained: Trained) -> None:
    """Before it is quantised it is the same model, because data and seed are the same."""
    again = learn(data, seed=SEED, in_use=shipped(), quantise=True).model
    metrics, expected = again.card.metrics, trained.model.card.metrics
    assert metrics["not_quantised"] == expected["model"]
    for rival in ("in_use", "base_rate", "logistic_regression"):
        assert metrics[rival] == expected[rival]
    assert again.card.snapshot[1:] == trained.model.card.snapshot[1:]

    assert again.card.training.quantised
    assert 0 < abs(metrics["model"]["brier"] - metrics["not_quantised"]["brier"]) < 0.01
    assert len(again.content) < len(trained.model.content) / 2


def test_tensorflow_and_litert_give_the_same_scores(data: Dataset, trained: Trained) -> None:
    held_out = data.split()["held_out"]
    by_tensorflow = trained.keras.predict(held_out.features, verbose=0)[:, 0]
    by_litert = trained.model.score(held_out.features)
    assert np.abs(by_tensorflow - by_litert).max() < 1e-3
    assert np.ptp(by_litert) > 0.5


def test_it_is_measured_beside_what_it_should_beat(trained: Trained) -> None:
    card = trained.model.card
    assert card.training.compared_with == shipped().card.version
    assert set(card.metrics) == {
        *("threshold", "model", "in_use", "base_rate", "logistic_regression"),
        *("calibration", "by_group"),
    }
    for rival in ("in_use", "base_rate", "logistic_regression"):
        assert card.metrics["model"]["brier"] < card.metrics[rival]["brier"]
    assert trained.worse_than == []


def test_the_snapshot_is_of_the_training_claims(data: Dataset, trained: Trained) -> None:
    training = data.split()["training"]
    snapshot = trained.model.card.snapshot
    assert [bins.name for bins in snapshot] == ["score", *shipped().feature_names]
    for bins in snapshot:
        assert sum(bins.shares) == pytest.approx(1)
        assert len(bins.shares) == len(bins.edges) + 1
        assert bins.edges == sorted(set(bins.edges))
    first = training.features[:, 0]
    inside = (first >= snapshot[1].edges[0]) & (first < snapshot[1].edges[1])
    assert snapshot[1].shares[1] == pytest.approx(inside.mean())
    reference = trained.model.card.features[0].reference
    assert reference == pytest.approx(float(np.median(first)))


def test_the_split_is_by_time(data: Dataset) -> None:
    shuffled = np.random.default_rng(1).permutation(len(data))
    mixed = Dataset.in_order(
        features=data.features[shuffled],
        approved=data.approved[shuffled],
        received=data.received[shuffled],
        ages=data.ages[shuffled],
        sexes=data.sexes[shuffled],
    )
    parts = mixed.split()
    assert sum(map(len, parts.values())) == len(data)
    assert parts["training"].received.max() < parts["validation"].received.min()
    assert parts["validation"].received.max() < parts["held_out"].received.min()
    assert len(parts["training"]) == pytest.approx(0.7 * len(data), rel=0.05)


@pytest.mark.parametrize(
    ("poor", "said"),
    [
        ("few", "there are 500 with an outcome"),
        ("one outcome", r"all 2,\d{3} for training were approved"),
        ("one day", "received on 1 days, which leaves no day for training"),
    ],
)
def test_claims_that_cannot_be_trained_on_say_why(data: Dataset, poor: str, said: str) -> None:
    changed = {
        "few": data.part(slice(500)),
        "one outcome": replace(data, approved=np.ones_like(data.approved)),
        "one day": replace(data, received=np.full_like(data.received, "2026-01-01")),
    }[poor]
    with pytest.raises(ClaimsError, match=said) as raised:
        changed.split()
    assert raised.value.code == "TRAIN_TOO_FEW"


def mislabelled(data: Dataset) -> Dataset:
    """Give claims whose past says the opposite of what comes."""
    approved = data.approved.copy()
    approved[: len(data) * 8 // 10] ^= 1
    return replace(data, approved=approved)


def test_it_says_how_far_it_is_and_what_scored_better(data: Dataset, trained: Trained) -> None:
    told: list[str] = []
    found = learn(mislabelled(data), seed=SEED, in_use=trained.model, on_step=told.append)
    assert found.worse_than == ["base_rate", "in_use"]
    assert told[0] == "training the network"
    assert told[1].startswith("epoch 5 of at most 25: loss 0.")
    assert told[-1] == "measuring it on the claims received last"


def test_synthetic_claims_come_through_the_pipeline_into_a_model(
    postgres18: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As a user does: train, refuse to replace a better one, activate, score, evaluate."""

    def run(*arguments: str, code: int = 0) -> dict[str, Any]:
        result = CliRunner().invoke(main, [*arguments, "--json"], catch_exceptions=False)
        assert result.exit_code == code, result.output
        answer = json.loads(result.stdout.splitlines()[-1])
        assert isinstance(answer, dict)
        return answer

    with postgres18.database(postgres18.migrated) as database:
        database.use(monkeypatch, tmp_path)
        arguments = ("model", "train", "--synthetic", "1600", "--output", "trained.tflite")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                "app.scoring.training.make_dataset", lambda *_, **__: mislabelled(made_up(1600))
            )
            refused = run(*arguments, code=1)["error"]
        assert refused["code"] == "MODEL_WORSE"
        assert not Path("trained.tflite").exists()

        answer = run(*arguments, "--force")
        model = read_model(Path("trained.tflite"))
        assert model.card.version == answer["version"]
        assert model.card.training.parameters == {"claims generated": 1600}
        assert sum(model.card.training.rows.values()) > 1000
        assert 0.75 < model.card.metrics["model"]["approved_share"] < 0.97
        assert "synthetic" in Path("trained.md").read_text()

        run("model", "activate", "trained.tflite")
        run("demo", "--claims", "300")
        (listed,) = run("model", "list")["models"]
        assert (listed["version"], listed["is_active"]) == (answer["version"], True)
        evaluated = run("model", "evaluate")
        assert evaluated["version"] == answer["version"]
        assert evaluated["claims"] == evaluated["metrics"]["claims"] > 100
