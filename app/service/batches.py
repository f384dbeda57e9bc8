"""Batches as API clients see them, and the results of their claims, page by page."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, LiteralString

import msgspec
from psycopg import Connection, rows

from app.service.clients import Client
from app.service.database import Pool, seen_by
from app.service.problems import not_found

READ_BATCHES: Final[LiteralString] = """
select
  batch.batch_id,
  batch.state,
  batch.hold,
  batch.hold and batch.state = any(pipeline._due_states('transfer')) as waits_for_transfer,
  batch.received_at,
  batch.validated_at,
  batch.transferred_at,
  batch.claim_count as claims,
  batch.line_count as lines,
  coalesce(batch.claims_moved, 0) as transferred,
  coalesce(batch.claims_pended, 0) as pended,
  coalesce(batch.claims_denied, 0) as denied,
  batch.claims_failed as failed,
  batch.allowed_total,
  batch.attempts,
  batch.next_attempt_at
from access.batches as batch
where
  (%(batch_id)s::bigint is null or batch.batch_id = %(batch_id)s)
  and (%(state)s::text is null or batch.state = %(state)s)
  and (%(before)s::bigint is null or batch.batch_id < %(before)s)
order by batch.batch_id desc
limit %(limit)s"""

READ_STRETCH: Final[LiteralString] = """
select
  batch.first_claim_id,
  batch.last_claim_id,
  batch.last_claim_id - batch.first_claim_id + 1 = batch.claim_count as is_stretch
from access.batches as batch
where batch.batch_id = %(batch_id)s"""

# Of a batch of retried claims, which have their ids from before.
READ_CLAIM_IDS: Final[LiteralString] = """
select claim.claim_id
from access.claim_states as claim
where claim.batch_id = %(batch_id)s
union
select failed.claim_id
from access.failed_claims as failed
where failed.retried_batch_id = %(batch_id)s
order by claim_id"""

READ_RESULTS: Final[LiteralString] = """
select results.result
from access.read_results(%(first)s, %(last)s, %(claim_ids)s, %(first_of_batch)s) as results"""

PAGE_CLAIMS: Final = 1000
"""Claims whose results are read at once; between pages no connection is held."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of claims, and how far it is."""

    batch_id: int
    state: Annotated[str, msgspec.Meta(examples=["transferred"])]
    """received, validated, scored, transferred; failed when a stage failed too often."""
    hold: bool
    """Whether it was sent to wait for data-transfer/transfer, and has not been let go."""
    waits_for_transfer: bool
    """Whether all that comes before the transfer is done, and it is held."""
    received_at: datetime
    validated_at: datetime | None
    transferred_at: datetime | None
    claims: int
    lines: int
    transferred: int
    """Claims in production."""
    pended: int
    """Claims in production that wait for a person."""
    denied: int
    """Claims in production of which no line is payable."""
    failed: int
    """Claims in failed-claims, those that could not be decoded included."""
    allowed_total: Decimal | None
    """Allowed amounts of the transferred claims, dollars."""
    attempts: int
    """Failed attempts at the stage that is due."""
    next_attempt_at: datetime | None

    @property
    def is_settled(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self.waits_for_transfer or self.state in {"transferred", "failed"}


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of claim ids that are read at once."""

    first: int
    last: int
    claim_ids: list[int] | None
    first_of_batch: int | None


def read_batch(pool: Pool, client: Client, batch_id: int) -> Batch:
    """Read a batch; raises ClaimsError NOT_FOUND."""
    with seen_by(pool, client) as conn:
        found = _read(conn, batch_id=batch_id)
    if not found:
        raise not_found("batch")
    return found[0]


def list_batches(
    pool: Pool, client: Client, *, state: str | None, before: int | None, limit: int
) -> list[Batch]:
    """List batches, the newest first, those before a batch id."""
    with seen_by(pool, client) as conn:
        return _read(conn, state=state, before=before, limit=limit)


def result_pages(pool: Pool, client: Client, batch_id: int) -> list[Page]:
    """Cut the claims of a batch into pages; raises ClaimsError NOT_FOUND."""
    with seen_by(pool, client) as conn:
        stretch = conn.execute(READ_STRETCH, {"batch_id": batch_id}).fetchone()
        if stretch is None:
            raise not_found("batch")
        first, last, is_stretch = stretch
        if is_stretch:
            starts = range(first, last + 1, PAGE_CLAIMS)
            return [
                Page(
                    first=start,
                    last=min(start + PAGE_CLAIMS - 1, last),
                    claim_ids=None,
                    first_of_batch=first,
                )
                for start in starts
            ]
        found = conn.execute(READ_CLAIM_IDS, {"batch_id": batch_id}).fetchall()
    return list(_pages([claim_id for (claim_id,) in found]))


def read_page(pool: Pool, client: Client, page: Page) -> list[str]:
    """Read the results of a page, a JSON object for each claim."""
    with seen_by(pool, client) as conn:
        found = conn.execute(READ_RESULTS, msgspec.structs.asdict(page)).fetchall()
    return [result for (result,) in found]


def _pages(claim_ids: list[int]) -> Iterator[Page]:
    for start in range(0, len(claim_ids), PAGE_CLAIMS):
        ids = claim_ids[start : start + PAGE_CLAIMS]
        yield Page(first=ids[0], last=ids[-1], claim_ids=ids, first_of_batch=None)


def _read(
    conn: Connection[Any],
    *,
    batch_id: int | None = None,
    state: str | None = None,
    before: int | None = None,
    limit: int = 1,
) -> list[Batch]:
    with conn.cursor(row_factory=rows.kwargs_row(Batch)) as cur:
        return cur.execute(
            READ_BATCHES,
            {"batch_id": batch_id, "state": state, "before": before, "limit": limit},
        ).fetchall()
