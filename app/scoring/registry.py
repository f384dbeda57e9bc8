"""The models that a database knows: listed, made active, written to files, read back."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, LiteralString

from psycopg import Connection, rows

from app.program.errors import ClaimsError, translated
from app.scoring.card import card_path, encode_card
from app.scoring.card_text import as_markdown
from app.scoring.model import Model, read_model
from app.scoring.serve import register, stored_model

LIST_MODELS: Final[LiteralString] = """
select
  model.version,
  model.is_active,
  model.feature_version = scoring.feature_version() as usable,
  model.registered_at,
  model.registered_by,
  model.metadata -> 'training' ->> 'source' as source,
  (model.metadata #>> '{metrics,model,roc_auc}')::double precision as roc_auc,
  (model.metadata #>> '{metrics,model,brier}')::double precision as brier
from models.registry as model
order by model.model_id"""

READ_MODEL: Final[LiteralString] = """
select model.version, model.model_file, model.metadata
from models.registry as model
where model.version = %(version)s or model.model_id = %(model_id)s"""

ACTIVATE_MODEL: Final[LiteralString] = "call scoring.activate_model(%(version)s)"

DRIFT: Final[LiteralString] = """
select
  drift.model_version,
  drift.name,
  drift.stability_index,
  drift.claims,
  drift.history_claims
from scoring.measure_drift(%(claims)s, %(version)s) as drift"""

SUFFIX: Final = ".tflite"

ENOUGH_CLAIMS: Final = 1_000
ENOUGH_HISTORY: Final = 10_000
"""Claims from which on a drift is told; of fewer it is said that they are too few."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A model in models.registry."""

    version: str
    is_active: bool
    usable: bool
    """Whether it takes the features that are installed."""
    registered_at: datetime
    registered_by: str
    source: str | None
    roc_auc: float | None
    """On its held-out claims, as is brier."""
    brier: float | None


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the newest claims are from a model's training claims, in one feature or the score."""

    model_version: str
    name: str
    stability_index: float
    claims: int
    """The newest claims that were looked at."""
    history_claims: int
    """Claims that the history counts which features are made from."""

    @property
    def is_enough(self) -> bool:
        """Whether the claims are enough to say that something has changed.

        Of few claims the index is as large by chance, and in a young database each provider and
        procedure is new, which they were not to the model.
        """
        return self.claims >= ENOUGH_CLAIMS and self.history_claims >= ENOUGH_HISTORY


def list_models(conn: Connection[Any]) -> list[Registered]:
    """Give the models in the order in which they were registered."""
    with translated(), conn.cursor(row_factory=rows.class_row(Registered)) as cur:
        return cur.execute(LIST_MODELS).fetchall()


def read_registered(
    conn: Connection[Any], *, version: str | None = None, model_id: int | None = None
) -> Model:
    """Read a model from the database by its version or its key.

    Raises:
        ClaimsError: MODEL_UNKNOWN, and those of Model.

    """
    with translated():
        row = conn.execute(READ_MODEL, {"version": version, "model_id": model_id}).fetchone()
    if row is None:
        raise ClaimsError(
            "MODEL_UNKNOWN",
            f"there is no model {version or model_id} in this database",
            "Take a version from `claims model list`, or give the path of a .tflite file.",
        )
    return stored_model(*row)


def read_named(conn: Connection[Any], name: str) -> Model:
    """Read a model that a person names: a .tflite file, or a version in the database."""
    if name.endswith(SUFFIX):
        return read_model(Path(name))
    return read_registered(conn, version=name)


def activate(conn: Connection[Any], name: str) -> Model:
    """Register a model, unless it is, and make it the one that scores where no file is named."""
    model = read_named(conn, name)
    register(conn, model)
    with translated():
        conn.execute(ACTIVATE_MODEL, {"version": model.card.version})
    return model


def measure_drift(conn: Connection[Any], claims: int, version: str | None = None) -> list[Drift]:
    """Compare the newest claims that a model scored with those it learned from, the score first.

    Raises:
        ClaimsError: MODEL_UNKNOWN.

    """
    if version is not None:
        read_registered(conn, version=version)
    with translated(), conn.cursor(row_factory=rows.class_row(Drift)) as cur:
        return cur.execute(DRIFT, {"claims": claims, "version": version}).fetchall()


def write_model(model: Model, path: Path) -> None:
    """Write the file, its .json and its .md; the model comes last and at once.

    Raises:
        ClaimsError: MODEL_UNWRITABLE.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        card_path(path).write_bytes(encode_card(model.card))
        path.with_suffix(".md").write_text(as_markdown(model.card), encoding="utf-8")
        draft = path.with_suffix(".part")
        draft.write_bytes(model.content)
        os.replace(draft, path)  # noqa: PTH105 - its pathlib form hides that it replaces
    except OSError as error:
        raise ClaimsError(
            "MODEL_UNWRITABLE",
            f"{error.filename or path} cannot be written: {error.strerror}",
            "Check the path and the permissions, or give another --output.",
        ) from error
