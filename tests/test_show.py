"""`claims show`: a claim explained in every state, with amounts that a person can compute again."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.cli.show import told_apart
from app.database.connect import Role, connect
from app.generate import AS_OF, Generator
from app.intake.load import load_files
from app.pipeline.once import process_pending
from app.pipeline.stages import ScoringStage
from app.program.paths import DATA_DIR
from app.program.settings import load_settings
from app.reference.starter import ensure_starter
from tests.servers import Database, Server

Json = dict[str, Any]

WIDTH: Final = 80
TIMES: Final = "\N{MULTIPLICATION SIGN}"
SERVED_ON: Final = "2026-09-08"
IMAGING: Final = "71275"
"""A code whose fee in Manhattan is above its OPPS cap."""

CLAIM_IDS: Final = """
select batch.idempotency_key, batch.batch_id, batch.first_claim_id
from queue.batches as batch
order by batch.batch_id"""

READINGS: Final = """
select count(*)
from audit.events as event
where event.action = 'claim.phi_shown' and event.first_claim_id = %s"""


def a_claim(number: str, *lines: Json, **changes: object) -> Json:
    """Give a claim without faults, or with the ones told, of the lines told."""
    claim: Json = json.loads(next(iter(Generator(1, 41, AS_OF, 0))))
    claim |= {"claim_number": number, "service_location": {"carrier": "13202", "locality": "01"}}
    claim["service_lines"] = list(lines) or [a_line("99213", 300)]
    claim["total_charge"] = sum(line["charge"] for line in claim["service_lines"])
    return claim | changes


def a_line(hcpcs: str, charge: float, units: int = 1, **changes: object) -> Json:
    line: Json = {
        "hcpcs": hcpcs,
        "place_of_service": "11",
        "units": units,
        "charge": charge,
        "diagnosis_pointers": [1],
        "date_of_service": SERVED_ON,
    }
    return line | changes


CLAIMS: Final[dict[str, Json]] = {
    "approved": a_claim(
        "A-1",
        a_line("99213", 300, modifiers=["25"]),
        a_line(IMAGING, 9000, units=2),
        a_line("93000", 5),
    ),
    "review": a_claim("A-2", a_line("99213", 300), a_line("64999", 400)),
    "denied": a_claim("A-3", a_line("99213", 300), a_line("99213", 300)),
    "denied as a whole": a_claim("A-7", a_line("92015", 200)),
    "failed in validation": a_claim("A-4", billing_npi="1234567890", payer_id="Hildegard"),
}
UNDECODED: Final = b'{"claim_number": "A-5", "note": "\x1b[31m", "patient": "\xff\xfe"}'
NUMBERED: Final = b'{"claim_number": "A-6"}'
RACING: Final = a_claim("R-1")


@dataclass(frozen=True)
class Shown:
    """A database with a claim in each state; the claims' ids by state."""

    database: Database
    ids: dict[str, int]


def load(folder: Path, name: str, *records: Json | bytes) -> tuple[int, int]:
    """Load claims as one batch; its id and the id of the first claim."""
    file = folder / name
    file.write_bytes(
        b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in records)
    )
    assert load_files([str(file)], load_settings(), received_on=AS_OF).claims == len(records)
    with connect(Role.OPERATOR) as conn:
        _, batch_id, claim_id = conn.execute(CLAIM_IDS).fetchall()[-1]
    return batch_id, claim_id


def lose_a_race(database: Database, first: int, second: int) -> None:
    """Validate two batches at the same time, so that the registry decides between their claims."""
    validate = "select validation.validate_batches(array[%s]::bigint[])"
    move = "select transfer.move_batches(array[%s]::bigint[])"
    with database.connect() as one, database.connect() as other:
        with one.transaction():
            one.execute(validate, [first])
            other.execute(validate, [second])
        for batch_id in (first, second):
            one.execute(move, [batch_id])


@pytest.fixture(scope="module")
def shown(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("shown")
    with pytest.MonkeyPatch.context() as patch, server.database(server.migrated) as database:
        database.use(patch, folder)
        with connect(Role.OPERATOR) as conn:
            ensure_starter(conn)
        _, first = load(folder, "several", *CLAIMS.values(), UNDECODED, NUMBERED)
        names = (*CLAIMS, "failed in decode", "numbered")
        ids = {name: first + at for at, name in enumerate(names)}
        process_pending(load_settings())

        won, ids["won the race"] = load(folder, "won", RACING, a_claim("R-2"))
        lost, ids["failed in transfer"] = load(folder, "lost", RACING)
        lose_a_race(database, won, lost)

        _, ids["superseded"] = load(folder, "superseded", a_claim("S-1", payer_id="Hildegard"))
        process_pending(load_settings())
        validated, ids["validated"] = load(folder, "validated", a_claim("V-1", diagnoses=["F329"]))
        scored, ids["scored"] = load(folder, "scored", a_claim("V-2"))
        # The number of this claim is the id of another.
        _, ids["received"] = load(folder, "received", a_claim(str(ids["approved"])))
        with database.connect() as admin:
            admin.execute(
                "select validation.validate_batches(array[%s, %s]::bigint[])", [validated, scored]
            )
            admin.execute(
                "update staging.failed_claims set resolution = 'superseded', resolved_at = now(),"
                " replaced_by_claim_id = claim_id + 1 where claim_id = %s",
                [ids["superseded"]],
            )
        with connect(Role.WORKER, autocommit=True) as conn:
            assert ScoringStage(load_settings()).run(conn, [scored]).claims == 1
        yield Shown(database, ids)


def show(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": str(WIDTH)}).invoke(main, ["show", *arguments])


def text_of(shown: Shown, name: str, *options: str) -> str:
    result = show(str(shown.ids[name]), *options)
    assert result.exit_code == 0, result.output
    assert result.stdout
    return result.stdout


def object_of(shown: Shown, name: str, *options: str) -> Json:
    result = show(str(shown.ids[name]), "--json", *options)
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout, parse_float=Decimal)
    assert isinstance(answer, dict)
    assert answer["claim_id"] == shown.ids[name]
    return answer


def in_one_line(text: str) -> str:
    return " ".join(text.split())


STATES: Final = {
    "received": ("received", None, "received"),
    "validated": ("validated", None, "validated"),
    "scored": ("scored", None, "scored"),
    "approved": ("transferred", "approved", "transferred"),
    "review": ("transferred", "review", "transferred"),
    "denied": ("transferred", "approved", "transferred"),
    "denied as a whole": ("transferred", "denied", "transferred"),
    "won the race": ("transferred", "approved", "transferred"),
    "failed in decode": ("failed", "open", "transferred"),
    "failed in validation": ("failed", "open", "transferred"),
    "failed in transfer": ("failed", "open", "transferred"),
    "superseded": ("failed", "superseded", "transferred"),
}


@pytest.mark.parametrize("name", STATES)
def test_a_claim_says_where_it_stands(shown: Shown, name: str) -> None:
    state, decision, batch_state = STATES[name]
    told = object_of(shown, name)
    assert (told["state"], told["decision"]) == (state, decision)
    assert told["batch"]["state"] == batch_state
    assert (told["outcome"] is not None) == (state == "transferred")
    assert (told["failure"] is not None) == (state == "failed")
    assert told["phi"] is None
    assert told["claim"] == {} if name == "failed in decode" else told["claim"]["patient_sex"]
    for line in told["lines"]:
        assert (line["pricing"] is not None) == (state == "transferred")

    text = text_of(shown, name)
    heading = f"Claim {shown.ids[name]}  {state}" + (f" ({decision})" if decision else "")
    assert text.startswith(heading + "\n")
    assert max(map(len, text.splitlines())) <= WIDTH
    # A batch may be transferred while this claim of it failed.
    assert any(line.split()[0] == "transferred" for line in text.splitlines() if line) == (
        state == "transferred"
    )
    if state == "failed":
        assert f"in {told['failure']['stage']}" in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("received", "not priced yet: the claim waits for validation"),
        ("validated", "not priced yet: the claim waits for transfer"),
        ("scored", "not priced yet: the claim waits for transfer"),
        ("failed in validation", "not priced, because the claim failed"),
        ("failed in transfer", "not priced, because the claim failed"),
    ],
)
def test_lines_without_a_price_say_why(shown: Shown, name: str, said: str) -> None:
    text = text_of(shown, name)
    assert text.count(said) == 1
    assert "Line 1  2026-09-08  99213  place 11  1 unit  charge $300.00" in text
    assert ("Next: claims process" in show(str(shown.ids[name])).stderr) == ("yet" in said)


def test_a_score_is_told_before_the_transfer_and_after(shown: Shown) -> None:
    assert object_of(shown, "validated")["score"] is None
    for name in ("scored", "approved"):
        score = object_of(shown, name)["score"]
        assert 0 < score["score"] < 1
        assert score["decision"] == (
            "review" if score["score"] < score["threshold"] else "approved"
        )
        assert score["contributions"]
        assert f"Score {score['score']:.3f}" in text_of(shown, name)


def test_what_was_not_decoded_has_its_reason_and_no_lines(shown: Shown) -> None:
    text = in_one_line(text_of(shown, "failed in decode"))
    assert "D000 the claim could not be decoded (fails the claim)" in text
    assert "Line" not in text
    (finding,) = object_of(shown, "failed in decode")["findings"]
    assert finding["value"] in text


def test_findings_name_field_and_reason_but_no_value_that_may_be_phi(shown: Shown) -> None:
    text = in_one_line(text_of(shown, "failed in validation"))
    assert "billing_npi: 1234567890" in text
    assert "payer_id: not shown, it may be PHI" in text
    assert "Hildegard" not in text
    findings = {
        row["rule_code"]: row for row in object_of(shown, "failed in validation")["findings"]
    }
    assert set(findings) == {"V001", "V010"}
    assert findings["V010"]["claim_status"] == "A7:562:85"
    assert "277CA A7:562:85; 835 CO-208 with N257" in text


def test_the_loser_of_a_race_is_told_who_won(shown: Shown) -> None:
    told = object_of(shown, "failed in transfer")
    assert told["failure"]["stage"] == "transfer"
    (finding,) = told["findings"]
    assert finding["rule_code"] == "V040"
    assert str(shown.ids["won the race"]) in finding["value"]


def test_a_denied_line_is_zero_with_its_codes_and_the_others_are_paid(shown: Shown) -> None:
    first, second = object_of(shown, "denied")["lines"]
    assert first["pricing"]["pricing_status"] == "priced"
    assert (second["pricing"]["pricing_status"], second["pricing"]["reason_code"]) == (
        "denied",
        "V041",
    )
    assert second["pricing"]["allowed_amount"] == 0
    text = in_one_line(text_of(shown, "denied"))
    assert "denied $0.00 (835 CO-18)" in text
    assert "1 line is denied" in text
    assert "V041 the line repeats another line of the claim (denies the line)" in text


def test_a_line_that_waits_has_a_reason_and_no_amount(shown: Shown) -> None:
    told = object_of(shown, "review")
    assert told["outcome"]["pended_line_count"] == 1
    pricing = told["lines"][1]["pricing"]
    assert (pricing["pricing_status"], pricing["reason_code"]) == ("pended", "contractor_priced")
    assert pricing["allowed_amount"] is pricing["step_codes"] is told["lines"][1]["basis"] is None
    text = in_one_line(text_of(shown, "review"))
    assert "1 line waits for a person" in text
    assert f"pended contractor_priced: {pricing['reason']}. {pricing['hint']}" in text


def test_an_amount_can_be_computed_again_from_what_is_shown(shown: Shown) -> None:
    """By the formula of the fee schedule, from the printed figures alone."""
    text = text_of(shown, "approved")
    for line in object_of(shown, "approved")["lines"]:
        printed = text.split(f"Line {line['line_number']} ")[1].split("Line ")[0]
        fee, _, cap = printed.partition("OPPS cap:")
        amount = line["units"] * formula(fee)
        if cap:
            assert line["hcpcs"] == IMAGING
            assert line["units"] * formula(cap) < amount
            amount = line["units"] * formula(cap)
            assert figures(cap, "OPPS cap, lower") == [TIMES, "2", f"{amount.normalize():f}"]
        amount = rounded(min(amount, line["charge"]), "0.01")
        assert figures(cap or fee, "rounded") == [str(amount)]
        assert line["pricing"]["allowed_amount"] == amount


def formula(printed: str) -> Decimal:
    """Compute the amount of one unit again; each printed figure on the way must agree."""
    total = Decimal()
    for label in ("work", "practice expense", "malpractice"):
        value, times, index, product = figures(printed, label)
        assert times == TIMES
        assert Decimal(value) * Decimal(index) == Decimal(product)
        total += Decimal(product)
    assert figures(printed, "sum") == [str(total)]
    _, factor, amount = figures(printed, "conversion factor")
    assert total * Decimal(factor) == Decimal(amount)
    return total * Decimal(factor)


def figures(printed: str, label: str) -> list[str]:
    """Give what is printed behind a label."""
    (row,) = (row.strip() for row in printed.splitlines() if row.strip().startswith(f"{label} "))
    return row.removeprefix(label).split()


def rounded(amount: Decimal, scale: str) -> Decimal:
    return amount.quantize(Decimal(scale), ROUND_HALF_UP)


def test_the_steps_of_each_line_are_told(shown: Shown) -> None:
    visit, imaging, tracing = object_of(shown, "approved")["lines"]
    assert visit["pricing"]["step_codes"] == ["fee_schedule"]
    assert imaging["pricing"]["step_codes"] == ["fee_schedule", "units", "opps_cap"]
    assert tracing["pricing"]["step_codes"] == ["fee_schedule", "charge"]
    assert imaging["pricing"]["step_titles"] == ["fee", "units", "OPPS cap"]
    assert imaging["pricing"]["step_formulas"] == ["schedule", None, "opps"]
    assert imaging["basis"]["is_capped"]
    assert visit["basis"]["locality_name"] == "MANHATTAN"
    text = in_one_line(text_of(shown, "approved"))
    assert f"units {TIMES} 2 {imaging['pricing']['step_amounts'][1]}" in text
    assert "charge, lower 5.00 rounded 5.00" in text
    assert "Indices: starter 2026, 13202 01 MANHATTAN." in text
    assert "Relative values: starter 2026, non-facility." in text


def readings(shown: Shown, name: str) -> int:
    with shown.database.connect() as conn:
        (count,) = conn.execute(READINGS, [shown.ids[name]]).fetchone() or (0,)
    return int(count)


@pytest.mark.parametrize("name", STATES)
def test_phi_is_shown_where_it_is_asked_for_and_recorded(shown: Shown, name: str) -> None:
    before = readings(shown, name)
    assert "Patient data" not in text_of(shown, name)
    assert readings(shown, name) == before
    told = object_of(shown, name, "--phi", "--purpose", "payment")["phi"]
    text = text_of(shown, name, "--phi", "--purpose", "payment")
    assert readings(shown, name) == before + 2
    if name == "failed in decode":
        assert told == {"original": UNDECODED.decode("utf-8", "backslashreplace")}
        assert r'"note": "\x1b[31m", "patient": "\xff\xfe"}' in text
    else:
        patient = a_claim("")["patient"]
        assert told["patient_last_name"] == patient["last_name"]
        assert told["patient_city"] == patient["address"]["city"]
        assert f"  patient_last_name     {patient['last_name']} " in text
    if name in {"failed in validation", "superseded"}:
        assert json.loads(told["malformed_values"]) == {"payer_id": "Hildegard"}


def test_a_claim_number_finds_its_claim(shown: Shown) -> None:
    for name, number in (("approved", "A-1"), ("numbered", "A-6"), ("validated", "V-1")):
        result = show(f" {number} ", "--json")
        assert json.loads(result.stdout)["claim_id"] == shown.ids[name]


def test_a_claim_number_of_several_claims_is_asked_back(shown: Shown) -> None:
    result = show("R-1", "--json")
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "SHOW_CLAIM_AMBIGUOUS"
    assert f"{shown.ids['won the race']} (transferred)" in error["message"]
    assert f"{shown.ids['failed in transfer']} (failed)" in error["message"]


def test_an_id_goes_before_a_number_and_the_other_claim_is_named(shown: Shown) -> None:
    result = show(str(shown.ids["approved"]))
    assert f"claims show {shown.ids['received']}" in result.stderr
    told = object_of(shown, "approved")
    assert told["also_claim_number_of"] == [shown.ids["received"]]


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize("text", ["no such number", "-1", "9" * 30, "9" * 5000, "", "\udcff", "٣"])
def test_an_unknown_claim_is_told(text: str) -> None:
    result = show("--json", "--", text)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"] == "SHOW_CLAIM_UNKNOWN"
    assert "Traceback" not in result.output


@pytest.mark.usefixtures("database")
def test_without_any_data_keys_a_number_is_unknown() -> None:
    assert "SHOW_CLAIM_UNKNOWN" in show("A-1").stderr


def test_what_a_terminal_would_obey_is_written_out(database: Database, tmp_path: Path) -> None:
    claim = a_claim("T-1")
    claim["patient"] |= {"last_name": "\x1b[2J\x07\n[red]", "first_name": "\u202eAnna \u00c5"}
    _, claim_id = load(tmp_path, "strange", claim)
    shown = Shown(database, {"strange": claim_id})
    text = text_of(shown, "strange", "--phi", "--purpose", "payment")
    assert r"\x1b[2J\x07\n[red]" in text
    assert r"\u202eAnna Å" in text
    assert (
        object_of(shown, "strange", "--phi", "--purpose", "payment")["phi"]["patient_last_name"]
        == "\x1b[2J\x07\n[red]"
    )


def test_a_fee_that_cannot_be_shown_in_parts_any_more_says_so(
    database: Database, tmp_path: Path
) -> None:
    """The line keeps its releases but for the place of service, whose setting may change."""
    with connect(Role.OPERATOR) as conn:
        ensure_starter(conn)
    _, claim_id = load(tmp_path, "claim", a_claim("B-1", a_line("99213", 300, units=2)))
    process_pending(load_settings())
    shown = Shown(database, {"claim": claim_id})
    before = object_of(shown, "claim")["lines"][0]
    assert before["basis"]["is_facility"] is False

    places = (DATA_DIR / "place_of_service_codes.csv").read_text(encoding="utf-8")
    changed = tmp_path / "places.csv"
    changed.write_text(
        places.replace("starter,", "turned,").replace(",11,Non-Facility,", ",11,Facility,"),
        encoding="utf-8",
    )
    result = CliRunner().invoke(main, ["reference", "load", str(changed)])
    assert result.exit_code == 0, result.output

    text = in_one_line(text_of(shown, "claim"))
    assert "so the parts of the fee cannot be shown" in text
    fee, twice = before["pricing"]["step_amounts"]
    assert f"fee {fee} units {TIMES} 2 {twice} rounded" in text
    assert object_of(shown, "claim")["lines"][0]["pricing"] == before["pricing"]


@pytest.mark.parametrize(
    ("score", "threshold", "shown"),
    [
        (0.7996, 0.8, "0.7996"),
        (0.79999999, 0.8, "0.79999999"),
        (0.8, 0.8, "0.800"),
        (0.80049, 0.8, "0.8005"),
        (0.5, 0.8, "0.500"),
        (0.91234, 0.8, "0.912"),
    ],
)
def test_a_score_shows_on_which_side_of_the_threshold_it_is(
    score: float, threshold: float, shown: str
) -> None:
    assert told_apart(score, threshold) == shown


def test_every_command_shows_the_day_on_which_a_claim_was_received(shown: Shown) -> None:
    """And calls another day, that of its batch, by another name."""
    day = f"{AS_OF:%Y-%m-%d}"
    report = CliRunner().invoke(main, ["show", str(shown.ids["approved"])]).stdout
    assert re.search(rf"received +{day}", report)
    failed = CliRunner().invoke(main, ["failed", "--rule", "D000"]).stdout
    assert day in failed
    status = CliRunner().invoke(main, ["status"]).stdout
    assert "received" not in status.split("Reference")[0].split("Batches")[-1].splitlines()[1]
