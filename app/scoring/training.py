"""What `claims model train` and `claims model evaluate` do. Needs the extra `train`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.database.connect import Role, connect
from app.program.console import notice
from app.program.errors import ClaimsError
from app.program.settings import Settings
from app.scoring.dataset import read_labelled
from app.scoring.measures import by_group, measure
from app.scoring.model import Model, check_features
from app.scoring.registry import SUFFIX, read_named, write_model
from app.scoring.serve import find_model, installed_features
from app.scoring.synthetic import make_dataset
from app.scoring.train import Trained, train


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of a model on the labelled claims in production."""

    version: str
    claims: int
    metrics: dict[str, Any]
    by_group: dict[str, dict[str, Any]]


def train_model(  # noqa: PLR0913 - the options of the command
    settings: Settings,
    *,
    synthetic: int | None,
    seed: int,
    output: Path | None,
    quantise: bool,
    force: bool,
    on_step: Callable[[str], None],
) -> tuple[Model, Path]:
    """Train on production, or on so many synthetic claims; the model and where it was written.

    Raises:
        ClaimsError: MODEL_WORSE without `force`, TRAIN_TOO_FEW, MODEL_UNWRITABLE, and what the
            database raises.

    """
    with connect(Role.OPERATOR, autocommit=True) as conn:
        names, version = installed_features(conn)
        in_use = _in_use(conn, settings)
        data = read_labelled(conn, len(names)) if synthetic is None else None
    if synthetic is not None:
        data = make_dataset(settings, synthetic, seed, on_step=on_step)
    if data is None:
        msg = "claims come from production or are synthetic"
        raise AssertionError(msg)
    trained = train(
        data,
        names,
        version,
        source="production" if synthetic is None else "synthetic",
        seed=seed,
        threshold=settings.ml_approval_threshold,
        quantise=quantise,
        in_use=in_use,
        parameters={} if synthetic is None else {"claims generated": synthetic},
        on_step=on_step,
    )
    path = output or Path("models") / f"{trained.model.card.version}{SUFFIX}"
    if not force:
        _check_better(trained, path)
    write_model(trained.model, path)
    return trained.model, path


def evaluate_model(settings: Settings, name: str | None) -> Evaluation:
    """Measure a model (a file, a version, or the one in use) on production's labelled claims.

    Raises:
        ClaimsError: EVALUATE_NO_CLAIMS, MODEL_…, and what the database raises.

    """
    with connect(Role.OPERATOR, autocommit=True) as conn:
        names, version = installed_features(conn)
        model = find_model(conn, settings) if name is None else read_named(conn, name)
        check_features(model, names, version)
        data = read_labelled(conn, len(names))
    if not len(data):
        raise ClaimsError(
            "EVALUATE_NO_CLAIMS",
            "no claim in production has both a score and an outcome",
            "Process claims first: claims process.",
        )
    scores = model.score(data.features)
    threshold = settings.ml_approval_threshold
    return Evaluation(
        version=model.card.version,
        claims=len(data),
        metrics=measure(scores, data.approved, threshold),
        by_group=by_group(scores, data.approved, data.ages, data.sexes, threshold),
    )


def _in_use(conn: Any, settings: Settings) -> Model | None:  # noqa: ANN401 - a psycopg connection
    """Give the model to compare with; one that cannot be used is named and not compared."""
    try:
        return find_model(conn, settings)
    except ClaimsError as error:
        notice(f"The new model is compared with none in use: {error.message}")
        return None


def _check_better(trained: Trained, path: Path) -> None:
    """Raise MODEL_WORSE when something already known scores the held-out claims better."""
    if not trained.worse_than:
        return
    metrics = trained.model.card.metrics
    listed = " and ".join(
        f"{name.replace('_', ' ')} has {metrics[name]['brier']}" for name in trained.worse_than
    )
    raise ClaimsError(
        "MODEL_WORSE",
        "the trained model is worse on the claims received last: its Brier score is "
        f"{metrics['model']['brier']}, and {listed}; {path} was not written",
        "Train on more claims, or write it all the same with --force.",
    )
