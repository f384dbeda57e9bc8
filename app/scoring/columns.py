"""Features and scores as binary COPY to and from NumPy: no row is ever a Python object.

The format is PostgreSQL's (COPY, Binary Format): a header of 19 bytes, then for each row the
number of fields and each field with its length before it, all big-endian. As every column here
has a fixed width and no null, all rows have the same length, and the text is an array.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection, Copy

from app.program.errors import ClaimsError
from app.scoring.model import Floats

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
NULL: Final = -1
FLOAT4_OID: Final = 700
WRITE_BYTES: Final = 4 << 20

COPY_FEATURES: Final[LiteralString] = """
copy (select * from scoring.take_features(%(batch_ids)s)) to stdout (format binary)"""

COPY_SCORES: Final[LiteralString] = """
copy staging.claim_scores
(claim_id, batch_id, received_on, submitter_id, model_id, score, threshold, features)
from stdin (format binary)"""

_KEYS: Final = (("claim_id", ">i8"), ("batch_id", ">i8"), ("received_on", ">i4"))
_OWNER: Final = ("submitter_id", ">i4")
_ELEMENT: Final = np.dtype([("length", ">i4"), ("value", ">f4")])


@dataclass(frozen=True, slots=True)
class Features:
    """Features of claims, as they came out of the database."""

    rows: NDArray[np.void]
    """One row for each claim, as `_features_row` lays it out."""

    @property
    def claim_ids(self) -> NDArray[np.int64]:
        """The claims, in the order of the rows."""
        return self.rows["claim_id"].astype(np.int64)

    @property
    def values(self) -> Floats:
        """The features (claims, features), float32 in this machine's byte order."""
        return np.ascontiguousarray(self.rows["features"]["value"], np.float32)


def take_features(conn: Connection[Any], batch_ids: Sequence[int], width: int) -> Features:
    """Lock the validated ones of the batches and read their claims' features.

    Raises:
        ClaimsError: SCORING_FEATURES when a row is not `width` features without nulls.

    """
    with conn.cursor().copy(COPY_FEATURES, {"batch_ids": list(batch_ids)}) as copy:
        content = b"".join(copy)
    return Features(parse(content, width))


def parse(content: bytes, width: int) -> NDArray[np.void]:
    """Give the rows of a binary COPY of claims and so many features."""
    return _parse(content, _features_row(width), f"{width} features")


def parse_labelled(content: bytes, width: int) -> NDArray[np.void]:
    """Give the rows of a binary COPY of labelled claims with vectors of so many features."""
    scalars = [("claim_id", ">i8"), ("received_on", ">i4")]
    scalars += [(name, ">i2") for name in ("age", "sex", "approved")]
    return _parse(content, _row(scalars, _array(width), fields=6), f"{width} features and a label")


def _parse(content: bytes, row: np.dtype[np.void], what: str) -> NDArray[np.void]:
    """Check that all rows are laid out alike, without nulls, and give them as an array."""
    size = len(content) - len(HEADER) - len(TRAILER)
    if (
        content.startswith(HEADER)
        and content.endswith(TRAILER)
        and size >= 0
        and size % row.itemsize == 0
    ):
        rows = np.frombuffer(content, row, count=size // row.itemsize, offset=len(HEADER))
        template = _blank(row, 1)[0]
        fixed = [name for name in row.names or () if name.startswith("length_")]
        if (
            all((rows[name] == template[name]).all() for name in ("fields", *fixed))
            and (rows["features"]["length"] == _ELEMENT["value"].itemsize).all()
        ):
            return rows
    raise ClaimsError(
        "SCORING_FEATURES",
        f"the database gave something else than rows of {what} without nulls",
        "This is a defect of the features: report it with the batches that wait.",
    )


def copy_scores(
    conn: Connection[Any], features: Features, model_id: int, scores: Floats, threshold: float
) -> None:
    """Copy one score for each row of the features, with the features as they came."""
    given = features.rows
    width = given["features"].shape[1]
    row = _scores_row(width)
    rows = _blank(row, len(given))
    for name in ("claim_id", "batch_id", "received_on", "submitter_id"):
        rows[name] = given[name]
    rows["model_id"] = model_id
    rows["score"] = scores
    rows["threshold"] = threshold
    rows["dimensions"] = 1
    rows["element_oid"] = FLOAT4_OID
    rows["size"] = width
    rows["lower_bound"] = 1
    rows["features"] = given["features"]
    with conn.cursor().copy(COPY_SCORES) as copy:
        copy.write(HEADER)
        _write(copy, rows.view(np.uint8).data)
        copy.write(TRAILER)


def _write(copy: Copy, content: memoryview) -> None:
    for start in range(0, len(content), WRITE_BYTES):
        copy.write(content[start : start + WRITE_BYTES])


def _features_row(width: int) -> np.dtype[np.void]:
    return _row([*_KEYS, _OWNER], [("features", _ELEMENT, (width,))], fields=4 + width)


def _scores_row(width: int) -> np.dtype[np.void]:
    scalars = [*_KEYS, _OWNER, ("model_id", ">i4"), ("score", ">f4"), ("threshold", ">f4")]
    return _row(scalars, _array(width), fields=len(scalars) + 1)


def _array(width: int) -> list[tuple[Any, ...]]:
    """Lay out a real[] of so many elements: its length, its header, the elements."""
    header = ("length_features", "dimensions", "has_nulls", "element_oid", "size", "lower_bound")
    return [*((name, ">i4") for name in header), ("features", _ELEMENT, (width,))]


def _row(
    scalars: list[tuple[str, str]], rest: list[tuple[Any, ...]], *, fields: int
) -> np.dtype[np.void]:
    """Lay out a row: the number of fields, each scalar with its length before it, the rest."""
    pairs = [part for name, kind in scalars for part in ((f"length_{name}", ">i4"), (name, kind))]
    layout: np.dtype[np.void] = np.dtype(
        [("fields", ">i2"), *pairs, *rest], metadata={"fields": fields}
    )
    return layout


def _blank(row: np.dtype[np.void], count: int) -> NDArray[np.void]:
    """Make rows with their counts and lengths, and zeros for values."""
    rows = np.zeros(count, row)
    names = row.names or ()
    rows["fields"] = row.metadata["fields"] if row.metadata else 0
    for name in names:
        if name.startswith("length_"):
            value = name.removeprefix("length_")
            rows[name] = (
                20 + row["features"].itemsize if value == "features" else row[value].itemsize
            )
    return rows
