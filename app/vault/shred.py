"""Erase patients: destroy the erasure keys of one, or of all that came in before a month.

The file of erasure keys lies outside the database, so that no backup of the database can be
read any more either. It is changed between two transactions: one that announces it, after which
nothing is encrypted under the older keys, and one that ends it. Who dies in between leaves that
on record, and the same command again ends it. Last, the rows lose what tells that two claims
are of one patient; amounts, dates and codes stay.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import Connection, rows
from psycopg.types.json import Jsonb

from app.program.errors import ClaimsError, translated
from app.program.settings import Settings
from app.vault.erasure import (
    PATIENT_DIGITS,
    ErasureKeys,
    leaf,
    leaf_of,
    month_number,
)
from app.vault.keyring import checked_erasure_keys, erasure_path

BEGIN: Final = "select store_id, generation, pending_generation from keys.begin_erasure()"
ANNOUNCE: Final = "select keys.announce_erasure(%(generation)s)"
END: Final = "select keys.end_erasure(%(generation)s, %(detail)s)"

UNLINK_PATIENT: Final = """
select keys.unlink_patient(
  %(leaves)s::bigint[], %(patient_tokens)s::bytea[], %(member_tokens)s::bytea[],
  %(claim_ids)s::bigint[]
)"""

UNLINK_MONTHS: Final = "select keys.unlink_months(%(first_kept)s)"

# Every row of the patient: tokens are compared as SQL has them, in failed claims as JSON.
FIND_ROWS: Final[LiteralString] = """
select
  claim.claim_id, claim.erasure_id, claim.patient_token, claim.member_token,
  claim.claim_number as sample
from production.claims as claim
where
  claim.patient_token = any(%(patient_tokens)s::bytea[])
  or claim.member_token = any(%(member_tokens)s::bytea[])
  or claim.claim_id = any(%(claim_ids)s::bigint[])
union all
select
  claim.claim_id, claim.erasure_id, claim.patient_token, claim.member_token,
  claim.claim_number as sample
from staging.claims as claim
where
  claim.patient_token = any(%(patient_tokens)s::bytea[])
  or claim.member_token = any(%(member_tokens)s::bytea[])
  or claim.claim_id = any(%(claim_ids)s::bigint[])
union all
select
  failed.claim_id,
  coalesce(failed.erasure_id, staged.erasure_id) as erasure_id,
  staged.patient_token,
  staged.member_token,
  coalesce(failed.original, staged.claim_number) as sample
from staging.failed_claims as failed
left join lateral jsonb_populate_record(null::staging.claims, failed.staged_claim) as staged
  on true
where
  failed.staged_claim ->> 'patient_token' = any(%(patient_texts)s)
  or failed.staged_claim ->> 'member_token' = any(%(member_texts)s)
  or failed.claim_id = any(%(claim_ids)s::bigint[])"""

FIND_VERSION_1: Final[LiteralString] = """
select exists (
  select from production.claims as claim where get_byte(claim.claim_number, 0) = 1
  union all
  select from staging.claims as claim where get_byte(claim.claim_number, 0) = 1
  union all
  select from staging.failed_claims as failed
  where get_byte(
    coalesce(failed.original, (failed.staged_claim ->> 'claim_number')::bytea), 0
  ) = 1
)"""

_LEAF_BITS: Final = 4 * PATIENT_DIGITS


@dataclass(frozen=True, slots=True)
class Patient:
    """Whose PHI is to be erased, and what of it stands in the database."""

    identity: bytes | None
    """The patient token; None for a claim that does not say who the patient is."""
    patient_tokens: list[bytes]
    member_tokens: list[bytes]
    """Of claims without a patient token that the member id alone tells."""
    claim_ids: list[int]
    """The claims found, in order."""
    leaves: list[int]
    same_member: list[int]
    """Claims with the same member ids that are of another patient, or do not say of whom."""


@dataclass(frozen=True, slots=True)
class Shredded:
    """What an erasure came to."""

    generation: int
    """Of the erasure keys from now on."""
    destroyed: bool
    """False when the keys had been destroyed before."""
    claims: int
    """Claims in the database that lost what linked them."""


def find_patient(conn: Connection[Any], token: bytes) -> Patient:
    """Find the claims of a patient by token; conn as the operator.

    Raises:
        ClaimsError: VAULT_NOT_ERASABLE.

    """
    found = _rows(conn, patient_tokens=[token])
    members = {row.member_token for row in found if row.member_token is not None}
    related = _rows(conn, member_tokens=sorted(members)) if members else []
    return Patient(
        identity=token,
        patient_tokens=[token],
        member_tokens=[],
        claim_ids=sorted({row.claim_id for row in found}),
        leaves=sorted({leaf_of(row.erasure_id) for row in found if row.erasure_id is not None}),
        same_member=sorted({row.claim_id for row in related if row.patient_token != token}),
    )


def find_patient_of(conn: Connection[Any], claim_id: int) -> Patient:
    """Find the patient of a claim, as far as it says who that is; conn as the operator.

    Raises:
        ClaimsError: SHRED_CLAIM_UNKNOWN, SHRED_ALREADY or VAULT_NOT_ERASABLE.

    """
    found = _rows(conn, claim_ids=[claim_id])
    if not found:
        raise ClaimsError(
            "SHRED_CLAIM_UNKNOWN",
            f"there is no claim {claim_id}",
            "Find the claims of a patient with `claims find`.",
        )
    row = found[0]
    if row.erasure_id is None:
        raise ClaimsError(
            "SHRED_ALREADY",
            f"what identified the patient of claim {claim_id} was erased already",
            "There is nothing left to do.",
        )
    if row.patient_token is not None:
        return find_patient(conn, row.patient_token)
    members = [] if row.member_token is None else [row.member_token]
    alike = [
        one
        for one in (_rows(conn, member_tokens=members) if members else found)
        if one.patient_token is None
    ]
    return Patient(
        identity=None,
        patient_tokens=[],
        member_tokens=members,
        claim_ids=sorted({one.claim_id for one in alike}),
        leaves=[leaf_of(row.erasure_id)],
        same_member=[],
    )


def shred_patient(conn: Connection[Any], settings: Settings, patient: Patient) -> Shredded:
    """Destroy the erasure key of a patient; conn as the operator, in autocommit mode.

    A claim of the patient that comes in later is encrypted under another key. After an error
    close the connection, which holds the keys locked.

    Raises:
        ClaimsError: of the erasure keys VAULT_KEY_MISSING, VAULT_ERASURE_KEYS_INVALID,
            _FOREIGN, _STALE or _READ_ONLY.

    """
    leaves = set(patient.leaves)

    def destroy(keys: ErasureKeys) -> bool:
        if patient.identity is not None:
            for life in count():
                one = leaf(patient.identity, life)
                leaves.add(one)
                if keys.patients.key(one) is not None:
                    break
        return sum(keys.patients.destroy(one, one) for one in sorted(leaves)) > 0

    generation, destroyed = _change(conn, settings, destroy, {"what": "patient"})
    with translated():
        (claims,) = conn.execute(
            UNLINK_PATIENT,
            {
                "leaves": sorted(leaves),
                "patient_tokens": patient.patient_tokens,
                "member_tokens": patient.member_tokens,
                "claim_ids": patient.claim_ids,
            },
        ).fetchone() or (0,)
    return Shredded(generation, destroyed, claims)


def shred_months(conn: Connection[Any], settings: Settings, first_kept: date) -> Shredded:
    """Destroy the erasure keys of all months before one; conn as for `shred_patient`.

    Raises:
        ClaimsError: SHRED_TOO_RECENT, VAULT_NOT_ERASABLE, and what `shred_patient` raises.

    """
    kept = month_number(first_kept)
    if kept > month_number(datetime.now(UTC).date()):
        raise ClaimsError(
            "SHRED_TOO_RECENT",
            f"claims are received in months before {first_kept:%Y-%m} still",
            "Erase months that are over.",
        )
    with translated():
        (version_1,) = conn.execute(FIND_VERSION_1).fetchone() or (False,)
    if version_1:
        raise _not_erasable()
    generation, destroyed = _change(
        conn,
        settings,
        lambda keys: keys.months.destroy(0, kept - 1),
        {"what": "months", "first_kept": f"{first_kept:%Y-%m}"},
    )
    with translated():
        (claims,) = conn.execute(UNLINK_MONTHS, {"first_kept": kept << _LEAF_BITS}).fetchone() or (
            0,
        )
    return Shredded(generation, destroyed, claims)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of FIND_ROWS."""

    claim_id: int
    erasure_id: int | None
    patient_token: bytes | None
    member_token: bytes | None
    sample: bytes


def _rows(
    conn: Connection[Any],
    *,
    patient_tokens: list[bytes] | None = None,
    member_tokens: list[bytes] | None = None,
    claim_ids: list[int] | None = None,
) -> list[_Row]:
    with translated(), conn.cursor(row_factory=rows.class_row(_Row)) as cur:
        found = cur.execute(
            FIND_ROWS,
            {
                "patient_tokens": patient_tokens or [],
                "member_tokens": member_tokens or [],
                "patient_texts": [f"\\x{token.hex()}" for token in patient_tokens or []],
                "member_texts": [f"\\x{token.hex()}" for token in member_tokens or []],
                "claim_ids": claim_ids or [],
            },
        ).fetchall()
    if any(row.sample[0] == 1 for row in found):
        raise _not_erasable()
    return found


def _not_erasable() -> ClaimsError:
    return ClaimsError(
        "VAULT_NOT_ERASABLE",
        "claims stand under version 1 of the encryption, whose keys nothing destroys",
        "Run `claims keys rotate`, which puts them under version 2, then erase. What stands in "
        "backups from before stays readable.",
    )


def _change(
    conn: Connection[Any],
    settings: Settings,
    destroy: Callable[[ErasureKeys], bool],
    detail: dict[str, str],
) -> tuple[int, bool]:
    """Change the file of erasure keys; its new generation, and whether anything was destroyed."""
    path = erasure_path(settings)
    with translated():
        store_id, generation, pending = _begin(conn)
    keys = checked_erasure_keys(path, store_id, generation, None)
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise ClaimsError(
            "VAULT_ERASURE_KEYS_READ_ONLY",
            f"{path} cannot be written here",
            "Erase where the file is kept, then copy it to the other hosts.",
        )
    following = max(generation, pending or 0, keys.generation) + 1
    with translated():
        conn.execute(ANNOUNCE, {"generation": following})
    destroyed = destroy(keys)
    keys.generation = following
    keys.replace(path)
    with translated():
        conn.execute(END, {"generation": following, "detail": Jsonb(detail)})
    return following, destroyed


def _begin(conn: Connection[Any]) -> tuple[UUID, int, int | None]:
    found: tuple[UUID, int, int | None] | None = conn.execute(BEGIN).fetchone()
    if found is None:
        raise ClaimsError(
            "VAULT_KEY_MISSING",
            "the database has no erasure keys yet",
            "There is nothing to erase: no claim was ever loaded.",
        )
    return found
