"""The commands that give claims and batches another chance: retry, correct, release."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from app.cli import main
from app.database.connect import Role, connect
from app.generate import AS_OF, Generator
from app.intake.load import load_files
from app.program.settings import load_settings
from app.reference.starter import ensure_starter
from tests.servers import Database

ACCOUNTING: Final = """
select loaded, in_progress, transferred, failed, superseded, difference
from pipeline.accounting"""


def run(*arguments: str, status: int = 0) -> dict[str, Any]:
    """Run a command; the JSON it printed last."""
    result = CliRunner().invoke(main, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == status, result.output
    answer = json.loads(result.stdout.splitlines()[-1])
    assert isinstance(answer, dict)
    return answer


@pytest.fixture
def wrong(database: Database, tmp_path: Path) -> list[dict[str, Any]]:
    """Three claims with the units zero, loaded and failed."""
    assert database.name
    with connect(Role.OPERATOR) as conn:
        ensure_starter(conn)
    claims = [json.loads(record) for record in Generator(3, 7, AS_OF, 0)]
    for claim in claims:
        claim["service_lines"][0]["units"] = 0
    load_files([write(tmp_path / "wrong.ndjson", claims)], load_settings(), received_on=AS_OF)
    assert run("process")["failed"] == 3
    return claims


def write(file: Path, claims: list[dict[str, Any]]) -> str:
    """Write claims as NDJSON; the name of the file."""
    file.write_text("".join(json.dumps(claim) + "\n" for claim in claims))
    return str(file)


def corrected(claim: dict[str, Any]) -> dict[str, Any]:
    line, *others = claim["service_lines"]
    return claim | {"service_lines": [line | {"units": 1}, *others]}


def accounting(database: Database) -> tuple[Any, ...]:
    with database.connect() as conn:
        return conn.execute(ACCOUNTING).fetchone() or ()


def test_corrected_claims_take_the_place_of_the_failed_ones(
    database: Database, wrong: list[dict[str, Any]], tmp_path: Path
) -> None:
    file = write(tmp_path / "right.ndjson", [corrected(claim) for claim in wrong[:2]])
    assert run("failed", "correct", file) == {
        "claims": 2,
        "not_decoded": 0,
        "claims_already_loaded": 0,
    }
    assert accounting(database) == (5, 2, 0, 1, 2, 0)
    assert run("process")["transferred"] == 2
    assert accounting(database) == (5, 0, 2, 1, 2, 0)
    with database.connect() as conn:
        assert conn.execute(
            "select count(*) from production.claims as claim"
            " join staging.failed_claims as failed on claim.replaces_claim_id = failed.claim_id"
            " where failed.replaced_by_claim_id = claim.claim_id"
        ).fetchone() == (2,)
    assert run("failed", "correct", file)["claims_already_loaded"] == 2
    assert accounting(database) == (5, 0, 2, 1, 2, 0)


def test_a_file_without_claims_corrects_nothing_and_says_so(
    database: Database, tmp_path: Path
) -> None:
    assert database.name
    empty = tmp_path / "empty.ndjson"
    empty.touch()
    told = run("failed", "correct", str(empty), status=1)["error"]
    assert (told["code"], told["message"]) == (
        "FAILED_NOTHING_CORRECTED",
        "nothing was corrected: there are no claims in what was given",
    )


def test_a_file_that_corrects_nothing_is_refused_whole(
    database: Database, wrong: list[dict[str, Any]], tmp_path: Path
) -> None:
    new = json.loads(next(iter(Generator(1, 8, AS_OF, 0))))
    file = write(tmp_path / "mixed.ndjson", [corrected(wrong[0]), new])
    assert run("failed", "correct", file, status=1)["error"]["code"] == "PL013"
    assert accounting(database) == (3, 0, 0, 3, 0, 0)


def test_failed_claims_are_retried_by_id_and_by_rule(
    database: Database, wrong: list[dict[str, Any]]
) -> None:
    assert len(wrong) == 3
    with database.connect() as conn:
        (first,) = conn.execute("select min(claim_id) from staging.failed_claims").fetchone() or (
            0,
        )
    assert run("failed", "retry", str(first))["claims"] == 1
    assert accounting(database) == (3, 1, 0, 2, 0, 0)
    assert run("failed", "retry", str(first), status=1)["error"]["code"] == "PL010"
    assert run("failed", "retry", "--rule", "v030")["claims"] == 2
    assert run("failed", "retry", "--rule", "V030")["claims"] == 0
    assert run("process")["failed"] == 3
    assert accounting(database) == (3, 0, 0, 3, 0, 0)
    assert run("failed")["claims"] == 3


@pytest.mark.parametrize("arguments", [[], ["1", "--rule", "V030"]])
def test_retry_wants_claims_or_a_rule(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, ["failed", "retry", *arguments])
    assert result.exit_code == 2
    assert "claims, or a rule" in result.output


def test_batches_that_failed_or_are_held_are_listed_and_let_go(
    database: Database, wrong: list[dict[str, Any]], tmp_path: Path
) -> None:
    file = tmp_path / "more.ndjson"
    file.write_bytes(b"".join(Generator(4, 9, AS_OF, 0)))
    load_files([str(file)], load_settings().model_copy(update={"batch_size": 2}), received_on=AS_OF)
    assert len(wrong) == 3
    with database.connect() as conn:
        held, failed = (
            row[0]
            for row in conn.execute(
                "select batch_id from queue.batches where state = 'received' order by batch_id"
            )
        )
        conn.execute("update queue.batches set hold = true where batch_id = %s", [held])
        conn.execute(
            "update queue.batches set state = 'failed', failed_from = 'received',"
            " failed_at = now(), attempts = 5, last_sqlstate = '55P03' where batch_id = %s",
            [failed],
        )
    assert run("process")["transferred"] == 0
    found = run("batches")["batches"]
    assert [(row["batch_id"], row["state"], row["why"]) for row in found] == [
        (held, "scored", "held"),
        (failed, "failed", "failed"),
    ]
    listed = CliRunner().invoke(main, ["batches"], catch_exceptions=False).stdout
    assert "55P03" in listed
    assert run("batches", "retry", str(failed))["batches"] == [
        {"batch_id": failed, "state": "received"}
    ]
    assert run("batches", "release")["batches"] == [{"batch_id": held, "state": "scored"}]
    assert run("batches", "release", "999", status=1)["error"]["code"] == "PL007"
    assert run("process")["transferred"] == 4
    assert run("batches")["batches"] == []
