"""Put failed claims and batches on their way again, and let held batches go."""

from typing import Any, Final

from psycopg import Connection

from app.program.errors import translated

RETRY_CLAIMS: Final = """
select retried.batch_id, count(*)
from pipeline.retry_failed_claims(%(submitter)s, %(claims)s) as retried
group by retried.batch_id"""

RETRY_BY_RULE: Final = """
select retried.batch_id, count(*)
from pipeline.retry_failed_claims_by_rule(%(submitter)s, %(claims)s, %(limit)s) as retried
group by retried.batch_id"""

RELEASE_BATCHES: Final = """
select released.batch_id, released.state
from pipeline.release_batches(%(submitter)s, %(batch_ids)s) as released"""

RETRY_BATCHES: Final = """
select retried.batch_id, retried.state
from pipeline.retry_batches(%(batch_ids)s) as retried"""

RETRY_LIMIT: Final = 25_000
"""Claims of a rule that one call retries, in one transaction."""


def retry_failed_claims(
    conn: Connection[Any], submitter: str, claims: list[int] | str
) -> dict[int, int]:
    """Put failed claims on their way again, by id or all of a rule; new batches with their claims.

    Raises:
        ClaimsError: PL001, PL009 to PL012; then nothing was changed.

    """
    retried: dict[int, int] = {}
    parameters = {"submitter": submitter, "claims": claims, "limit": RETRY_LIMIT}
    with translated():
        if not isinstance(claims, str):
            return dict(conn.execute(RETRY_CLAIMS, parameters).fetchall())
        # A call that was not full has had all that were open when it began.
        full = True
        while full:
            found = dict(conn.execute(RETRY_BY_RULE, parameters).fetchall())
            full = sum(found.values()) == RETRY_LIMIT
            retried |= found
    return retried


def release_batches(
    conn: Connection[Any], submitter: str, batch_ids: list[int] | None
) -> list[tuple[int, str]]:
    """Let held batches be transferred, with None all that are ready; ids and states.

    Raises:
        ClaimsError: PL001, PL007.

    """
    with translated():
        return conn.execute(
            RELEASE_BATCHES, {"submitter": submitter, "batch_ids": batch_ids}
        ).fetchall()


def retry_batches(conn: Connection[Any], batch_ids: list[int]) -> list[tuple[int, str]]:
    """Put failed batches back where they stood; ids and states.

    Raises:
        ClaimsError: PL006.

    """
    with translated():
        return conn.execute(RETRY_BATCHES, {"batch_ids": batch_ids}).fetchall()
