"""`claims status` and `claims failed`: counts that agree with the rows, pages that lose nothing."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.database.connect import Role, connect
from app.generate import AS_OF, FAULT_SHARE, Generator
from app.intake.load import load_files
from app.pipeline.once import process_pending
from app.program.settings import load_settings
from app.reference.kinds import KINDS
from app.reference.starter import ensure_starter
from tests.servers import Database, Server

Json = dict[str, Any]

WIDTH: Final = 80
CLAIMS: Final = 600
BATCH_SIZE: Final = 200

# By the rows alone, not by the counters that the views read.
COUNTED: Final = """
select
  (select count(*) from production.claims),
  (select count(*) from production.claims where pended_line_count > 0),
  (select count(*) from staging.failed_claims),
  (select sum(allowed_amount) from production.claim_lines),
  (select count(*) from staging.failed_claims where stage = 'decode'),
  (
    select count(*)
    from production.claims
    where decision = 'review' and pended_line_count = 0
  ),
  (
    select count(*)
    from production.claims as claim
    where not exists (
      select from production.claim_lines as line
      where line.claim_id = claim.claim_id and line.pricing_status in ('priced', 'pended')
    )
  )"""

FAILED_BY: Final = """
select failed.claim_id
from staging.failed_claims as failed
where failed.rule_codes @> array[%s] and failed.resolution = 'open'
order by failed.claim_id"""


@pytest.fixture(scope="module")
def processed(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with processed batches of generated claims, some of them failed."""
    folder = tmp_path_factory.mktemp("processed")
    with pytest.MonkeyPatch.context() as patch, server.database(server.migrated) as database:
        database.use(patch, folder)
        with connect(Role.OPERATOR) as conn:
            ensure_starter(conn)
        load(folder / "claims", CLAIMS, seed=6)
        process_pending(load_settings())
        yield database


def load(file: Path, claims: int, *, seed: int) -> None:
    file.write_bytes(b"".join(Generator(claims, seed, AS_OF, FAULT_SHARE)))
    load_files(
        [str(file)],
        load_settings().model_copy(update={"batch_size": BATCH_SIZE}),
        received_on=AS_OF,
    )


def invoke(*arguments: str) -> Result:
    result = CliRunner(env={"COLUMNS": str(WIDTH)}).invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result


def text_of(*arguments: str) -> str:
    text = invoke(*arguments).stdout
    assert max(map(len, text.splitlines()), default=0) <= WIDTH
    return " ".join(text.split())


def object_of(*arguments: str) -> Json:
    answer = json.loads(invoke(*arguments, "--json").stdout, parse_float=Decimal)
    assert isinstance(answer, dict)
    return answer


def test_status_counts_what_is_there(processed: Database) -> None:
    with processed.connect() as conn:
        moved, pended, failed, allowed, _, below, denied = conn.execute(COUNTED).fetchone() or ()
    told = object_of("status")
    assert told["claims"] == {
        "loaded": CLAIMS,
        "in_progress": 0,
        "transferred": moved,
        "failed": failed,
        "superseded": 0,
        "pended": pended,
        "below_threshold": below,
        "denied": denied,
        "allowed_total": allowed,
    }
    assert (moved + failed, told["difference"], told["oldest_waiting"]) == (CLAIMS, 0, None)
    assert [(row["state"], row["batches"], row["claims"]) for row in told["states"]] == [
        ("transferred", 3, CLAIMS)
    ]
    assert sum(row["transferred"] for row in told["batches"]) == moved
    assert denied > 0
    assert sum(row["denied"] for row in told["batches"]) == denied
    assert sum(row["failed"] for row in told["batches"]) == failed
    assert sum(row["allowed_total"] for row in told["batches"]) == allowed
    text = text_of("status")
    assert f"loaded {CLAIMS:,} = in progress 0 + transferred to production {moved:,}" in text
    assert f"+ failed {failed:,} + superseded 0" in text
    assert f"of the transferred, denied {denied:,} allowed ${allowed:,.2f}" in text
    assert "NOWHERE" not in text


@pytest.mark.usefixtures("processed")
def test_status_lists_the_newest_batches_first() -> None:
    ids = [row["batch_id"] for row in object_of("status")["batches"]]
    assert ids == sorted(ids, reverse=True)
    assert [row["batch_id"] for row in object_of("status", "--batches", "2")["batches"]] == ids[:2]
    assert "The newest 2 of 3 batches" in text_of("status", "--batches", "2")
    assert object_of("status", "--batches", "0")["batches"] == []


@pytest.mark.usefixtures("processed")
def test_status_names_each_kind_of_reference_data_once() -> None:
    told = object_of("status")
    in_force = [row["kind"] for row in told["in_force"]]
    assert sorted([*in_force, *told["kinds_missing"]]) == sorted(kind.code for kind in KINDS)
    assert {"rvu", "gpci", "zip_locality", "icd10cm", "place_of_service"} <= set(in_force)
    text = text_of("status")
    for kind in KINDS:
        assert f"Not in force today: {kind.title}" in text or kind.code in in_force
        assert kind.title in text


def test_status_says_what_waits_and_what_comes_next(database: Database, tmp_path: Path) -> None:
    nothing = invoke("status")
    assert "No claims yet" in nothing.stderr
    assert "No fee schedule for today" in nothing.stderr
    load(tmp_path / "claims", 50, seed=1)
    told = object_of("status")
    assert told["claims"]["in_progress"] + told["claims"]["failed"] == 50
    assert told["oldest_waiting"] == told["states"][0]["oldest_received_at"]
    assert told["states"][0]["state"] == "received"
    (batch,) = told["batches"]
    assert batch["transferred_at"] is batch["transferred"] is batch["allowed_total"] is None
    assert "Next: claims process" in invoke("status").stderr
    with database.connect() as conn:
        conn.execute("update queue.batches set received_at = now() - interval '3 hours 1 minute'")
    assert "was loaded 181 minutes ago" in invoke("status").stderr


def test_status_would_tell_of_a_claim_that_is_nowhere(database: Database, tmp_path: Path) -> None:
    load(tmp_path / "claims", 50, seed=1)
    with database.connect() as conn:
        conn.execute("update queue.batches set claim_count = claim_count + 1, claims_failed = 1")
    assert object_of("status")["difference"] != 0
    assert "NOWHERE: this is a defect" in text_of("status")


def test_failed_counts_claims_by_rule(processed: Database) -> None:
    told = object_of("failed")
    with processed.connect() as conn:
        *_, failed, _, not_decoded, _, _ = conn.execute(COUNTED).fetchone() or ()
        assert (told["claims"], told["not_decoded"]) == (failed, not_decoded)
        for reason in told["reasons"]:
            ids = [row[0] for row in conn.execute(FAILED_BY, [reason["rule_code"]])]
            assert (reason["claims"], reason["example_claim_id"]) == (len(ids), ids[0])
    counts = [reason["claims"] for reason in told["reasons"]]
    assert counts == sorted(counts, reverse=True)
    assert {"D000", "V001", "V010"} <= {reason["rule_code"] for reason in told["reasons"]}
    text = text_of("failed")
    for reason in told["reasons"]:
        assert f"{reason['rule_code']} {reason['title'][:20]}" in text
    assert f"{failed:,} claims failed, {not_decoded:,} of them" in invoke("failed").stderr


@pytest.mark.parametrize("rule_code", ["V010", "D000"])
def test_the_claims_of_a_rule_come_in_pages_that_lose_none(
    processed: Database, rule_code: str
) -> None:
    with processed.connect() as conn:
        expected = [row[0] for row in conn.execute(FAILED_BY, [rule_code])]
    assert len(expected) >= 2
    whole = object_of("failed", "--rule", rule_code.lower(), "--limit", str(len(expected)))
    assert whole["next_after"] is None
    assert whole["rule"]["rule_code"] == rule_code
    paged: list[Json] = []
    after = "0"
    for _ in expected:
        page = object_of("failed", "--rule", rule_code, "--limit", "1", "--after", after)
        paged += page["findings"]
        assert (page["next_after"] is None) == (page["findings"][0]["claim_id"] == expected[-1])
        after = str(page["next_after"])
    assert paged == whole["findings"]
    assert list(dict.fromkeys(row["claim_id"] for row in paged)) == expected
    shown = invoke("failed", "--rule", rule_code, "--limit", "1")
    assert f"More: claims failed --rule {rule_code} --after {expected[0]}" in shown.stderr


@pytest.mark.usefixtures("processed")
def test_a_rule_shows_its_codes_and_no_value_that_may_be_phi() -> None:
    text = text_of("failed", "--rule", "V010")
    assert "277CA A7:562:85; 835 CO-208 with N257" in text
    assert "billing_npi 1" in text
    assert "(not shown: it may be PHI)" in text_of("failed", "--rule", "V001")
    assert {row["value"] for row in object_of("failed", "--rule", "V001")["findings"]} == {None}
    nobody = invoke("failed", "--rule", "V010", "--after", "999999999")
    assert "No failed claims of this rule, or none that follow." in nobody.stderr


@pytest.mark.usefixtures("database")
def test_nothing_failed() -> None:
    assert object_of("failed") == {"claims": 0, "not_decoded": 0, "reasons": []}
    assert "No failed claims" in invoke("failed").stderr


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["--rule", "V999"], 1, "FAILED_RULE_UNKNOWN"),
        (["--rule", ""], 1, "FAILED_RULE_UNKNOWN"),
        (["--after", "5"], 2, "USAGE"),
        (["--limit", "0"], 2, "USAGE"),
    ],
)
def test_what_failed_refuses(arguments: list[str], status: int, code: str) -> None:
    result = CliRunner().invoke(main, ["failed", *arguments, "--json"])
    assert result.exit_code == status
    assert json.loads(result.stdout)["error"]["code"] == code
