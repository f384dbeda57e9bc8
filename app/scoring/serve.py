"""The scoring stage: which model is in use, and one call for a group of batches."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, LiteralString

import msgspec
from psycopg import Connection, rows

from app.program.errors import translated
from app.program.paths import DATA_DIR
from app.program.settings import Settings
from app.scoring.card import SHIPPED_NAME, encode_card, read_card
from app.scoring.columns import copy_scores, take_features
from app.scoring.model import Model, check_features, read_model

FEATURE_LIST: Final[LiteralString] = """
select feature.name, feature.version
from scoring.feature_list as feature
order by feature.ordinal"""

ACTIVE_MODEL: Final[LiteralString] = """
select model.version, model.model_file, model.metadata
from models.registry as model
where model.is_active"""

ACTIVE_VERSION: Final[LiteralString] = """
select model.version
from models.registry as model
where model.is_active"""

REGISTER_MODEL: Final[LiteralString] = """
select scoring.register_model(
  %(version)s, %(file_sha256)s, %(model_file)s, %(feature_version)s, %(features)s, %(metadata)s
)"""

RECORD_SCORES: Final[LiteralString] = """
select
  coalesce(sum(recorded.claims_scored), 0)::bigint as claims,
  coalesce(sum(recorded.claims_below_threshold), 0)::bigint as below_threshold,
  count(*) as batches
from scoring.record_scores(%(batch_ids)s, %(seconds)s::real) as recorded"""

SHIPPED_MODEL: Final = DATA_DIR / SHIPPED_NAME


@dataclass(frozen=True, slots=True)
class Scorer:
    """A model in use on one database; may be shared by threads."""

    model: Model
    model_id: int
    """Its key in models.registry."""
    threshold: float
    """Score from which a claim needs no review."""


@dataclass(frozen=True, slots=True)
class ScoringSeconds:
    """Where the time of scoring went; the connection waits for all of it."""

    features: float = 0.0
    """Locking the batches, computing the features and reading them into NumPy."""
    inference: float = 0.0
    scores: float = 0.0
    """Copying the scores in, checking them and setting the state."""

    def __add__(self, other: "ScoringSeconds") -> "ScoringSeconds":
        """Give the time of both."""
        return ScoringSeconds(
            self.features + other.features,
            self.inference + other.inference,
            self.scores + other.scores,
        )


@dataclass(frozen=True, slots=True)
class Scored:
    """What one call scored; zero when no batch was validated any more."""

    claims: int
    below_threshold: int
    batches: int
    seconds: ScoringSeconds = field(default_factory=ScoringSeconds, compare=False)


def find_model(conn: Connection[Any], settings: Settings) -> Model:
    """Read the model in use, and check it against the features that are installed.

    That is the file at ML_MODEL_PATH; without it, the one made active in this database; while
    there is none, the one that comes with the program. No failure of one leads to the next.

    Raises:
        ClaimsError: MODEL_…, as app.scoring.model says.

    """
    names, version = installed_features(conn)
    with translated(), conn.transaction():
        active = conn.execute(ACTIVE_MODEL).fetchone()
    if settings.ml_model_path is not None:
        model = read_model(settings.ml_model_path)
    elif active is not None:
        model = stored_model(*active)
    else:
        model = read_model(SHIPPED_MODEL)
    check_features(model, names, version)
    return model


def installed_features(conn: Connection[Any]) -> tuple[list[str], int]:
    """Give the names of the features that the database computes, in order, and their version."""
    with translated(), conn.transaction():
        installed = conn.execute(FEATURE_LIST).fetchall()
    return [name for name, _ in installed], installed[0][1]


def stored_model(version: str, content: bytes, metadata: dict[str, Any]) -> Model:
    """Give a model as models.registry keeps it."""
    origin = f"models.registry ({version})"
    return Model(content, read_card(msgspec.json.encode(metadata), origin), origin)


def register(conn: Connection[Any], model: Model) -> int:
    """Put a model into models.registry, unless it is there; its key."""
    card = model.card
    with translated(), conn.transaction():
        row = conn.execute(
            REGISTER_MODEL,
            {
                "version": card.version,
                "file_sha256": bytes.fromhex(card.file_sha256),
                "model_file": model.content,
                "feature_version": card.feature_version,
                "features": model.feature_names,
                "metadata": encode_card(card).decode(),
            },
        ).fetchone()
    return int(row[0]) if row else 0


def open_scorer(conn: Connection[Any], settings: Settings) -> Scorer:
    """Make the model in use ready; call it once at start, as the worker, outside a transaction.

    Raises:
        ClaimsError: MODEL_… or SC00x when the model cannot be used; it says what to do.

    """
    model = find_model(conn, settings)
    return Scorer(model, register(conn, model), settings.ml_approval_threshold)


def is_in_use(conn: Connection[Any], settings: Settings, scorer: Scorer) -> bool:
    """Tell whether the scorer still has the model in use, or another one was made active."""
    if settings.ml_model_path is not None:
        return True
    with translated():
        active = conn.execute(ACTIVE_VERSION).fetchone()
    if active is None:
        return scorer.model.origin == str(SHIPPED_MODEL)
    return bool(active[0] == scorer.model.card.version)


def score_batches(conn: Connection[Any], scorer: Scorer, batch_ids: Sequence[int]) -> Scored:
    """Score those of the batches that are validated; the caller owns the transaction.

    Locks the batches, takes the features out, runs the model, copies the scores in and sets the
    state, all in the running transaction: commit and all of it stands, roll back and nothing
    does. Batches in another state are passed over, so that a second call changes nothing.

    Raises:
        ClaimsError: from the database or the model; roll back.

    """
    started = time.monotonic()
    with translated():
        features = take_features(conn, batch_ids, len(scorer.model.card.features))
        taken = time.monotonic()
        scores = scorer.model.score(features.values)
        inferred = time.monotonic()
        if len(features.rows):
            copy_scores(conn, features, scorer.model_id, scores, scorer.threshold)
        with conn.cursor(row_factory=rows.class_row(Scored)) as cur:
            recorded = cur.execute(
                RECORD_SCORES,
                {"batch_ids": list(batch_ids), "seconds": time.monotonic() - started},
            ).fetchone()
    if recorded is None:
        msg = "an aggregate has one row"
        raise AssertionError(msg)
    return replace(
        recorded,
        seconds=ScoringSeconds(
            features=taken - started,
            inference=inferred - taken,
            scores=time.monotonic() - inferred,
        ),
    )
