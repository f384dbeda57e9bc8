"""Key rings for tests without a database; claims loaded and decrypted for those with one."""

import json
from pathlib import Path
from typing import Any, Final

from psycopg.rows import dict_row

from app.database.connect import Role, connect
from app.generate import AS_OF, Generator
from app.intake.load import LoadResult, load_files
from app.program.settings import Settings, load_settings
from app.vault import KeyRing, Sealed, Tokens
from app.vault.erasure import ErasureKeys
from app.vault.keyring import Keys
from app.vault.reencryption import PHI_COLUMNS as PHI
from tests.servers import Database

Row = dict[str, Any]

STORED: Final = {
    "production": "select * from production.claims order by claim_id",
    "staging": "select * from staging.claims order by claim_id",
    "failed": """
select
  staged.*,
  failed.claim_id,
  failed.encrypted_batch_id,
  coalesce(failed.erasure_id, staged.erasure_id) as erasure_id,
  failed.original
from staging.failed_claims as failed
left join lateral jsonb_populate_record(null::staging.claims, failed.staged_claim) as staged
  on true
order by failed.claim_id""",
}


def key_ring(key: bytes, token_key: bytes, erasure: ErasureKeys | None = None) -> KeyRing:
    """Give a ring that encrypts under data key 7."""
    return KeyRing(
        Settings(), Keys({7: key, 8: token_key}, 7, Tokens(token_key), erasure or ErasureKeys.new())
    )


def write_claims(path: Path, count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Write generated claims without faults to a file; give them as objects."""
    lines = list(Generator(count, seed, AS_OF, 0.0))
    path.write_bytes(b"".join(lines))
    return [json.loads(line) for line in lines]


def load(path: Path, **changes: object) -> LoadResult:
    """Load a file in this process."""
    settings = load_settings().model_copy(update={"connections": 1, **changes})
    return load_files([str(path)], settings)


def stored_claims(database: Database) -> dict[str, list[Row]]:
    """Give the rows with ciphertext of each table."""
    with database.connect() as conn, conn.cursor(row_factory=dict_row) as cur:
        return {name: cur.execute(query).fetchall() for name, query in STORED.items()}


def opened(database: Database, ring: KeyRing | None = None) -> dict[str, list[str]]:
    """Decrypt all that is stored; the claim numbers (or originals) by table, sorted."""
    if ring is None:
        with connect(Role.APP) as conn:
            ring = KeyRing.open(conn, load_settings())
    found: dict[str, list[str]] = {}
    for table, rows in stored_claims(database).items():
        texts = []
        for row in rows:
            sealed = Sealed(row["claim_id"], row["encrypted_batch_id"], row["erasure_id"])
            plain = {
                column: ring.decrypt(sealed, column, row[column])
                for column in (*PHI, "malformed_values", "original")
                if row.get(column) is not None
            }
            texts.append(plain.get("claim_number") or plain["original"])
        found[table] = sorted(texts)
    return found
