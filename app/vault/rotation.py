"""Change keys while the service runs: another data key, or another wrapping key."""

import os
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from app.database.trail import Concerned, Told, refusals_recorded
from app.program.errors import ClaimsError, translated
from app.program.settings import Settings
from app.vault.ciphers import KEY_SIZE
from app.vault.keyring import KeyRing, key_check, read_data_keys, unwrapped
from app.vault.providers import KeyProvider, configured_provider

ROTATE: Final = """
select keys.rotate_data_key(
  %(retired)s, %(wrapped_key)s, %(wrapping_key_check)s, %(key_check)s
)"""

REWRAP: Final = """
select keys.rewrap_data_keys(
  %(data_key_ids)s::integer[], %(wrapped_keys)s::bytea[], %(wrapping_key_check)s,
  %(key_checks)s::bytea[]
)"""


@dataclass(frozen=True, slots=True)
class Rotated:
    """The data key that no longer encrypts new claims, and the one that does."""

    retired: int
    made: int


def rotate_data_key(conn: Connection[Any], settings: Settings) -> Rotated:
    """Start a new data key for new claims at once; conn as the operator.

    Who encrypts holds the keys as they are (`keys.hold_keys`): this waits for batches that are
    being stored, and one that comes later is refused and encrypted anew. What is stored
    already follows by `app.vault.reencryption`.

    Raises:
        ClaimsError: KY003 when another process rotated it, and what KeyRing.open raises.

    """
    ring = KeyRing.open(conn, settings)
    provider = configured_provider(settings, may_create=False)
    key = os.urandom(KEY_SIZE)
    with translated(), conn.transaction():
        (made,) = conn.execute(
            ROTATE,
            {
                "retired": ring.active_data_key_id,
                "wrapped_key": provider.wrap(key),
                "wrapping_key_check": provider.fingerprint,
                "key_check": key_check(key),
            },
        ).fetchone() or (0,)
    return Rotated(ring.active_data_key_id, made)


def rewrap_data_keys(conn: Connection[Any], settings: Settings, new: KeyProvider) -> int:
    """Put all data keys under another wrapping key; conn as the operator. Returns how many.

    No claim is touched, and processes that run go on with the data keys that they hold. Each
    key is unwrapped once by the new provider before the old wrapping is given up.

    Raises:
        ClaimsError: KY004 when a key was made meanwhile, VAULT_KEY_WRONG, and what the
            providers raise.

    """
    old = configured_provider(settings, may_create=False)
    found = read_data_keys(conn)
    with refusals_recorded(conn, Concerned(), Told()):
        keys = [unwrapped(key, old) for key in found]
    wrapped = [new.wrap(key) for key in keys]
    for row, key, again in zip(found, keys, wrapped, strict=True):
        if new.unwrap(again) != key:
            raise ClaimsError(
                "VAULT_KEY_WRONG",
                f"{new.source} does not give data key {row.data_key_id} back as it was wrapped",
                "Nothing was changed. Look at what the key or the command does.",
            )
    with translated(), conn.transaction():
        conn.execute(
            REWRAP,
            {
                "data_key_ids": [key.data_key_id for key in found],
                "wrapped_keys": wrapped,
                "wrapping_key_check": new.fingerprint,
                "key_checks": [key_check(key) for key in keys],
            },
        )
    return len(found)
