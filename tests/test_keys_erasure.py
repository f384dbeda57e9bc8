"""Erasure: a patient is unreadable, here and in every backup, and nobody else is."""

import json
import shutil
import subprocess
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Any, Self

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.database.connect import Role, connect
from app.intake.store import NewBatch, store_batch
from app.pipeline.once import process_pending
from app.program.errors import ClaimsError
from app.program.settings import load_settings
from app.reference.starter import ensure_starter
from app.vault import ErasedError, KeyRing, Sealed, keyring
from app.vault.erasure import ErasureKeys
from app.vault.keyring import erasure_path
from tests.servers import Database
from tests.vault_support import load, stored_claims, write_claims

Json = dict[str, Any]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def named(claim: Json) -> str:
    """Give a patient as `claims find` and `claims keys shred` take it."""
    patient = claim["patient"]
    return f"{patient['last_name']},{patient['first_name']},{patient['birth_date']}"


def prepare(tmp_path: Path) -> list[Json]:
    """Store claims of two patients, three each: moved, rejected and waiting; and one other."""
    with connect(Role.OPERATOR) as conn:
        ensure_starter(conn)
    claims = write_claims(tmp_path / "claims", 7, seed=5)
    for number, claim in enumerate(claims[:6]):
        claim["patient"] = json.loads(json.dumps(claims[number % 2]["patient"]))
        claim["claim_number"] = f"{'AB'[number % 2]}-{number // 2}"
    claims[6]["claim_number"] = "C-0"
    for claim in claims[2:4]:
        claim["service_lines"][0]["units"] = "0"
    for name, part in (("first", [*claims[:4], claims[6]]), ("second", claims[4:6])):
        (tmp_path / name).write_text("\n".join(map(json.dumps, part)))
    load(tmp_path / "first")
    process_pending(load_settings())
    load(tmp_path / "second")
    return claims


def readable(database: Database) -> list[str]:
    """Give the claim numbers that can be read, in whatever table; once each, sorted."""
    with connect(Role.APP) as conn:
        ring = KeyRing.open(conn, load_settings())
    found = set()
    for rows in stored_claims(database).values():
        for row in rows:
            sealed = Sealed(row["claim_id"], row["encrypted_batch_id"], row["erasure_id"])
            try:
                found.add(ring.decrypt(sealed, "claim_number", row["claim_number"]))
            except ErasedError:
                with pytest.raises(ErasedError):
                    ring.decrypt(sealed, "patient_last_name", row["patient_last_name"])
    return sorted(found)


def dump(database: Database, file: Path) -> None:
    subprocess.run(
        [
            database.server.cluster.bin_dir / "pg_dump", "--format=custom", f"--file={file}",
            f"--dbname={database.url}&user=postgres",
        ],
        check=True,
    )  # fmt: skip


def restore(database: Database, file: Path) -> None:
    subprocess.run(
        [
            database.server.cluster.bin_dir / "pg_restore", "--exit-on-error", str(file),
            f"--dbname={database.url}&user=postgres",
        ],
        check=True,
    )  # fmt: skip


def test_a_backup_from_before_shows_the_patient_no_more(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = prepare(tmp_path)
    everyone = ["A-0", "A-1", "A-2", "B-0", "B-1", "B-2", "C-0"]
    assert readable(database) == everyone
    dump(database, tmp_path / "backup")
    with database.connect() as conn:
        amounts = conn.execute(
            "select claim_id, allowed_amount, diagnoses from production.claims order by 1"
        ).fetchall()

    done = run("keys", "shred", "--patient", named(claims[0]).lower(), "--yes", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout) == {"generation": 2, "destroyed": True, "claims": 3}
    assert readable(database) == ["B-0", "B-1", "B-2", "C-0"]
    with database.connect() as conn:
        assert (
            amounts
            == conn.execute(
                "select claim_id, allowed_amount, diagnoses from production.claims order by 1"
            ).fetchall()
        )
        assert conn.execute(
            "select count(*) from audit.events where action = 'patient.unlinked'"
        ).fetchone() == (1,)
    assert json.loads(run("find", "--patient", named(claims[0]), "--json").stdout)["claims"] == []
    found = json.loads(run("find", "--patient", named(claims[1]), "--json").stdout)["claims"]
    assert len(found) == 3

    with database.server.database() as restored:
        restore(restored, tmp_path / "backup")
        monkeypatch.setenv("DATABASE_URL", restored.url)
        assert readable(restored) == ["B-0", "B-1", "B-2", "C-0"]
        found = json.loads(run("find", "--patient", named(claims[0]), "--json").stdout)["claims"]
        assert len(found) == 3, "the backup still knows which claims are of one patient"
        shown = json.loads(
            run("show", str(found[0]["claim_id"]), "--phi", "--purpose", "payment", "--json").stdout
        )
        assert shown["phi"] is None
        assert shown["phi_erased"] is True

        # What was destroyed stays so for new claims, and the same command cleans the backup.
        again = run("keys", "shred", "--patient", named(claims[0]), "--yes", "--json")
        assert json.loads(again.stdout) == {"generation": 3, "destroyed": True, "claims": 3}
        run("keys", "rotate")
        assert readable(restored) == ["B-0", "B-1", "B-2", "C-0"]


def test_a_patient_who_comes_back_can_be_read(database: Database, tmp_path: Path) -> None:
    claims = prepare(tmp_path)
    settings = load_settings()
    claims[0]["claim_number"] = "A-9"
    with connect(Role.APP, autocommit=True) as conn:
        # Who loads holds the keys from before.
        ring = KeyRing.open(conn, settings)
        assert run("keys", "shred", "--patient", named(claims[0]), "--yes").exit_code == 0
        batch = NewBatch("default", "later", [json.dumps(claims[0]).encode()])
        assert store_batch(conn, ring, batch) is not None
    assert readable(database) == ["A-9", "B-0", "B-1", "B-2", "C-0"]
    assert run("keys", "shred", "--patient", named(claims[0]), "--yes").exit_code == 0
    assert readable(database) == ["B-0", "B-1", "B-2", "C-0"]


def test_the_patient_of_a_claim(database: Database, tmp_path: Path) -> None:
    claims = prepare(tmp_path)
    found = json.loads(run("find", "--claim-number", "B-1", "--json").stdout)["claims"]
    done = run("keys", "shred", "--claim", str(found[0]["claim_id"]), "--yes", "--json")
    assert json.loads(done.stdout)["claims"] == 3
    assert readable(database) == ["A-0", "A-1", "A-2", "C-0"]
    again = run("keys", "shred", "--claim", str(found[0]["claim_id"]), "--yes")
    assert "SHRED_ALREADY" in again.stderr
    assert "SHRED_CLAIM_UNKNOWN" in run("keys", "shred", "--claim", "999", "--yes").stderr
    assert (
        "SHRED_PATIENT_UNKNOWN"
        in run("keys", "shred", "--patient", "Nobody,Known,1950-01-01", "--yes").stderr
    )
    assert claims


def test_claims_that_do_not_say_who_the_patient_is(database: Database, tmp_path: Path) -> None:
    claims = write_claims(tmp_path / "claims", 4, seed=5)
    for number, claim in enumerate(claims):
        claim["claim_number"] = f"D-{number}"
        claim["patient"]["member_id"] = "M1" if number < 3 else "M2"
        if number < 2 or number == 3:
            claim["patient"]["birth_date"] = "unknown"
    lines = [*map(json.dumps, claims), "no JSON at all"]
    (tmp_path / "claims").write_text("\n".join(lines))
    load(tmp_path / "claims")
    ids = {
        json.loads(run("show", str(claim_id), "--phi", "--purpose", "payment", "--json").stdout)[
            "phi"
        ].get("claim_number"): claim_id
        for claim_id in (
            row["claim_id"] for rows in stored_claims(database).values() for row in rows
        )
    }
    shared = run("keys", "shred", "--patient", named(claims[2]), "--yes")
    assert "2 claims have the same member id" in shared.stderr
    done = run("keys", "shred", "--claim", str(ids["D-0"]), "--yes", "--json")
    assert json.loads(done.stdout)["claims"] == 2
    shown = {
        number: json.loads(
            run("show", str(claim_id), "--phi", "--purpose", "payment", "--json").stdout
        )["phi_erased"]
        for number, claim_id in ids.items()
    }
    assert shown == {"D-0": True, "D-1": True, "D-2": True, "D-3": False, None: False}
    undecoded = run("keys", "shred", "--claim", str(ids[None]), "--yes", "--json")
    assert json.loads(undecoded.stdout)["claims"] == 1
    assert json.loads(
        run("show", str(ids[None]), "--phi", "--purpose", "payment", "--json").stdout
    )["phi_erased"]


def test_months_are_erased_by_age(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Earlier(datetime):
        """The clock of a program that runs in May 2025."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            assert tz is UTC
            return cls(2025, 5, 31, 23, 59, tzinfo=tz)

    with monkeypatch.context() as patch:
        patch.setattr(keyring, "datetime", Earlier)
        prepare(tmp_path)
    claims = write_claims(tmp_path / "later", 1, seed=9)
    load(tmp_path / "later")
    assert len(readable(database)) == 8
    assert run("keys", "shred", "--older-than", "2025-05", "--yes").exit_code == 0
    assert len(readable(database)) == 8
    with database.connect() as conn:
        allowed = conn.execute("select sum(allowed_amount) from production.claims").fetchone()
    done = run("keys", "shred", "--older-than", "2025-06", "--yes", "--json")
    assert json.loads(done.stdout)["claims"] == 5, "moved or failed"
    assert readable(database) == [claims[0]["claim_number"]]
    with database.connect() as conn:
        assert (
            allowed == conn.execute("select sum(allowed_amount) from production.claims").fetchone()
        )
        assert conn.execute(
            "select count(*) from production.claims"
            " where num_nonnulls(erasure_id, patient_token, member_token) > 0"
        ).fetchone() == (0,)
    today = datetime.now(UTC).date()
    following = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    refused = run("keys", "shred", "--older-than", f"{following:%Y-%m}", "--yes")
    assert "SHRED_TOO_RECENT" in refused.stderr


def test_nothing_is_destroyed_without_a_yes(database: Database, tmp_path: Path) -> None:
    claims = prepare(tmp_path)
    before = erasure_path(load_settings()).read_bytes()
    answer = CliRunner().invoke(main, ["keys", "shred", "--patient", named(claims[0])], input="n\n")
    assert answer.exit_code == 1
    assert "3 claims" in answer.stderr
    assert erasure_path(load_settings()).read_bytes() == before
    assert len(readable(database)) == 7


def test_an_older_copy_of_the_erasure_keys_is_refused(database: Database, tmp_path: Path) -> None:
    claims = prepare(tmp_path)
    path = erasure_path(load_settings())
    shutil.copy(path, tmp_path / "copy")
    assert run("keys", "shred", "--patient", named(claims[0]), "--yes").exit_code == 0
    shutil.copy(tmp_path / "copy", path)
    for command in (
        ("load", str(tmp_path / "claims")),
        ("keys", "shred", "--patient", named(claims[1]), "--yes"),
    ):
        assert "VAULT_ERASURE_KEYS_STALE" in run(*command).stderr
    assert database.url


def test_the_erasure_keys_of_another_database_are_refused(
    database: Database, tmp_path: Path
) -> None:
    prepare(tmp_path)
    path = erasure_path(load_settings())
    path.unlink()
    assert "VAULT_KEY_MISSING" in run("load", str(tmp_path / "claims")).stderr
    assert not path.exists(), "lost keys are never replaced silently"
    ErasureKeys.new().create(path)
    assert "VAULT_ERASURE_KEYS_FOREIGN" in run("load", str(tmp_path / "claims")).stderr
    path.chmod(0o644)
    assert "VAULT_KEY_FILE_EXPOSED" in run("load", str(tmp_path / "claims")).stderr
    assert database.url


def test_an_erasure_that_was_interrupted_is_told_and_can_be_ended(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = prepare(tmp_path)

    def die(*_: object) -> None:
        raise ClaimsError("TEST", "the machine lost its power", "This is a test.")

    with monkeypatch.context() as patch:
        patch.setattr(ErasureKeys, "replace", die)
        assert "TEST" in run("keys", "shred", "--patient", named(claims[0]), "--yes").stderr
    assert "VAULT_ERASURE_KEYS_UNFINISHED" in run("load", str(tmp_path / "claims")).stderr
    done = run("keys", "shred", "--patient", named(claims[0]), "--yes", "--json")
    assert done.exit_code == 0, done.stderr
    assert readable(database) == ["B-0", "B-1", "B-2", "C-0"]


def test_with_a_database_url_the_file_must_be_named(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.url
    monkeypatch.delenv("CLAIMS_ERASURE_KEYS_FILE")
    with connect(Role.APP) as conn, pytest.raises(ClaimsError) as error:
        KeyRing.open(conn, load_settings())
    assert error.value.code == "VAULT_KEY_MISSING"
    assert "CLAIMS_ERASURE_KEYS_FILE" in error.value.message
