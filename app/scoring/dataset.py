"""What a model learns from: vectors, outcomes and times of receipt, as arrays."""

from dataclasses import dataclass
from typing import Any, Final, LiteralString, Self

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from app.program.errors import ClaimsError, translated
from app.scoring.columns import parse_labelled
from app.scoring.model import Floats

COPY_LABELLED: Final[LiteralString] = """
copy (
  select
    claim.claim_id,
    (claim.received_at at time zone 'UTC')::date,
    coalesce(claim.patient_age, 0)::smallint,
    ascii(coalesce(claim.patient_sex, 'U'))::smallint,
    claim.approved::integer::smallint,
    claim.features
  from (
    select *
    from scoring.labelled_claims as labelled
    where labelled.feature_version = scoring.feature_version()
    order by labelled.claim_id desc
    limit %(limit)s
  ) as claim
  order by claim.claim_id
) to stdout (format binary)"""

POSTGRES_EPOCH: Final = np.datetime64("2000-01-01")
NEWEST: Final = 1_000_000
"""Claims that are read at most, the newest ones."""

SHARES: Final = (0.7, 0.1)
"""Training and validation shares of the claims by time; what is left is held out."""

FEWEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled claims, all arrays in the order of receipt."""

    features: Floats
    """(claims, features)"""
    approved: NDArray[np.int8]
    """1 approved as billed, 0 not."""
    received: NDArray[np.datetime64]
    ages: NDArray[np.int16]
    sexes: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.approved)

    @classmethod
    def in_order(cls, **arrays: Any) -> Self:  # noqa: ANN401 - the fields, as arrays
        """Put the claims in the order of receipt; claims of one day stay as they are."""
        order = np.argsort(arrays["received"], kind="stable")
        return cls(**{name: array[order] for name, array in arrays.items()})

    def part(self, chosen: slice) -> "Dataset":
        """Give a stretch of them."""
        return Dataset(
            self.features[chosen],
            self.approved[chosen],
            self.received[chosen],
            self.ages[chosen],
            self.sexes[chosen],
        )

    def split(self) -> dict[str, "Dataset"]:
        """Split by time: what is learned from lies before what is measured.

        The borders lie between days, so that no day is on both sides.

        Raises:
            ClaimsError: TRAIN_TOO_FEW when a part has no claims of both outcomes.

        """
        days = self.received
        borders = [int(len(self) * share) for share in np.cumsum(SHARES)]
        first, second = (int(np.searchsorted(days, days[at])) for at in borders)
        parts = {
            "training": self.part(slice(first)),
            "validation": self.part(slice(first, second)),
            "held_out": self.part(slice(second, None)),
        }
        if problem := _problem(parts):
            raise ClaimsError(
                "TRAIN_TOO_FEW",
                f"the claims cannot be trained on and measured by time: {problem}",
                f"Train on at least {FEWEST:,} claims, received on many days, some approved and "
                "some not, or use --synthetic.",
            )
        return parts


def _problem(parts: dict[str, Dataset]) -> str | None:
    """Say what the parts lack."""
    claims = sum(map(len, parts.values()))
    if claims < FEWEST:
        return f"there are {claims:,} with an outcome"
    for name, part in parts.items():
        if not len(part):
            days = sum(len(np.unique(one.received)) for one in parts.values())
            return f"{claims:,} were received on {days} days, which leaves no day for {name}"
        if part.approved.all() or not part.approved.any():
            outcome = "approved" if part.approved.all() else "not approved"
            return f"all {len(part):,} for {name} were {outcome}"
    return None


def read_labelled(conn: Connection[Any], width: int, limit: int = NEWEST) -> Dataset:
    """Read the newest labelled claims from production, as the operator."""
    with translated(), conn.cursor().copy(COPY_LABELLED, {"limit": limit}) as copy:
        rows = parse_labelled(b"".join(copy), width)
    return Dataset.in_order(
        features=np.ascontiguousarray(rows["features"]["value"], np.float32),
        approved=rows["approved"].astype(np.int8),
        received=POSTGRES_EPOCH + rows["received_on"].astype("timedelta64[D]"),
        ages=rows["age"].astype(np.int16),
        sexes=rows["sex"].astype(np.uint32).view("U1"),
    )
