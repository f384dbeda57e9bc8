"""`claims model`: train, compare, activate and watch the models that score claims."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import rich_click as click
from rich.table import Table

from app.cli.options import json_option
from app.database.connect import Role, connect
from app.program.console import err, notice, out, print_json
from app.program.errors import ClaimsError
from app.program.settings import load_settings
from app.scoring.card_text import RIVALS
from app.scoring.registry import (
    ENOUGH_CLAIMS,
    ENOUGH_HISTORY,
    SUFFIX,
    Drift,
    activate,
    list_models,
    measure_drift,
)

STABLE: Final = 0.1
CHANGED: Final = 0.25
SHOWN_METRICS: Final = ("roc_auc", "pr_auc", "pr_auc_not_approved", "brier", "review_share")


@click.group()
def model() -> None:
    """Train, compare, activate and watch the models that score claims."""


@model.command()
@click.option(
    "--synthetic",
    type=click.IntRange(min=1000),
    help="Learn from so many generated claims instead of those in production.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of all chance in it."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="The .tflite file to write; default: models/VERSION.tflite.",
)
@click.option("--quantise", is_flag=True, help="Weights of 8 bits; the card says what that costs.")
@click.option("--force", is_flag=True, help="Write it even if it is worse than the one in use.")
@json_option
def train(  # noqa: PLR0913 - click gives each option as an argument
    synthetic: int | None,
    seed: int,
    output: Path | None,
    *,
    quantise: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Train a model, measure it on the claims received last, and write it with its card.

    It becomes the one that scores with claims model activate, or by ML_MODEL_PATH.
    """
    if output is not None and output.suffix != SUFFIX:
        raise click.BadParameter(f"must end in {SUFFIX}", param_hint="--output")
    with _needs_extra():
        from app.scoring.training import train_model  # noqa: PLC0415 - heavy, and an extra
    trained, path = train_model(
        load_settings(),
        synthetic=synthetic,
        seed=seed,
        output=output,
        quantise=quantise,
        force=force,
        on_step=lambda text: err.print(f"… {text}"),
    )
    card = trained.card
    if as_json:
        print_json({"output": str(path), "version": card.version, "metrics": card.metrics})
        return
    _show_metrics({title: card.metrics[name] for name, title in RIVALS if name in card.metrics})
    if card.metrics["logistic_regression"]["brier"] < card.metrics["model"]["brier"]:
        notice("A logistic regression scores these claims better: train on more of them.")
    notice(f"Written: {path}, with its card beside it (.json, .md).")
    notice(f"Next: claims model activate {path}")


@model.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the models that this database knows."""
    with connect(Role.OPERATOR) as conn:
        found = list_models(conn)
    if as_json:
        print_json({"models": found})
        return
    if not found:
        notice("None yet: the first claims that are scored register the model that scores them.")
        return
    table = Table("version", "", "learned from", "ROC AUC", "Brier score", "registered", box=None)
    # It is what the other commands take.
    table.columns[0].no_wrap = True
    for one in found:
        state = "active" if one.is_active else "" if one.usable else "for other features"
        table.add_row(
            one.version,
            state,
            one.source or "",
            "" if one.roc_auc is None else f"{one.roc_auc:.4f}",
            "" if one.brier is None else f"{one.brier:.4f}",
            f"{one.registered_at:%Y-%m-%d %H:%M} by {one.registered_by}",
        )
    out.print(table)
    if not any(one.is_active for one in found):
        notice("None is active: without ML_MODEL_PATH, the one that comes with the program scores.")


@model.command("activate")
@click.argument("name", metavar="MODEL")
@json_option
def activate_(name: str, *, as_json: bool) -> None:
    """Make MODEL, a .tflite file or a version, the one that scores in this database.

    Workers take it up with the next claims they score. ML_MODEL_PATH goes before it.
    """
    settings = load_settings()
    with connect(Role.OPERATOR, autocommit=True) as conn:
        found = activate(conn, name)
    if as_json:
        print_json({"version": found.card.version})
    else:
        notice(f"Active: {found.card.version}. What is scored from now on is scored with it.")
    if settings.ml_model_path is not None:
        notice(f"ML_MODEL_PATH is set, and goes before it: {settings.ml_model_path}")


@model.command()
@click.argument("name", metavar="MODEL", required=False)
@json_option
def evaluate(name: str | None, *, as_json: bool) -> None:
    """Measure MODEL, a file or a version, on the labelled claims in production.

    Without MODEL, the one in use.
    """
    with _needs_extra():
        from app.scoring.training import evaluate_model  # noqa: PLC0415 - heavy, and an extra
    found = evaluate_model(load_settings(), name)
    if as_json:
        print_json(found)
        return
    notice(f"{found.version} on {found.claims:,} claims in production")
    _show_metrics({"all claims": found.metrics} | found.by_group)


@model.command()
@click.option(
    "--claims",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    help="How many of the newest claims.",
)
@click.option("--version", help="Of this model; default: the one that scored last.")
@json_option
def drift(claims: int, version: str | None, *, as_json: bool) -> None:
    """Compare the newest claims in production with those the model learned from.

    By the population stability index: below 0.1 stable, above 0.25 changed.
    """
    with connect(Role.OPERATOR) as conn:
        found = measure_drift(conn, claims, version)
    if as_json:
        print_json({"drift": found, "enough": all(row.is_enough for row in found)})
        return
    if not found:
        notice("No claim in production was scored by that model yet.")
        return
    notice(f"{found[0].model_version} on the newest {found[0].claims:,} claims it scored")
    table = Table("", "stability index", "", box=None)
    table.columns[1].justify = "right"
    for row in sorted(found, key=lambda one: (one.name != "score", -one.stability_index)):
        table.add_row(row.name, f"{row.stability_index:.3f}", _judged(row))
    out.print(table)
    if not found[0].is_enough:
        out.print(
            f"Too few claims to say whether anything changed: {found[0].claims:,} were looked at "
            f"({ENOUGH_CLAIMS:,} are enough), and the history of providers and procedures counts "
            f"{found[0].history_claims:,} ({ENOUGH_HISTORY:,} are enough).",
            soft_wrap=True,
        )


def _judged(drift: Drift) -> str:
    if not drift.is_enough or drift.stability_index < STABLE:
        return ""
    return "changed" if drift.stability_index > CHANGED else "moved"


@contextmanager
def _needs_extra() -> Iterator[None]:
    """Say which package is missing; training is an extra that not every installation has."""
    # TensorFlow looks at them when it is imported: without oneDNN the same data give the same
    # figures on other processors too, and level 1 leaves out what only informs.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    try:
        yield
    except ModuleNotFoundError as error:
        raise ClaimsError(
            "TRAIN_EXTRA_MISSING",
            f"training and evaluation need the package {error.name}, which is not installed",
            "Install the extra, from the folder of the project: pip install '.[train]'.",
        ) from error


def _show_metrics(columns: dict[str, dict[str, Any]]) -> None:
    table = Table("", "claims", *(name.replace("_", " ") for name in SHOWN_METRICS), box=None)
    for title, figures in columns.items():
        table.add_row(
            title,
            f"{figures['claims']:,}",
            *("" if figures[name] is None else f"{figures[name]:.4f}" for name in SHOWN_METRICS),
        )
    out.print(table)
