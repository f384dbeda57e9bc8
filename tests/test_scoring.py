"""Scoring on both servers: vectors and scores in and out, once, by whichever model is in use."""

import json
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from psycopg import Connection

from app.cli import main
from app.database.connect import Role, connect
from app.generate import AS_OF, FAULT_SHARE, Generator
from app.intake.load import load_files
from app.pipeline.once import process_pending
from app.pipeline.worker import Worker
from app.program.errors import ClaimsError
from app.program.settings import load_settings
from app.reference.starter import ensure_starter
from app.scoring.columns import HEADER, TRAILER, parse, take_features
from app.scoring.dataset import read_labelled
from app.scoring.registry import activate, list_models
from app.scoring.serve import Scored, installed_features, open_scorer, score_batches
from tests.scoring_support import Shipped, shipped
from tests.servers import Database, Server
from tests.service_support import free_port

CLAIMS = 400
WIDTH = len(shipped().card.features)
VALIDATE = "select validation.validate_batches(array(select batch_id from queue.batches))"
BATCHES = "select array_agg(batch_id order by batch_id) from queue.batches"
STATES = "select state, sum(batches)::integer from pipeline.status group by state"
SCORES = """
select claim_id, model_id, score, threshold, decision, features
from staging.claim_scores
order by claim_id"""


@pytest.fixture(scope="module")
def loaded(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a database with received claims."""
    folder = tmp_path_factory.mktemp("scoring")
    with pytest.MonkeyPatch.context() as patch, server.database(server.migrated) as database:
        database.use(patch, folder)
        with connect(Role.OPERATOR) as conn:
            ensure_starter(conn)
        file = folder / "claims.ndjson"
        file.write_bytes(b"".join(Generator(CLAIMS, 3, AS_OF, FAULT_SHARE)))
        settings = load_settings().model_copy(update={"batch_size": 150, "connections": 1})
        load_files([str(file)], settings, received_on=AS_OF)
        yield database.name


@pytest.fixture
def database(
    server: Server, loaded: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Database]:
    with server.database(loaded) as copy:
        copy.use(monkeypatch, tmp_path)
        yield copy


@pytest.fixture
def worker(database: Database) -> Iterator[Connection[Any]]:
    """A worker's connection, with all batches validated."""
    assert database.name
    with connect(Role.WORKER, autocommit=True) as conn:
        conn.execute(VALIDATE)
        yield conn


@pytest.fixture
def copies(tmp_path: Path) -> Shipped:
    return Shipped(tmp_path)


def run(*arguments: str, code: int = 0) -> dict[str, Any]:
    """Run a command; its JSON."""
    result = CliRunner().invoke(main, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == code, result.output
    answer = json.loads(result.stdout.splitlines()[-1], parse_float=Decimal)
    assert isinstance(answer, dict)
    return answer


def batch_ids(conn: Connection[Any]) -> list[int]:
    return (conn.execute(BATCHES).fetchone() or ([],))[0]


def test_vectors_are_the_same_bit_for_bit_in_serving_and_in_training(
    database: Database, worker: Connection[Any]
) -> None:
    with worker.transaction(force_rollback=True):
        served = take_features(worker, batch_ids(worker), WIDTH)
    order = np.argsort(served.claim_ids)
    scorer = open_scorer(worker, load_settings())
    expected = scorer.model.score(served.values)[order]

    process_pending(load_settings())
    with database.connect() as conn:
        conn.execute(
            "insert into models.review_verdicts"
            " (claim_id, service_month, submitter_id, verdict, reason_code)"
            " select claim_id, service_month, submitter_id, 'approved', 'as_billed'"
            " from production.claims"
        )
        kept = conn.execute(
            "select claim_id, features, score from production.claim_scores order by claim_id"
        ).fetchall()
    with connect(Role.OPERATOR) as conn:
        learned = read_labelled(conn, WIDTH)

    # A claim may still lose its place to a duplicate, in the transfer.
    assert 0 <= len(served.rows) - len(kept) <= 5
    moved = np.isin(served.claim_ids[order], [claim_id for claim_id, _, _ in kept])
    vectors = served.values[order][moved]
    assert np.asarray([row for _, row, _ in kept], np.float32).tobytes() == vectors.tobytes()
    by_bytes = sorted(row.tobytes() for row in vectors)
    assert sorted(row.tobytes() for row in learned.features) == by_bytes
    scores = np.asarray([score for _, _, score in kept])
    assert np.abs(scores - expected[moved]).max() < 1e-6
    assert learned.approved.all()


def test_a_vector_does_not_depend_on_what_is_scored_with_it(worker: Connection[Any]) -> None:
    ids = batch_ids(worker)
    with worker.transaction(force_rollback=True):
        together = take_features(worker, ids, WIDTH)
        apart = [take_features(worker, [one], WIDTH) for one in ids]
    assert len(ids) > 1
    assert sorted(row.tobytes() for row in together.rows) == sorted(
        row.tobytes() for part in apart for row in part.rows
    )
    assert np.isfinite(together.values).all()


def test_scoring_twice_changes_nothing(database: Database, worker: Connection[Any]) -> None:
    scorer = open_scorer(worker, load_settings())
    ids = batch_ids(worker)
    with worker.transaction():
        first = score_batches(worker, scorer, ids)
    assert first.batches == len(ids)
    assert 0 < first.below_threshold < first.claims <= CLAIMS
    with database.connect() as conn:
        before = conn.execute(SCORES).fetchall()
        assert conn.execute(STATES).fetchall() == [("scored", len(ids))]
    with worker.transaction():
        assert score_batches(worker, scorer, ids) == Scored(0, 0, 0)
    with database.connect() as conn:
        assert conn.execute(SCORES).fetchall() == before
        assert conn.execute(
            "select count(*) from audit.events where action = 'batches.scored'"
        ).fetchone() == (1,)


def test_what_is_rolled_back_left_nothing(database: Database, worker: Connection[Any]) -> None:
    scorer = open_scorer(worker, load_settings())
    with worker.transaction(force_rollback=True):
        assert score_batches(worker, scorer, batch_ids(worker)).claims > 0
    with database.connect() as conn:
        assert conn.execute("select count(*) from staging.claim_scores").fetchone() == (0,)
        assert conn.execute("select distinct state from queue.batches").fetchall() == [
            ("validated",)
        ]


@pytest.mark.parametrize(("threshold", "below"), [("0", 0), ("1", 1)])
def test_the_threshold_decides(
    database: Database, monkeypatch: pytest.MonkeyPatch, threshold: str, below: int
) -> None:
    monkeypatch.setenv("ML_APPROVAL_THRESHOLD", threshold)
    result = run("process")
    moved = result["transferred"]
    assert result["below_threshold"] == below * (moved - result["pended"] - result["denied"])
    with database.connect() as conn:
        assert conn.execute(
            "select count(*), count(*) filter (where decision = 'review'), min(threshold)"
            " from production.claim_scores"
        ).fetchone() == (moved, below * moved, float(threshold))
        assert conn.execute("select difference from pipeline.accounting").fetchone() == (0,)


def test_sql_callers_validate_and_leave_the_rest_to_a_scorer(database: Database) -> None:
    with database.connect() as listener, connect(Role.WORKER, autocommit=True) as conn:
        listener.execute("listen claims_batches")
        conn.execute("call pipeline.process_pending()")
        notified = [int(notify.payload) for notify in listener.notifies(timeout=0.5)]
        assert notified == [
            batch_id
            for (batch_id,) in conn.execute("select batch_id from queue.batches order by batch_id")
        ]
    status = run("status")
    assert [row["state"] for row in status["states"]] == ["validated"]
    assert status["states"][0]["waiting_for_scores"] == status["claims"]["in_progress"] > 0
    result = run("process")
    assert result["transferred"] == status["claims"]["in_progress"] - (result["failed"])
    assert result["in_progress"] == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"feature_version": 2}, "MODEL_FEATURE_VERSION"),
        ({"features": shipped().card.features[::-1]}, "MODEL_FEATURES"),
        ({"content": b"no model"}, "MODEL_UNREADABLE"),
        ({"file_sha256": "0" * 64}, "MODEL_CHANGED"),
    ],
)
def test_a_wrong_model_stops_the_start(
    database: Database,
    copies: Shipped,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    code: str,
) -> None:
    path = copies.copy(**changes)
    monkeypatch.setenv("ML_MODEL_PATH", str(path))
    assert run("process", code=1)["error"]["code"] == code
    worker = Worker(load_settings())
    with closing(worker.pool), pytest.raises(ClaimsError) as raised:
        worker.start()
    assert raised.value.code == code
    # Where it went as far as to serve, it would not end by itself.
    monkeypatch.setattr("app.cli.serve.run_server", pytest.fail)
    serving = ["serve", "--with-worker", "--port", str(free_port())]
    service = CliRunner().invoke(main, serving, catch_exceptions=False)
    assert service.exit_code == 1
    assert f"[{code}]" in service.stderr
    with database.connect() as conn:
        assert conn.execute("select distinct state from queue.batches").fetchall() == [
            ("received",)
        ]


def test_a_database_that_needs_no_scores_needs_no_model(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ML_MODEL_PATH", str(tmp_path / "none.tflite"))
    assert run("process", code=1)["error"]["code"] == "MODEL_MISSING"
    with database.connect() as conn:
        conn.execute("update queue.settings set scoring_required = false")
    result = run("process")
    assert result["transferred"] > 0
    assert result["below_threshold"] == 0


def test_the_file_goes_before_the_active_model_and_that_before_the_shipped_one(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert database.name
    path = Shipped(tmp_path).copy(shipped().content + b"\0", version="another")
    with connect(Role.WORKER, autocommit=True) as conn:
        assert open_scorer(conn, load_settings()).model.card.version == shipped().card.version
        with connect(Role.OPERATOR, autocommit=True) as operator:
            activate(operator, str(path))
            assert [(one.version, one.is_active) for one in list_models(operator)] == [
                (shipped().card.version, False),
                ("another", True),
            ]
        path.unlink()
        assert open_scorer(conn, load_settings()).model.card.version == "another"
        monkeypatch.setenv("ML_MODEL_PATH", str(path))
        with pytest.raises(ClaimsError, match="cannot be read"):
            open_scorer(conn, load_settings())


def test_a_score_is_explained_and_reviewed(database: Database) -> None:
    assert database.name
    run("process")
    waiting = run("review", "list", "--reason", "score", "--limit", "1")["claims"]
    claim = str(waiting[0]["claim_id"])
    shown = run("show", claim)
    assert shown["decision"] == "review"
    assert shown["score"]["decision"] == "review"
    assert shown["score"]["model_version"] == shipped().card.version
    contributions = shown["score"]["contributions"]
    assert 1 <= len(contributions) <= 5
    assert contributions[0]["contribution"] < 0
    assert contributions[0]["description"]

    assert run("review", "record", claim, "refuse", "as_billed", code=1)["error"]["code"] == "SC006"
    run("review", "record", claim, "refuse", "coded_too_high")
    after = run("review", "list", "--reason", "score", "--limit", "1")["claims"]
    assert not after or str(after[0]["claim_id"]) != claim
    (verdict,) = run("show", claim)["verdicts"]
    assert (verdict["verdict"], verdict["reviewer"]) == ("not_approved", "claims_reviewer")
    explained = CliRunner().invoke(main, ["show", claim])
    assert claim in explained.stdout
    assert "Verdict not approved, " in explained.stdout


def test_drift_looks_at_every_feature(database: Database) -> None:
    assert database.name
    assert run("model", "drift")["drift"] == []
    run("process")
    found = run("model", "drift")["drift"]
    assert [row["name"] for row in found] == ["score", *shipped().feature_names]
    assert all(row["stability_index"] >= 0 and row["claims"] > 0 for row in found)
    # In a new database every provider is new, which says nothing about the claims.
    assert run("model", "drift")["enough"] is False
    shown = CliRunner().invoke(main, ["model", "drift"]).stdout
    assert "Too few claims to say" in shown
    assert "changed\n" not in shown
    assert "moved\n" not in shown
    refused = run("model", "drift", "--version", "none", code=1)["error"]
    assert refused["code"] == "MODEL_UNKNOWN"


def test_the_features_installed_are_those_of_the_shipped_model(database: Database) -> None:
    assert database.name
    with connect(Role.OPERATOR) as conn:
        assert installed_features(conn) == (shipped().feature_names, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        HEADER,
        b"PGCOPY\n" + TRAILER,
        HEADER + b"\0\x06" + bytes(40) + TRAILER,
        # A row of the right length, whose feature is null and whose next is too long.
        HEADER
        + b"\0\x06"
        + b"\0\0\0\x08" + bytes(8) + b"\0\0\0\x08" + bytes(8)
        + 2 * (b"\0\0\0\x04" + bytes(4))
        + b"\xff\xff\xff\xff" + b"\0\0\0\x08" + bytes(8)
        + TRAILER,
    ],
)  # fmt: skip
def test_rows_with_nulls_or_of_another_width_are_refused(content: bytes) -> None:
    with pytest.raises(ClaimsError) as raised:
        parse(content, 2)
    assert raised.value.code == "SCORING_FEATURES"
