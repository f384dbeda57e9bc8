"""A way down and up again leaves claims where they were."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from app.cli import main
from app.database import schema
from app.database.connect import Role, connect
from app.generate import AS_OF, Generator
from app.intake.load import load_files
from app.program.settings import load_settings
from app.reference.starter import ensure_starter
from tests.servers import Database

ACCOUNTING: Final = """
select loaded, in_progress, transferred, failed, superseded, denied, difference
from pipeline.accounting"""

FAILED: Final = """
select claim_id, batch_id, resolution, retry_count, retried_batch_id, replaced_by_claim_id,
  resolved_at, next_retry_at, releases_in_force, reasons
from staging.failed_claims
order by claim_id"""

CLAIMS: Final = """
select claim_id, batch_id, decision, replaces_claim_id
from production.claims
order by claim_id"""

MEND_UNITS: Final = """
update staging.failed_claims
set staged_lines = jsonb_set(staged_lines, '{0,units}', '1')
where claim_id = %s"""

HISTORY: Final = "select billing_npi, claims, adjudicated, approved from models.provider_history"


def run(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout.splitlines()[-1])
    assert isinstance(answer, dict)
    return answer


def load(file: Path, *claims: dict[str, Any]) -> None:
    file.write_text("".join(json.dumps(claim) + "\n" for claim in claims))
    load_files([str(file)], load_settings(), received_on=AS_OF)


def read(database: Database, *statements: str) -> list[list[tuple[Any, ...]]]:
    with database.connect() as conn:
        return [conn.execute(statement.encode()).fetchall() for statement in statements]


@pytest.fixture
def failed(database: Database, tmp_path: Path) -> list[int]:
    """Give the ids of five claims that failed for units of zero; one of another file is moved."""
    assert database.name
    with connect(Role.OPERATOR) as conn:
        ensure_starter(conn)
    good, *wrong = (json.loads(record) for record in Generator(6, 7, AS_OF, 0))
    for claim in wrong:
        claim["service_lines"][0]["units"] = 0
    load(tmp_path / "good.ndjson", good)
    load(tmp_path / "wrong.ndjson", *wrong)
    assert run("process")["failed"] == 5
    # Retried and brought to production, retried and failed again, under way again, superseded.
    ids = [row[0] for row in read(database, FAILED)[0]]
    with database.connect() as conn:
        conn.execute(MEND_UNITS, (ids[0],))
    assert run("failed", "retry", str(ids[0]), str(ids[1]))["claims"] == 2
    right = wrong[2] | {"service_lines": [wrong[2]["service_lines"][0] | {"units": 1}]}
    right["service_lines"] += wrong[2]["service_lines"][1:]
    (tmp_path / "right.ndjson").write_text(json.dumps(right) + "\n")
    assert run("failed", "correct", str(tmp_path / "right.ndjson"))["claims"] == 1
    assert run("process")["transferred"] == 2
    assert run("failed", "retry", str(ids[3]))["claims"] == 1
    return ids


def test_retried_and_corrected_claims_are_where_they_were(
    database: Database, failed: list[int]
) -> None:
    before = read(database, ACCOUNTING, FAILED, CLAIMS)
    assert before[0] == [(7, 1, 3, 2, 1, 0, 0)]
    assert [row[2] for row in before[1]] == ["resolved", "open", "superseded", "retried", "open"]
    schema.downgrade("0006")
    schema.upgrade()
    assert read(database, ACCOUNTING, FAILED, CLAIMS) == before
    assert run("process")["failed"] == 1
    assert read(database, ACCOUNTING)[0] == [(7, 0, 3, 3, 1, 0, 0)]
    assert len(failed) == 5


def test_an_accounting_that_such_a_way_left_wrong_is_mended(
    database: Database, failed: list[int]
) -> None:
    """As 0007 left it when it kept nothing: no batch is of a retry, and claims stand open."""
    before = read(database, ACCOUNTING)
    schema.downgrade("0014")
    with database.connect() as conn:
        conn.execute("update queue.batches set retried_count = 0")
        conn.execute(
            "update staging.failed_claims set resolution = 'open', retried_batch_id = null,"
            " retry_count = 0, resolved_at = null where resolution in ('resolved', 'retried')"
        )
    schema.upgrade()
    assert read(database, ACCOUNTING) == before
    states = {row[0]: row[2] for row in read(database, FAILED)[0]}
    assert [states[claim_id] for claim_id in failed] == [
        "resolved", "open", "superseded", "retried", "open",
    ]  # fmt: skip


def test_claims_of_which_nothing_is_payable_become_denied(
    database: Database, tmp_path: Path
) -> None:
    with connect(Role.OPERATOR) as conn:
        ensure_starter(conn)
    paid, refused = (json.loads(record) for record in Generator(2, 7, AS_OF, 0))
    line = refused["service_lines"][0] | {"hcpcs": "92015", "modifiers": [], "units": 1}
    refused |= {"service_lines": [line], "total_charge": line["charge"]}
    load(tmp_path / "claims.ndjson", paid, refused)
    assert run("process")["denied"] == 1
    with connect(Role.OPERATOR) as conn:
        conn.execute("select maintenance.refresh_history()")
    before = read(database, ACCOUNTING, CLAIMS, HISTORY)
    assert [row[2] for row in before[1]] == ["approved", "denied"]
    schema.downgrade("0014")
    assert [row[2] for row in read(database, CLAIMS)[0]] == ["approved", "approved"]
    schema.upgrade()
    assert read(database, ACCOUNTING, CLAIMS, HISTORY) == before
