"""How good scores are: discrimination, calibration, and what the threshold makes of them.

Positive is a claim that was approved as billed. Needs the extra `train` (scikit-learn).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

AGE_BANDS: Final = (0, 18, 35, 50, 65, 75, 85)
"""Lower ends of the age bands, years."""

SEXES: Final = ("F", "M", "U")
DIGITS: Final = 5
CALIBRATION_BINS: Final = 10

Array = NDArray[Any]


def measure(scores: Array, approved: Array, threshold: float) -> dict[str, Any]:
    """Give the figures of a set of claims; null where only one outcome occurs."""
    both = len(np.unique(approved)) > 1
    review = scores < threshold
    refused = ~approved.astype(bool)
    return {
        "claims": len(scores),
        "approved_share": _rounded(approved.mean()),
        "roc_auc": _rounded(roc_auc_score(approved, scores)) if both else None,
        "pr_auc": _rounded(average_precision_score(approved, scores)) if both else None,
        "pr_auc_not_approved": _rounded(average_precision_score(refused, -scores))
        if both
        else None,
        "brier": _rounded(brier_score_loss(approved, scores)),
        "log_loss": _rounded(log_loss(approved, scores, labels=[0, 1])),
        "review_share": _rounded(review.mean()),
        "review_precision": _rounded(refused[review].mean()) if review.any() else None,
        "not_approved_found": _rounded(review[refused].mean()) if refused.any() else None,
    }


def calibration(scores: Array, approved: Array) -> list[dict[str, Any]]:
    """Compare scores with outcomes in tenths of the claims, lowest scores first."""
    parts = np.array_split(np.argsort(scores, kind="stable"), CALIBRATION_BINS)
    return [
        {
            "claims": len(part),
            "lowest": _rounded(scores[part].min()),
            "highest": _rounded(scores[part].max()),
            "mean_score": _rounded(scores[part].mean()),
            "approved_share": _rounded(approved[part].mean()),
        }
        for part in parts
        if len(part)
    ]


def by_group(
    scores: Array, approved: Array, ages: Array, sexes: Array, threshold: float
) -> dict[str, dict[str, Any]]:
    """Give the same figures by age band and by sex."""
    band = np.searchsorted(AGE_BANDS, ages, side="right") - 1
    found = {}
    for at, youngest in enumerate(AGE_BANDS):
        name = (
            f"age {youngest}-{AGE_BANDS[at + 1] - 1}"
            if at + 1 < len(AGE_BANDS)
            else f"age {youngest}+"
        )
        found[name] = band == at
    found |= {f"sex {sex}": sexes == sex for sex in SEXES}
    return {
        name: measure(scores[chosen], approved[chosen], threshold)
        for name, chosen in found.items()
        if chosen.any()
    }


def _rounded(value: Any) -> float:  # noqa: ANN401 - whatever NumPy or scikit-learn give
    return round(float(value), DIGITS)
