"""Whatever is done to a sealed trail is found and located, by whomever it was done."""

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.audit.seals import read_seals
from app.audit.verifying import verify
from app.database import schema
from app.program.errors import ClaimsError
from tests.audit_support import (
    AUDIT_KEY,
    ids_of,
    make_month,
    messages,
    problems,
    sealed,
    tamper,
    use_audit,
    verified,
    write_events,
)
from tests.servers import Database

EVENTS = 12
CHANGE_EVENT = "update audit.events set {change} where event_id = %s"
CHANGE_SEAL = "update audit.seals set {change} where seal_number = 2"
DELETE_EVENTS = "delete from audit.events where event_id = any(%s)"

INSERT_BESIDE = """
insert into audit.events (action, outcome, transaction_id, occurred_at)
select 'claim.phi_shown', 'succeeded', twin.transaction_id, coalesce(%s, twin.occurred_at)
from audit.events as twin
where twin.event_id = %s"""

DOUBLE = """
insert into audit.events ({columns}, occurred_at) overriding system value
select {columns}, twin.occurred_at + interval '1 second'
from audit.events as twin
where twin.event_id = %s"""

EXCHANGE_IDS = """
update audit.events
set event_id = %(sum)s - event_id
where event_id in (%(one)s, %(other)s)"""

EXCHANGE_CONTENT = """
update audit.events as event
set
  batch_ids = twin.batch_ids,
  first_claim_id = twin.first_claim_id,
  last_claim_id = twin.last_claim_id,
  detail = twin.detail
from audit.events as twin
where
  event.event_id = any(%(ids)s) and twin.event_id = any(%(ids)s)
  and event.event_id <> twin.event_id"""

MOVE = """
update audit.events
set transaction_id = (select max(transaction_id) from audit.events)
where event_id = %s"""


@pytest.fixture
def trail(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    """Three seals: over what the installer wrote, over 12 events, and over 12 more."""
    use_audit(monkeypatch, tmp_path)
    sealed()
    for _ in range(2):
        write_events(database, EVENTS)
        assert sealed().events == EVENTS
    assert problems() == []
    return database


@pytest.fixture
def ids(trail: Database) -> list[int]:
    """The events that the second seal covers."""
    with trail.connect() as conn:
        return ids_of(conn)[-2 * EVENTS : -EVENTS]


CHANGES = (
    "client = 'somebody else'",
    "occurred_at = occurred_at + interval '1 microsecond'",
    "first_claim_id = first_claim_id + 1",
    "batch_ids = null",
    "detail = '{}'",
    "purpose = 'payment'",
    "outcome = 'refused'",
    "acting_role = ''",
    "database_role = 'claims_app'",
)


def test_changed_events(trail: Database, ids: list[int]) -> None:
    for event_id, change in zip(ids, CHANGES, strict=False):
        tamper(trail, CHANGE_EVENT.format(change=change), event_id)
    changed = ids[: len(CHANGES)]
    assert problems() == [("event_changed", 2, changed)]
    assert f"events {changed[0]} to {changed[-1]} were changed after seal 2" in messages(
        verified().problems
    )


def test_deleted_events(trail: Database, ids: list[int]) -> None:
    tamper(trail, DELETE_EVENTS, [ids[0], ids[5], ids[6]])
    assert problems() == [("event_missing", 2, [ids[0], ids[5], ids[6]])]
    assert f"events {ids[0]}, {ids[5]} to {ids[6]} were deleted" in messages(verified().problems)


def test_a_whole_stretch_deleted(trail: Database, ids: list[int]) -> None:
    tamper(trail, DELETE_EVENTS, ids)
    assert problems() == [("event_missing", 2, ids)]


def test_an_inserted_event(trail: Database, ids: list[int]) -> None:
    tamper(trail, INSERT_BESIDE, None, ids[4])
    with trail.connect() as conn:
        inserted = ids_of(conn)[-1]
    assert problems() == [("event_inserted", 2, [inserted])]


def test_an_event_that_doubles_another(trail: Database, ids: list[int]) -> None:
    with trail.connect() as conn:
        columns = ", ".join(
            row[0]
            for row in conn.execute(
                "select column_name from information_schema.columns"
                " where table_schema = 'audit' and table_name = 'events'"
                " and column_name <> 'occurred_at'"
            )
        )
    tamper(trail, DOUBLE.format(columns=columns), ids[4])
    assert problems() == [("event_inserted", 2, [ids[4]])]


def test_an_event_inserted_where_no_seal_covers_its_month(trail: Database, ids: list[int]) -> None:
    make_month(trail, "2025-01", events=0)
    tamper(trail, INSERT_BESIDE, "2025-01-15", ids[4])
    with trail.connect() as conn:
        inserted = max(ids_of(conn))
    assert problems() == [("event_inserted", None, [inserted])]


def test_events_exchanged_by_their_ids(trail: Database, ids: list[int]) -> None:
    one, other = ids[2], ids[8]
    tamper(trail, "alter table audit.events alter column event_id set generated by default")
    tamper(trail, EXCHANGE_IDS, {"sum": one + other, "one": one, "other": other})
    assert problems() == [("events_swapped", 2, [one, other])]


def test_events_exchanged_by_their_content(trail: Database, ids: list[int]) -> None:
    one, other = ids[2], ids[8]
    tamper(trail, EXCHANGE_CONTENT, {"ids": [one, other]})
    assert problems() == [("events_swapped", 2, [one, other])]


def test_an_event_moved_into_another_stretch(trail: Database, ids: list[int]) -> None:
    tamper(trail, MOVE, ids[0])
    assert problems() == [
        ("event_missing", 2, [ids[0]]),
        ("event_inserted", 3, [ids[0]]),
    ]


def test_a_cut_off_tail(trail: Database) -> None:
    """The last events and their seal are gone, so that what is left agrees with itself."""
    with trail.connect() as conn:
        tail = ids_of(conn)[-EVENTS:]
    tamper(trail, DELETE_EVENTS, tail)
    tamper(trail, "delete from audit.seals where seal_number = 3")
    found = verified()
    assert [(problem.kind, problem.seal_number) for problem in found.problems] == [
        ("seals_cut_off", 3)
    ]
    assert "the chain ends with seal 2, and seal 3 was made at" in messages(found.problems)


def test_everything_deleted(trail: Database) -> None:
    tamper(trail, "delete from audit.events")
    tamper(trail, "delete from audit.seals")
    assert problems() == [("seals_cut_off", 1, [])]


def test_a_removed_seal(trail: Database, ids: list[int]) -> None:
    tamper(trail, "delete from audit.seals where seal_number = 2")
    assert problems() == [("seal_missing", 2, []), ("events_unproven", None, ids)]


def test_a_removed_first_seal(trail: Database) -> None:
    tamper(trail, "delete from audit.seals where seal_number = 1")
    assert problems()[0] == ("seal_missing", 1, [])


def test_a_changed_seal(trail: Database) -> None:
    with trail.connect() as conn:
        conn.execute("create table kept as table audit.seals")
    for change in (
        "sealed_at = sealed_at + interval '1 day'",
        "last_event_id = last_event_id + 1",
        "signature = sha512('')",
        "previous_sha256 = sha256('')",
    ):
        tamper(trail, CHANGE_SEAL.format(change=change))
        found = problems()
        assert found[0] == ("seal_changed", 2, [])
        assert {kind for kind, _, _ in found} <= {"seal_changed", "seal_replaced"}
        tamper(trail, "delete from audit.seals")
        tamper(trail, "insert into audit.seals table kept")
        assert problems() == []


def test_two_seals_exchanged(trail: Database) -> None:
    tamper(trail, "update audit.seals set seal_number = 5 - seal_number + 1000"
                  " where seal_number in (2, 3)")  # fmt: skip
    tamper(trail, "update audit.seals set seal_number = seal_number - 1000"
                  " where seal_number > 1000")  # fmt: skip
    assert [found[:2] for found in problems()[:2]] == [("seal_changed", 2), ("seal_changed", 3)]


def test_event_and_hashes_changed_together(trail: Database, ids: list[int]) -> None:
    """Who also changes the list of hashes makes the event untellable, not unnoticed."""
    tamper(trail, CHANGE_EVENT.format(change="detail = '{}'"), ids[3])
    tamper(
        trail,
        "update audit.seals set event_hashes = overlay(event_hashes placing sha256('') from 9)"
        " where seal_number = 2",
    )
    found = verified().problems
    assert [(problem.kind, problem.seal_number) for problem in found] == [("events_unproven", 2)]
    assert f"events {ids[0]} to {ids[-1]}" in messages(found)


def test_seals_made_anew_with_another_key(
    trail: Database, ids: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The whole chain is consistent, and signed by a key that nobody trusts."""
    tamper(trail, DELETE_EVENTS, ids[:1])
    tamper(trail, "delete from audit.seals")
    other = base64.b64encode(bytes(32)).decode()
    with monkeypatch.context() as patch:
        patch.setenv("CLAIMS_AUDIT_KEY", other)
        patch.setenv("CLAIMS_AUDIT_SEAL_FILE", str(tmp_path / "forged"))
        sealed()
    assert problems()[0] == ("seal_changed", 1, [])


def test_seals_made_anew_with_the_stolen_key(
    trail: Database, ids: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Only what was written down outside tells."""
    tamper(trail, DELETE_EVENTS, ids[:1])
    tamper(trail, "delete from audit.seals")
    with monkeypatch.context() as patch:
        patch.setenv("CLAIMS_AUDIT_SEAL_FILE", str(tmp_path / "forged"))
        sealed()
    found = problems()
    assert ("seal_replaced", 1, []) in found
    assert ("seals_cut_off", 2, []) in found


def test_verifying_needs_the_public_key_alone(
    trail: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(AUDIT_KEY)).public_key()
    public = base64.b64encode(key.public_bytes_raw()).decode()
    monkeypatch.delenv("CLAIMS_AUDIT_KEY")
    with pytest.raises(ClaimsError) as caught:
        problems()
    assert caught.value.code == "AUDIT_KEY_MISSING"
    monkeypatch.setenv("CLAIMS_AUDIT_PUBLIC_KEYS", public)
    assert problems() == []
    assert trail.name


def test_seals_of_an_earlier_key_are_trusted_by_name(
    trail: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [Ed25519PrivateKey.from_private_bytes(base64.b64decode(AUDIT_KEY))]
    keys.append(Ed25519PrivateKey.generate())
    monkeypatch.setenv("CLAIMS_AUDIT_KEY", base64.b64encode(keys[1].private_bytes_raw()).decode())
    write_events(trail, 1)
    sealed()
    assert [found[:2] for found in problems()] == [("seal_changed", n) for n in (1, 2, 3)]
    public = [base64.b64encode(key.public_key().public_bytes_raw()).decode() for key in keys]
    monkeypatch.setenv("CLAIMS_AUDIT_PUBLIC_KEYS", ",".join(public))
    assert problems() == []


def test_a_seal_can_be_verified_by_openssl(trail: Database, tmp_path: Path) -> None:
    """Nobody has to believe this program: the signature is over text that is documented."""
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(AUDIT_KEY)).public_key()
    with trail.connect() as conn:
        seal = read_seals(conn)[1]
    (tmp_path / "payload").write_bytes(seal.payload())
    (tmp_path / "signature").write_bytes(seal.signature)
    (tmp_path / "key.pem").write_bytes(
        key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    openssl = shutil.which("openssl")
    assert openssl, "openssl is missing: apt-get install openssl"
    run = subprocess.run(
        [
            openssl, "pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "key.pem", "-rawin",
            "-in", tmp_path / "payload", "-sigfile", tmp_path / "signature",
        ],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert json.loads(seal.payload())["seal"] == 2


def test_settings_of_the_session_change_no_line(trail: Database) -> None:
    with trail.connect() as conn:
        for setting in (
            "datestyle = 'German'", "timezone = 'Asia/Kolkata'", "client_encoding = 'LATIN1'",
            "intervalstyle = 'iso_8601'", "extra_float_digits = 0", "bytea_output = 'escape'",
        ):  # fmt: skip
            conn.execute(f"alter role claims_auditor set {setting}")
        try:
            assert problems() == []
        finally:
            conn.execute("alter role claims_auditor reset all")


def test_an_archived_month_breaks_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_audit(monkeypatch, tmp_path)
    for month in ("2025-01", "2025-02"):
        make_month(database, month, events=5)
    with database.connect("claims_operator") as conn:
        with pytest.raises(Exception, match="5 events of 2025-01 are not sealed"):
            conn.execute("call maintenance.archive_audit_month('2025-01-01')")
        sealed()
        with pytest.raises(Exception, match="is not over"):
            conn.execute("call maintenance.archive_audit_month(current_date)")
        with pytest.raises(Exception, match="has no month 2019-01"):
            conn.execute("call maintenance.archive_audit_month('2019-01-01')")
        conn.execute("call maintenance.archive_audit_month('2025-01-01')")
        conn.execute("call maintenance.archive_audit_month('2025-02-01')")
    with database.connect() as conn:
        conn.execute("drop table audit.archived_events_202501")
        with pytest.raises(Exception, match="append only"):
            conn.execute("delete from audit.archived_events_202502")
        with pytest.raises(Exception, match="append only"):
            conn.execute("truncate audit.archived_events_202502")
    sealed()
    found = verified()
    assert found.problems == []
    assert found.archived_months == {"2025-01": 5, "2025-02": 5}

    with pytest.raises(ClaimsError, match="archived_events_202502") as caught:
        schema.downgrade("0009")
    assert caught.value.code == "AU008"

    # An archive that is attached again is verified again.
    with database.connect() as conn:
        conn.execute("drop trigger refuse_change on audit.archived_events_202502")
        conn.execute("alter table audit.archived_events_202502 rename to events_202502")
        conn.execute(
            "alter table audit.events attach partition audit.events_202502"
            " for values from ('2025-02-01 UTC') to ('2025-03-01 UTC')"
        )
    assert verified().archived_months == {"2025-01": 5}
    tamper(database, "update audit.events set client = 'x' where occurred_at < '2025-03-01'")
    assert [kind for kind, _, _ in problems()] == ["event_changed"]


def test_a_dropped_month_is_missing(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_audit(monkeypatch, tmp_path)
    make_month(database, "2025-01", events=1)
    sealed()
    with database.connect() as conn:
        conn.execute("drop table audit.events_202501")
    assert [kind for kind, _, _ in problems()] == ["event_missing"]


def test_nothing_sealed_is_nothing_verified(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_audit(monkeypatch, tmp_path)
    write_events(database, 2)
    found = verify({}, [])
    assert found.seals == 0
    assert found.unsealed == found.events >= 2
    with pytest.raises(ClaimsError) as caught:
        problems()
    assert caught.value.code == "AUDIT_SEAL_FILE_MISSING"
    (tmp_path / "audit.seals").write_text('{"seal": 1')
    with pytest.raises(ClaimsError) as caught:
        problems()
    assert caught.value.code == "AUDIT_SEAL_FILE_INVALID"
