"""What leaves a trace: reading PHI, refusals, settings; and how it is found again."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from click.testing import CliRunner, Result

from app.audit.reading import patient_token
from app.cli import main
from app.database.connect import Role, connect
from app.database.trail import (
    Concerned,
    Told,
    origin,
    record_access,
    record_apart,
    refusals_recorded,
    tell,
)
from app.generate import AS_OF, Generator
from app.intake.load import load_files
from app.pipeline.once import process_pending
from app.program.errors import ClaimsError
from app.program.settings import load_settings
from app.reference.starter import ensure_starter
from tests.audit_support import use_audit
from tests.servers import Database, Server

CLAIMS: Final = 40
NEWEST: Final = """
select
  event.action, event.outcome, event.database_role, event.client, event.origin, event.purpose,
  event.recipient, event.first_claim_id, event.last_claim_id, event.detail
from audit.events as event
order by event.event_id desc
limit 1"""

PATIENTS: Final = """
select claim.patient_token, array_agg(claim.claim_id order by claim.claim_id)
from production.claims as claim
group by claim.patient_token
order by count(*) desc, min(claim.claim_id)
limit 2"""

Json = dict[str, Any]


@dataclass(frozen=True)
class Worked:
    """A database with claims in production; a patient with several of them, and another."""

    database: Database
    token: str
    claim_ids: list[int]
    other_claim_id: int


@pytest.fixture(scope="module")
def worked(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worked]:
    folder = tmp_path_factory.mktemp("audit")
    with pytest.MonkeyPatch.context() as patch, server.database(server.migrated) as database:
        database.use(patch, folder)
        use_audit(patch, folder)
        with connect(Role.OPERATOR) as conn:
            ensure_starter(conn)
        (folder / "claims").write_bytes(b"".join(Generator(CLAIMS, 5, AS_OF, 0)))
        load_files([str(folder / "claims")], load_settings(), received_on=AS_OF)
        process_pending(load_settings())
        with database.connect() as conn:
            (token, claim_ids), (_, others) = conn.execute(PATIENTS).fetchall()
        yield Worked(database, token.hex(), claim_ids[:3], others[0])


def claims(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(main, arguments)


def answer(*arguments: str) -> Json:
    result = claims(*arguments, "--json")
    assert result.exit_code == 0, result.output
    told: Json = json.loads(result.stdout)
    return told


def newest(database: Database) -> Json:
    with database.connect() as conn, conn.cursor(row_factory=psycopg.rows.dict_row) as cur:
        row = cur.execute(NEWEST).fetchone()
    assert row is not None
    return row


def test_reading_phi_says_who_for_what_and_for_whom(worked: Worked) -> None:
    claim = worked.claim_ids[0]
    answer("show", str(claim), "--phi", "--purpose", "research", "--recipient", "Registry of ICD")
    event = newest(worked.database)
    assert event.pop("detail")["fields"][:2] == ["claim_number", "member_id"]
    assert event == {
        "action": "claim.phi_shown",
        "outcome": "succeeded",
        "database_role": "claims_operator",
        "client": None,
        "origin": origin(),
        "purpose": "research",
        "recipient": "Registry of ICD",
        "first_claim_id": claim,
        "last_claim_id": claim,
    }


def test_an_unknown_purpose_shows_nothing(worked: Worked) -> None:
    before = newest(worked.database)
    for purpose in (["--purpose", "curiosity"], []):
        result = claims("show", str(worked.claim_ids[0]), "--phi", *purpose)
        assert result.exit_code == 2
        assert "public_health" in result.stderr
        assert "Patient data" not in result.output
    assert newest(worked.database) == before
    assert claims("show", str(worked.claim_ids[0]), "--purpose", "payment").exit_code == 2


def test_a_tampered_ciphertext_is_refused_and_the_refusal_stands(worked: Worked) -> None:
    """The transaction that was refused is rolled back, and its event is not."""
    claim, other = worked.claim_ids[0], worked.other_claim_id
    exchange = """
      update production.claims as claim
      set patient_last_name = twin.patient_last_name
      from production.claims as twin
      where
        claim.claim_id in (%(one)s, %(other)s) and twin.claim_id in (%(one)s, %(other)s)
        and claim.claim_id <> twin.claim_id"""
    shown = events("--claim", str(claim), "--action", "claim.phi_shown")
    with worked.database.connect() as conn:
        conn.execute(exchange, {"one": claim, "other": other})
    try:
        result = claims("show", str(claim), "--phi", "--purpose", "payment")
        assert result.exit_code == 1
        assert "VAULT_DECRYPTION_REFUSED" in result.stderr
        event = newest(worked.database)
        assert event["detail"]["code"] == "VAULT_DECRYPTION_REFUSED"
        assert "patient_last_name" in event["detail"]["message"]
        del event["detail"]
        assert event == {
            "action": "claim.phi_refused",
            "outcome": "refused",
            "database_role": "claims_operator",
            "client": None,
            "origin": origin(),
            "purpose": "payment",
            "recipient": None,
            "first_claim_id": claim,
            "last_claim_id": claim,
        }
        assert events("--claim", str(claim), "--action", "claim.phi_shown") == shown
    finally:
        with worked.database.connect() as conn:
            conn.execute(exchange, {"one": claim, "other": other})


def test_a_wrong_wrapping_key_is_refused_and_recorded(
    worked: Worked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAIMS_ENCRYPTION_KEY", "A" * 43 + "=")
    result = claims("show", str(worked.claim_ids[0]), "--phi", "--purpose", "payment")
    assert result.exit_code == 1
    assert "VAULT_KEY_WRONG" in result.stderr
    event = newest(worked.database)
    assert (event["action"], event["outcome"]) == ("key.refused", "refused")
    assert (event["database_role"], event["origin"]) == ("claims_operator", origin())


def test_a_refusal_that_cannot_be_recorded_says_so(worked: Worked) -> None:
    with (
        connect(Role.WORKER) as conn,
        pytest.raises(ClaimsError, match="; and this could not be recorded: permission") as caught,
        refusals_recorded(conn, Concerned(), Told()),
    ):
        raise ClaimsError("VAULT_KEY_WRONG", "the wrapping key does not open it", "Give it.")
    assert caught.value.code == "VAULT_KEY_WRONG"
    assert worked.token


def test_a_refusal_is_recorded_though_its_transaction_is_broken(worked: Worked) -> None:
    with connect(Role.APP) as conn:
        with pytest.raises(psycopg.Error):
            conn.execute("select 1 / 0")
        about = Concerned(claim_id=worked.claim_ids[1])
        told = Told(client="clinic-api", origin="203.0.113.7")
        record_apart(conn, "access.refused", about, told, {"reason": "scope"})
        conn.rollback()
    event = newest(worked.database)
    assert (event["action"], event["outcome"]) == ("access.refused", "refused")
    assert (event["client"], event["origin"]) == ("clinic-api", "203.0.113.7")
    assert event["database_role"] == "claims_app"


def test_what_is_told_for_a_transaction_ends_with_it(worked: Worked) -> None:
    about = Concerned()
    with connect(Role.APP, autocommit=True) as conn:
        with conn.transaction():
            tell(conn, Told(client="clinic-api", purpose="payment"), in_transaction=True)
            record_access(conn, "login.refused", about)
        first = newest(worked.database)
        record_access(conn, "login.refused", about)
    second = newest(worked.database)
    assert (first["client"], first["purpose"], first["origin"]) == (
        "clinic-api", "payment", origin(),
    )  # fmt: skip
    assert (second["client"], second["purpose"], second["origin"]) == (None, None, origin())


def test_a_change_of_settings_leaves_an_event(worked: Worked) -> None:
    with connect(Role.OPERATOR) as conn:
        conn.execute("update queue.settings set staging_retention_days = 30")
    event = newest(worked.database)
    assert (event["action"], event["origin"]) == ("settings.changed", origin())
    assert event["detail"] == {"staging_retention_days": {"from": 14, "to": 30}}
    with connect(Role.OPERATOR) as conn:
        conn.execute("update queue.settings set staging_retention_days = 14")


def events(*arguments: str) -> list[Json]:
    found: list[Json] = answer("audit", "list", "--limit", "10000", *arguments)["events"]
    return found


def test_events_are_found_by_claim_patient_actor_action_and_time(worked: Worked) -> None:
    one, other = worked.claim_ids[0], worked.other_claim_id
    answer("show", str(one), "--phi", "--purpose", "payment")
    answer("show", str(other), "--phi", "--purpose", "payment")
    shown = "claim.phi_shown"
    assert {e["first_claim_id"] for e in events("--claim", str(one), "--action", shown)} == {one}
    stages = {"batch.received", "batches.validated", "batches.transferred"}
    assert stages <= {event["action"] for event in events("--claim", str(other))}
    of_patient = events("--patient", worked.token, "--action", shown)
    assert {event["first_claim_id"] for event in of_patient} == {one}
    assert events("--patient", worked.token, "--claim", str(other)) == []
    assert {event["database_role"] for event in events("--actor", "claims_worker")} == {
        "claims_worker"
    }
    assert events("--actor", origin()) != []
    assert events("--to", "2020-01-01") == []
    every = events()
    assert [event["event_id"] for event in every] == sorted(e["event_id"] for e in every)
    assert events("--from", every[0]["occurred_at"][:19]) == every
    assert answer("audit", "list", "--limit", "2")["events"] == every[-2:]
    text = claims("audit", "list", "--claim", str(one), "--action", shown).stdout
    assert f"by claims_operator from {origin()}, claim {one}" in text
    assert max(map(len, text.splitlines())) <= 80

    refused = claims("audit", "list", "--action", "claim.phi_showed", "--json")
    assert json.loads(refused.stdout)["error"]["code"] == "AUDIT_ACTION_UNKNOWN"


def test_an_export_holds_every_event_and_is_recorded(worked: Worked) -> None:
    every = events()
    result = claims("audit", "export")
    exported = [json.loads(line) for line in result.stdout.splitlines()]
    assert exported[:-1] == every
    assert exported[-1]["action"] == "audit.exported"
    last = [json.loads(line) for line in claims("audit", "export", "--actor", "x").stdout]
    assert last == []
    assert newest(worked.database)["detail"] == {"actor": "x"}


def test_disclosures_of_one_patient(worked: Worked) -> None:
    first, second, third = worked.claim_ids
    for claim, purpose, recipient in (
        (first, "public_health", "State registry"),
        (second, "payment", "Payer"),
        (worked.other_claim_id, "research", "University"),
    ):
        answer(
            "show", str(claim), "--phi", "--purpose", purpose, "--recipient", recipient,
        )  # fmt: skip
    with connect(Role.OPERATOR) as conn:
        record_access(conn, "claim.phi_shown", Concerned(claim_id=third))
    by_patient = answer("audit", "disclosures", "--patient", worked.token)
    by_claim = answer("audit", "disclosures", "--claim", str(second))
    assert by_claim["disclosures"] == by_patient["disclosures"]
    found = by_patient["disclosures"]
    assert {"State registry"} <= {row["recipient"] for row in found}
    assert not {"Payer", "University"} & {row["recipient"] for row in found}
    public = next(row for row in found if row["recipient"] == "State registry")
    assert public["claim_ids"] == [first]
    assert public["purpose_title"] == "public health (164.512 b)"
    assert public["what"] == "the patient data of a claim were decrypted and shown"
    assert found[-1]["claim_ids"] == [third]
    assert (found[-1]["purpose_title"], found[-1]["recipient"]) == ("not stated", origin())
    exempt = answer("audit", "disclosures", "--patient", worked.token, "--all")["disclosures"]
    assert "Payer" in {row["recipient"] for row in exempt}
    later = answer("audit", "disclosures", "--patient", worked.token, "--from", "2100-01-01")
    assert later["disclosures"] == []
    event = newest(worked.database)
    assert event["action"] == "disclosures.accounted"
    assert event["detail"]["patient_token"] == worked.token
    text = claims("audit", "disclosures", "--claim", str(first)).stdout
    assert "State registry" in text
    assert max(map(len, text.splitlines())) <= 80

    assert claims("audit", "disclosures").exit_code == 2
    unknown = claims("audit", "disclosures", "--claim", "999999999", "--json")
    assert json.loads(unknown.stdout)["error"]["code"] == "AUDIT_PATIENT_UNKNOWN"
    with pytest.raises(ClaimsError) as caught:
        patient_token("Hildegard")
    assert caught.value.code == "AUDIT_PATIENT_INVALID"


def test_the_auditor_learns_no_more_than_ids(worked: Worked) -> None:
    with worked.database.connect("claims_auditor") as conn:
        for statement in (
            "select from production.claims",
            "select from staging.failed_claims",
            "select from queue.batches",
            "select from vault.data_keys",
            "insert into audit.events (action, outcome) values ('x', 'failed')",
            "delete from audit.seals",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement)
        assert conn.execute("select count(*) > 0 from audit.events").fetchone() == (True,)


def test_sealing_and_verifying_by_command(worked: Worked, tmp_path: Path) -> None:
    sealed = answer("audit", "seal")
    assert sealed["events"] > 0
    assert claims("audit", "seal").stdout == "Nothing to seal.\n"
    verified = answer("audit", "verify")
    assert (verified["intact"], verified["unsealed"]) == (True, 0)
    assert "intact" in claims("audit", "verify").stdout
    key = answer("audit", "key")
    assert claims("audit", "key").stdout == f"{key['public_key']}\n"
    with worked.database.connect() as conn:
        conn.execute("set session_replication_role = 'replica'")
        conn.execute("update audit.events set purpose = 'payment' where event_id = 1")
    result = claims("audit", "verify", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["intact"] is False
    assert told["problems"][0]["event_ids"] == [1]
    text = claims("audit", "verify")
    assert text.exit_code == 1
    assert "event_changed: event 1 was changed after seal 1 was made" in text.stdout
    with worked.database.connect() as conn:
        conn.execute("set session_replication_role = 'replica'")
        conn.execute("update audit.events set purpose = null where event_id = 1")
    assert claims("audit", "verify").exit_code == 0
    missing = claims("audit", "verify", "--seals", str(tmp_path / "none"), "--json")
    assert json.loads(missing.stdout)["error"]["code"] == "AUDIT_SEAL_FILE_MISSING"
