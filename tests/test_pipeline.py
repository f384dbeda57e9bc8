"""The pipeline's commands: what they print, how they add up, and how they fail."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from app.bench.pipeline import PIPELINE_DATABASE
from app.cli import main
from app.database.connect import Role, connect
from app.generate import AS_OF, Generator
from app.intake.load import load_files
from app.pipeline.once import process_pending
from app.program.errors import DatabaseError
from app.program.settings import load_settings
from app.reference.starter import ensure_starter
from tests.servers import Database


def run(*arguments: str) -> dict[str, Any]:
    """Run a command that must succeed; the last line it printed, which is its JSON."""
    result = CliRunner().invoke(main, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout.splitlines()[-1], parse_float=Decimal)
    assert isinstance(answer, dict)
    return answer


@pytest.fixture
def reference(database: Database) -> Database:
    with connect(Role.OPERATOR) as conn:
        ensure_starter(conn)
    return database


def test_nothing_waits(database: Database) -> None:
    assert database.name
    assert run("process") == {
        "claims": 0,
        "transferred": 0,
        "failed": 0,
        "pended": 0,
        "below_threshold": 0,
        "denied": 0,
        "in_progress": 0,
        "allowed_total": 0,
        "process_seconds": pytest.approx(Decimal(1), abs=Decimal(5)),
        "claims_per_second": 0,
        "scoring_seconds": {"features": 0, "inference": 0, "scores": 0},
    }


def test_a_demo_accounts_for_every_claim_and_a_second_adds_nothing(database: Database) -> None:
    first = run("demo", "--claims", "500")
    assert first["claims"] == 500
    assert first["transferred"] + first["failed"] == 500
    assert 0 < first["pended"] < first["transferred"]
    assert first["in_progress"] == first["superseded"] == first["claims_already_loaded"] == 0
    assert first["claims_per_second"] > 0
    with database.connect() as conn:
        assert conn.execute(
            "select count(*), sum(allowed_amount) from production.claims"
        ).fetchone() == (first["transferred"], first["allowed_total"])

    again = run("demo", "--claims", "500")
    assert (again["claims"], again["claims_already_loaded"]) == (0, 500)
    assert again["transferred"] == again["failed"] == again["allowed_total"] == 0


def test_the_sample_of_the_demo_comes_through(database: Database) -> None:
    result = CliRunner().invoke(main, ["demo"], catch_exceptions=False)
    assert result.exit_code == 0
    with database.connect() as conn:
        assert conn.execute("select loaded, difference from pipeline.accounting").fetchone() == (
            1000,
            0,
        )
        shown = conn.execute(
            "select transferred - pended - denied, pended, denied, failed from pipeline.accounting"
        ).fetchone()
    for number in shown or ():
        assert f" {number:,} " in result.stdout


ACTED: Final = """
select distinct event.action, event.database_role
from audit.events as event
where event.action like 'batch%'
order by 1"""

BY_ROLES: Final = [
    ("batch.received", "claims_app"),
    ("batches.scored", "claims_worker"),
    ("batches.transferred", "claims_worker"),
    ("batches.validated", "claims_worker"),
]


def test_a_demo_acts_as_roles_that_own_nothing(database: Database) -> None:
    run("demo", "--claims", "50")
    with database.connect() as conn:
        assert conn.execute(ACTED).fetchall() == BY_ROLES


def test_the_starter_data_are_there_when_claims_are_processed(
    database: Database, tmp_path: Path
) -> None:
    """After plain alembic, too, which loads none."""
    file = tmp_path / "claims"
    file.write_bytes(b"".join(Generator(20, 4, AS_OF, 0)))
    load_files([str(file)], load_settings(), received_on=AS_OF)
    result = CliRunner().invoke(main, ["process"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "Loaded the starter data in rvu_data.csv" in result.stderr
    with database.connect() as conn:
        assert conn.execute(
            "select count(*) from production.claim_lines where reason_code = 'no_release'"
        ).fetchone() == (0,)
    assert "Loaded" not in CliRunner().invoke(main, ["process"]).stderr


def test_many_batches_of_one_claim_are_taken_together(reference: Database, tmp_path: Path) -> None:
    file = tmp_path / "claims"
    file.write_bytes(b"".join(Generator(150, 4, AS_OF, 0)))
    load_files([str(file)], load_settings().model_copy(update={"batch_size": 1}), received_on=AS_OF)
    result = process_pending(load_settings().model_copy(update={"connections": 1}))
    assert (result.claims, result.transferred) == (150, 150)
    with reference.connect() as conn:
        assert conn.execute(
            "select count(*), sum(cardinality(batch_ids)) from audit.events"
            " where action = 'batches.transferred'"
        ).fetchone() == (1, 150)


def test_an_error_of_the_database_is_told_and_nothing_is_lost(
    reference: Database, tmp_path: Path
) -> None:
    file = tmp_path / "claims"
    file.write_bytes(b"".join(Generator(20, 4, AS_OF, 0)))
    load_files([str(file)], load_settings(), received_on=AS_OF)
    with reference.connect() as conn:
        conn.execute("alter function transfer.move_batches rename to gone")
        with pytest.raises(DatabaseError) as raised:
            process_pending(load_settings())
        assert raised.value.code == "42883"
        assert conn.execute("select state, batches from pipeline.status").fetchall() == [
            ("scored", 1)
        ]
        conn.execute("alter function transfer.gone rename to move_batches")
    assert process_pending(load_settings()).transferred == 20


def test_the_procedure_refuses_a_transaction_block(reference: Database) -> None:
    with connect(Role.WORKER) as conn, pytest.raises(Exception, match="invalid transaction"):
        conn.execute("call pipeline.process_pending()")
    assert reference.name


def test_a_benchmark_reports_what_it_measured_and_acts_as_roles_that_own_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    acted = []

    def look(step: str) -> None:
        if step.startswith("copying"):
            with Database(database.server, PIPELINE_DATABASE).connect() as conn:
                acted.append(conn.execute(ACTED).fetchall())

    monkeypatch.setattr("app.cli.bench._step", look)
    answer = run("bench", "--claims", "400", "--seed", "9")
    assert acted == 2 * [BY_ROLES]
    for run_of_it in (answer, answer["warm"]):
        assert run_of_it["transferred"] + run_of_it["failed"] <= 400
        assert run_of_it["transferred"] > 300
        for name in (
            "floor_seconds",
            "process_seconds",
            "claims_per_second",
            "ratio_to_floor",
            "load_claims_per_second",
        ):
            assert run_of_it[name] > 0
        assert set(run_of_it["stage_seconds"]) == {"validate", "score", "transfer"}
        assert min(run_of_it["stage_seconds"].values()) > 0
        parts = run_of_it["scoring_seconds"]
        assert set(parts) == {"features", "inference", "scores"}
        assert 0 < parts["features"] + parts["inference"] <= run_of_it["stage_seconds"]["score"]
        assert set(run_of_it["audit_percent"]) == {"load", "process"}
        assert all(0 < percent < 100 for percent in run_of_it["audit_percent"].values())
    assert answer["tables_analyzed_before"] == 0
    with database.server.admin() as conn:
        assert conn.execute(
            "select count(*) from pg_catalog.pg_database where datname like 'claims_bench%'"
        ).fetchone() == (0,)
