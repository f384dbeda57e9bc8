"""Which keys there are, and what stands under each."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from psycopg import Connection, rows

from app.program.errors import translated
from app.program.settings import Settings
from app.vault.keyring import KeyRing, Purpose, erasure_path, read_data_keys
from app.vault.providers import configured_provider

# By what each ciphertext begins with, so that it reads every claim.
COUNT_CLAIMS: Final = """
select
  counted.place,
  get_byte(counted.head, 0) as version,
  ('x' || encode(substr(counted.head, 2, 4), 'hex'))::bit(32)::integer as data_key_id,
  count(*) as claims,
  count(*) filter (where counted.erased) as erased
from (
  select
    'production' as place,
    substr(claim.claim_number, 1, 5) as head,
    claim.erasure_id is null and get_byte(claim.claim_number, 0) > 1 as erased
  from production.claims as claim
  union all
  select
    'staging' as place,
    substr(claim.claim_number, 1, 5) as head,
    claim.erasure_id is null and get_byte(claim.claim_number, 0) > 1 as erased
  from staging.claims as claim
  union all
  select
    'failed' as place,
    substr(sealed.sample, 1, 5) as head,
    sealed.erasure_id is null and get_byte(sealed.sample, 0) > 1 as erased
  from (
    select
      coalesce(failed.original, (failed.staged_claim ->> 'claim_number')::bytea) as sample,
      coalesce(failed.erasure_id, (failed.staged_claim ->> 'erasure_id')::bigint)
        as erasure_id
    from staging.failed_claims as failed
  ) as sealed
) as counted
group by counted.place, counted.head
order by counted.place, counted.head"""


@dataclass(frozen=True, slots=True)
class KeyListed:
    """A data key, without the key."""

    data_key_id: int
    purpose: Purpose
    state: str
    wrapped_by: str
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Counted:
    """Claims of one table under one data key; the fields are the columns of COUNT_CLAIMS."""

    place: str
    version: int
    data_key_id: int
    claims: int
    erased: int


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """The keys that the settings lead to, all of which open what they must."""

    wrapping_key: str
    wrapping_key_fingerprint: str
    active_data_key_id: int
    data_keys: int
    erasure_keys_file: Path
    erasure_keys_id: str
    erasure_generation: int


def list_keys(conn: Connection[Any]) -> list[KeyListed]:
    """List the data keys; needs none of them."""
    return [
        KeyListed(
            key.data_key_id,
            key.purpose,
            "retired" if key.retired_at else "active",
            key.wrapping_key_check.hex(),
            key.created_at,
            key.retired_at,
        )
        for key in read_data_keys(conn)
    ]


def read_status(conn: Connection[Any], settings: Settings) -> KeyStatus:
    """Open all keys, and say what they are; raises what KeyRing.open raises."""
    keys = KeyRing.open(conn, settings).keys
    provider = configured_provider(settings, may_create=False)
    return KeyStatus(
        provider.source,
        provider.fingerprint.hex(),
        keys.active_data_key_id,
        len(keys.data_keys),
        erasure_path(settings),
        keys.erasure.store_id,
        keys.erasure.generation,
    )


def count_claims(conn: Connection[Any]) -> list[Counted]:
    """Count the claims under each data key; conn as the operator."""
    with translated(), conn.cursor(row_factory=rows.class_row(Counted)) as cur:
        return cur.execute(COUNT_CLAIMS).fetchall()
