"""A model's card as Markdown, for people."""

from collections.abc import Iterable
from typing import Any, Final

from app.scoring.card import Card

ROWS: Final = (
    ("roc_auc", "ROC AUC"),
    ("pr_auc", "PR AUC, approved"),
    ("pr_auc_not_approved", "PR AUC, not approved"),
    ("brier", "Brier score"),
    ("log_loss", "log loss"),
    ("review_share", "share sent to review"),
    ("review_precision", "of those, not approved"),
    ("not_approved_found", "of the not approved, sent to review"),
)
RIVALS: Final = (
    ("model", "this model"),
    ("not_quantised", "before quantisation"),
    ("in_use", "the model in use before"),
    ("logistic_regression", "logistic regression"),
    ("base_rate", "base rate"),
)
SYNTHETIC: Final = """\
**This model learned from synthetic claims.** They are generated (`claims generate`), and whether
they were approved was drawn from made-up rules, hidden factors and chance. Its figures say that
the pipeline from claim to score works; they say nothing about real claims. Train on your own
production (`claims model train`) before you let its scores decide who looks at what."""
PRODUCTION: Final = """\
This model learned from claims in production. A claim that was approved without review counts as
approved as billed unless a rule denied one of its lines, and one that was denied as not approved,
so that the model in use at the time had a say in its labels; verdicts on a sample of approved
claims (`claims review record`) correct it."""


def as_markdown(card: Card) -> str:
    """Write the card."""
    training, metrics = card.training, card.metrics
    rivals = [(name, title) for name, title in RIVALS if name in metrics]
    calibrated = [
        [
            f"{row['lowest']:.3f} to {row['highest']:.3f}",
            f"{row['claims']:,}",
            f"{row['mean_score']:.3f}",
            f"{row['approved_share']:.3f}",
        ]
        for row in metrics["calibration"]
    ]
    groups = [
        [
            name,
            f"{one['claims']:,}",
            *(_number(one[key]) for key in ("approved_share", "roc_auc", "brier", "review_share")),
        ]
        for name, one in metrics["by_group"].items()
    ]
    return "\n".join(
        [
            f"# Model card: {card.version}",
            "",
            "The probability that a claim is approved as billed. A score below the threshold sends",
            "the claim to a person; no score denies anything.",
            "",
            SYNTHETIC if training.source == "synthetic" else PRODUCTION,
            "",
            "## Where it comes from",
            "",
            *_table(
                ["", ""],
                [
                    ["network", training.network],
                    ["quantised", "yes, weights of 8 bits" if training.quantised else "no"],
                    ["features", f"{len(card.features)}, version {card.feature_version}"],
                    ["seed", str(training.seed)],
                    *([name, str(value)] for name, value in training.parameters.items()),
                    *(
                        [
                            f"{name.replace('_', '-')} claims",
                            f"{rows:,}, received {' to '.join(training.ranges[name])}",
                        ]
                        for name, rows in training.rows.items()
                    ),
                    *([name, version] for name, version in training.libraries.items()),
                    ["SHA-256 of the file", card.file_sha256],
                ],
            ),
            "",
            "## How good it is",
            "",
            f"On the held-out claims, which were received last; threshold {metrics['threshold']}.",
            "",
            *_table(
                ["", *(title for _, title in rivals)],
                [
                    [title, *(_number(metrics[name][key]) for name, _ in rivals)]
                    for key, title in ROWS
                ],
            ),
            "",
            "## Calibration",
            "",
            "Tenths of the held-out claims by score.",
            "",
            *_table(["scores", "claims", "mean score", "approved"], calibrated),
            "",
            "## By age and sex",
            "",
            *_table(
                ["", "claims", "approved", "ROC AUC", "Brier score", "share sent to review"],
                groups,
            ),
            "",
        ]
    )


def _table(heading: list[str], rows: Iterable[list[str]]) -> list[str]:
    lines = [heading, ["---"] * len(heading), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _number(value: Any) -> str:  # noqa: ANN401 - a figure, or None where there is none
    return "-" if value is None else f"{value:.4f}"
