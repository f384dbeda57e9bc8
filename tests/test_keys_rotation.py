"""Rotation: new claims under the new key at once, old ones after them, and nobody notices."""

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import sql
from psycopg.rows import TupleRow

from app.cli import main
from app.database.connect import Role, connect
from app.database.trail import Told
from app.desk.claim import Reader, read_claim
from app.intake.encode import Encoded, encode_batch
from app.intake.store import NewBatch, store_batch
from app.pipeline.once import process_pending
from app.program.settings import load_settings
from app.reference.starter import ensure_starter
from app.vault import KeyRing, Sealed, reencryption
from app.vault.ciphers import BatchCipher
from app.vault.reencryption import PHI_COLUMNS as PHI
from app.vault.reencryption import reencrypt
from app.vault.rotation import rotate_data_key
from tests.servers import Database
from tests.vault_support import load, opened, stored_claims, write_claims


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def heads(database: Database) -> dict[str, set[tuple[int, int]]]:
    """Give the versions and data keys of all ciphertexts, by table."""
    return {
        table: {
            (blob[0], int.from_bytes(blob[1:5]))
            for row in rows
            for column in (*PHI, "malformed_values", "original")
            if (blob := row.get(column)) is not None
        }
        for table, rows in stored_claims(database).items()
    }


def prepare(tmp_path: Path, claims: int = 60) -> None:
    """Put claims into every table: moved, waiting, rejected, not decoded."""
    with connect(Role.OPERATOR) as conn:
        ensure_starter(conn)
    path = tmp_path / "first"
    written = write_claims(path, claims, seed=2)
    for claim in written[:5]:
        claim["service_lines"][0]["units"] = "0"
    written[5]["payer_id"] = "A Name Here"
    lines = [json.dumps(claim) for claim in written]
    lines += ['{"claim_number": "LOST-1"}', "no JSON at all"]
    path.write_text("\n".join(lines))
    load(path, batch_size=20)
    process_pending(load_settings())
    write_claims(tmp_path / "second", claims // 2, seed=3)
    load(tmp_path / "second", batch_size=20)


def test_all_that_is_stored_goes_under_the_new_key(database: Database, tmp_path: Path) -> None:
    prepare(tmp_path)
    before = opened(database)
    assert len(before["failed"]) >= 8
    assert len(before["production"]) >= 40
    assert heads(database) == {table: {(2, 1)} for table in before}

    done = run("keys", "rotate", "--json")
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["claims"] == sum(map(len, before.values()))
    new = answer["data_key_id"]
    assert heads(database) == {table: {(2, new)} for table in before}
    assert opened(database) == before

    load(tmp_path / "first", batch_size=20)
    write_claims(tmp_path / "third", 5, seed=4)
    load(tmp_path / "third")
    assert heads(database)["staging"] == {(2, new)}
    process_pending(load_settings())
    assert heads(database)["production"] == {(2, new)}
    status = json.loads(run("keys", "status", "--count", "--json").stdout)
    assert {row["data_key_id"] for row in status["claims"]} == {new}
    with database.connect() as conn:
        actions = [row[0] for row in conn.execute("select action from audit.events")]
    assert actions.count("key.rotated") == 1
    assert actions.count("claims.reencrypted") >= 3


def test_a_run_that_was_interrupted_is_resumed(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path)
    before = opened(database)
    assert run("keys", "rotate", "--later").exit_code == 0
    assert heads(database) == {table: {(2, 1)} for table in before}, "the old rows wait"
    monkeypatch.setattr(reencryption, "BLOCK", 10)

    def interrupt(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reencrypt(load_settings(), on_progress=interrupt)
    assert opened(database) == before
    resumed = run("keys", "rotate", "--resume", "--json")
    assert resumed.exit_code == 0, resumed.stderr
    assert 0 < json.loads(resumed.stdout)["claims"] < sum(map(len, before.values()))
    assert heads(database) == {table: {(2, 3)} for table in before}
    assert opened(database) == before
    assert json.loads(run("keys", "rotate", "--resume", "--json").stdout)["claims"] == 0


def test_rows_of_version_1_become_version_2(database: Database, tmp_path: Path) -> None:
    prepare(tmp_path)
    before = opened(database)
    with connect(Role.APP) as conn:
        ring = KeyRing.open(conn, load_settings())
    with database.connect() as conn:
        # As the first version of the program wrote them.
        for table, rows in stored_claims(database).items():
            for row in rows:
                claim_id, batch_id = row["claim_id"], row["encrypted_batch_id"]
                cipher = BatchCipher(1, ring.keys.data_keys[1], batch_id, 1).claim(claim_id, b"")
                old = Sealed(claim_id, batch_id, row["erasure_id"])
                blobs = {
                    column: cipher.encrypt(column, ring.decrypt(old, column, row[column]))
                    for column in (*PHI, "malformed_values", "original")
                    if row.get(column) is not None
                }
                if table != "failed":
                    name = sql.SQL(
                        "production.claims" if table == "production" else "staging.claims"
                    )
                    conn.execute(
                        sql.SQL("update {} set erasure_id = null, {} where claim_id = {}").format(
                            name,
                            sql.SQL(", ").join(
                                sql.SQL("{} = {}").format(sql.Identifier(column), blob)
                                for column, blob in blobs.items()
                            ),
                            claim_id,
                        )
                    )
                elif "original" in blobs:
                    conn.execute(
                        "update staging.failed_claims set erasure_id = null, original = %s"
                        " where claim_id = %s",
                        (blobs["original"], claim_id),
                    )
                else:
                    staged = {column: f"\\x{blob.hex()}" for column, blob in blobs.items()}
                    conn.execute(
                        "update staging.failed_claims set staged_claim = staged_claim || %s::jsonb"
                        " where claim_id = %s",
                        (json.dumps({"erasure_id": None, **staged}), claim_id),
                    )
    assert heads(database) == {table: {(1, 1)} for table in before}
    assert opened(database) == before
    refused = run("keys", "shred", "--older-than", "2026-01", "--yes")
    assert "VAULT_NOT_ERASABLE" in refused.stderr

    done = run("keys", "rotate", "--resume", "--json")
    assert done.exit_code == 0, done.stderr
    assert heads(database) == {table: {(2, 1)} for table in before}
    assert opened(database) == before
    with database.connect() as conn:
        (lacking,) = conn.execute(
            "select count(*) from production.claims where erasure_id is null"
        ).fetchone() or (None,)
    assert lacking == 0


def test_a_loader_that_runs_goes_on_under_the_new_key(database: Database, tmp_path: Path) -> None:
    settings = load_settings()
    claims = write_claims(tmp_path / "claims", 3)
    with connect(Role.APP, autocommit=True) as conn:
        ring = KeyRing.open(conn, settings)
        for number, claim in enumerate(claims):
            batch = NewBatch("default", f"batch-{number}", [json.dumps(claim).encode()])
            assert store_batch(conn, ring, batch) is not None
            with connect(Role.OPERATOR) as operator:
                rotate_data_key(operator, settings)
    with database.connect() as conn:
        found = conn.execute(
            "select batch.data_key_id, get_byte(claim.claim_number, 4)"
            " from queue.batches as batch"
            " inner join staging.claims as claim on batch.batch_id = claim.batch_id"
            " order by batch.batch_id"
        ).fetchall()
    assert found == [(1, 1), (3, 3), (4, 4)]
    assert opened(database)["staging"] == sorted(claim["claim_number"] for claim in claims)


def test_keys_that_change_while_a_batch_is_encrypted(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings()
    (claim,) = write_claims(tmp_path / "claims", 1)
    used = []
    with connect(Role.APP, autocommit=True) as conn, connect(Role.APP, autocommit=True) as apart:
        ring = KeyRing.open(conn, settings)

        def rotated_after(
            records: Sequence[bytes], claim_ids: range, keyring: KeyRing, batch_id: int
        ) -> Encoded:
            encoded = encode_batch(records, claim_ids, keyring, batch_id)
            used.append(encoded.data_key_id)
            if len(used) == 1:
                with connect(Role.OPERATOR) as operator:
                    rotate_data_key(operator, settings)
                # As another thread does that has the same ring.
                ring.refresh(apart)
            return encoded

        monkeypatch.setattr("app.intake.store.encode_batch", rotated_after)
        batch = NewBatch("default", "batch", [json.dumps(claim).encode()])
        assert store_batch(conn, ring, batch) is not None
    assert used == [1, 3]
    assert heads(database)["staging"] == {(2, 3)}
    assert opened(database)["staging"] == [claim["claim_number"]]


def test_rotation_under_load_fails_no_read_and_no_write(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path)
    monkeypatch.setattr(reencryption, "BLOCK", 15)
    settings = load_settings()
    loaded: list[str] = []
    ended = threading.Event()
    reads = replaced = 0
    with connect(Role.OPERATOR) as conn:
        # As the service has it: one for all who read.
        reader = Reader(Told(), keyring=KeyRing.open(conn, settings))

    def insist(work: Callable[[int], None]) -> None:
        """Work until the rotations have ended, or it fails."""
        for number in count(1):
            if ended.is_set():
                return
            work(number)

    def write(number: int) -> None:
        path = tmp_path / f"load-{number}"
        claims = write_claims(path, 20, seed=1000 + number)
        load(path, batch_size=5)
        loaded.extend(claim["claim_number"] for claim in claims)

    def process(_: int) -> None:
        process_pending(settings.model_copy(update={"connections": 1}))
        ended.wait(0.2)

    def read(number: int) -> None:
        nonlocal reads
        with connect(Role.OPERATOR) as conn:
            (claim_id,) = conn.execute(
                "select claim_id from production.claims order by md5(claim_id || %s) limit 1",
                (str(number),),
            ).fetchone() or (0,)
            report = read_claim(conn, settings, claim_id, reader=reader)
            assert report.phi is not None
            assert report.phi["claim_number"]
        reads += 1

    with ThreadPoolExecutor() as pool:
        work = [pool.submit(insist, one) for one in (write, process, read, read)]
        try:
            for _ in range(3):
                with connect(Role.OPERATOR) as conn:
                    rotated = rotate_data_key(conn, settings)
                replaced += reencrypt(settings).replaced
        finally:
            ended.set()
        failures = [one.exception() for one in work if one.exception() is not None]
    assert failures == []
    assert reads > 10
    assert len(loaded) >= 20
    assert replaced >= 3 * 60
    process_pending(settings)
    reencrypt(settings)
    assert all(found == {(2, rotated.made)} for found in heads(database).values())
    found = opened(database)
    assert set(loaded) <= set(found["production"]) | set(found["failed"])


TAMPERED = {
    "a bit": "patient_city = set_bit(patient_city, 150, 1 - get_bit(patient_city, 150))",
    "a bit of the tag": "patient_city = set_bit(patient_city, 8 * length(patient_city) - 1,"
    " 1 - get_bit(patient_city, 8 * length(patient_city) - 1))",
    "the key id": "patient_city = set_byte(patient_city, 4, 2)",
    "a key id that there is not": "patient_city = set_byte(patient_city, 4, 99)",
    "the version": "patient_city = set_byte(patient_city, 0, 1)",
    "to a version that there is not": "patient_city = set_byte(patient_city, 0, 9)",
    "shortened": "patient_city = substr(patient_city, 1, 20)",
    "from another field": "patient_city = patient_state",
    "from another claim": "patient_city = ("
    "select patient_city from production.claims order by claim_id desc limit 1)",
    "the batch": "encrypted_batch_id = encrypted_batch_id + 1",
    "the erasure id": "erasure_id = erasure_id + 1",
}


def test_what_was_changed_or_moved_is_refused_and_recorded(
    database: Database, tmp_path: Path
) -> None:
    prepare(tmp_path)
    before = opened(database)
    with database.connect() as conn:
        (claim_id,) = conn.execute("select min(claim_id) from production.claims").fetchone() or (0,)
        conn.execute("create temporary table kept as table production.claims")
        for number, (what, change) in enumerate(TAMPERED.items(), start=1):
            conn.execute(
                f"update production.claims set {change} where claim_id = {claim_id}".encode()  # noqa: S608 - the statements above
            )
            shown = run("show", str(claim_id), "--phi", "--purpose", "payment", "--json")
            assert shown.exit_code == 1, what
            assert json.loads(shown.stdout)["error"]["code"] in {
                "VAULT_DECRYPTION_REFUSED",
                "VAULT_KEY_UNKNOWN",
            }, what
            assert count_refusals(database, claim_id) == number, what
            if number < len(TAMPERED):
                restore(conn, claim_id)

        # A rotation leaves the row as it is, says so, and does all others.
        rotated = run("keys", "rotate", "--json")
        assert rotated.exit_code == 1
        answer = json.loads(rotated.stdout.splitlines()[0])
        assert answer["refused"] == [claim_id]
        assert answer["claims"] == sum(map(len, before.values())) - 1
        assert count_refusals(database, claim_id) > len(TAMPERED)
        restore(conn, claim_id)
    assert opened(database) == before


def restore(conn: psycopg.Connection[TupleRow], claim_id: int) -> None:
    """Put a row back as it was."""
    conn.execute("delete from production.claims where claim_id = %s", (claim_id,))
    conn.execute(
        "insert into production.claims select * from kept where claim_id = %s", (claim_id,)
    )


def count_refusals(database: Database, claim_id: int) -> int:
    with database.connect() as conn:
        (found,) = conn.execute(
            "select count(*) from audit.events"
            " where action = 'claim.phi_refused' and first_claim_id = %s",
            (claim_id,),
        ).fetchone() or (0,)
    return int(found)
