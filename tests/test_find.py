"""Finding claims by who they are of: however it is typed, and in whatever state."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.database.connect import Role, connect
from app.desk.search import patient_token
from app.pipeline.once import process_pending
from app.program.errors import ClaimsError
from app.program.settings import load_settings
from app.reference.starter import ensure_starter
from app.vault import Tokens
from tests.servers import Database
from tests.vault_support import load, write_claims

TOKENS = Tokens(bytes(32))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def found(*arguments: str) -> list[str]:
    """Give the states of the claims found."""
    done = run("find", *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return [claim["state"] for claim in json.loads(done.stdout)["claims"]]


@pytest.mark.parametrize(
    ("typed", "also_typed"),
    [
        ("Núñez,Ana María,1950-02-03", "nunez, ANA MARIA ,1950-02-03"),
        ("O'Malley-Smith,Jo,1950-02-03", "OMALLEY SMITH,jo,1950-02-03"),
    ],
)
def test_a_patient_is_one_however_typed(typed: str, also_typed: str) -> None:
    assert patient_token(TOKENS, typed) == patient_token(TOKENS, also_typed)


@pytest.mark.parametrize(
    "text",
    ["", "Smith", "Smith,Jo", "Smith,Jo,03/02/1950", "Smith,,1950-02-03", "a,b,c,1950-02-03"],
)
def test_what_is_no_patient_is_said(text: str) -> None:
    with pytest.raises(ClaimsError) as error:
        patient_token(TOKENS, text)
    assert error.value.code == "FIND_PATIENT_INVALID"
    assert not text or text not in error.value.message


def test_members_ids_are_compared_without_case_blanks_and_leading_zeros() -> None:
    assert TOKENS.member(" 00-1eg4 ") == TOKENS.member("1EG4")
    assert TOKENS.claim_number(" A-01 ") == TOKENS.claim_number("A-01")
    assert TOKENS.claim_number("A-01") != TOKENS.claim_number("a01"), "the submitter's own key"


def test_claims_are_found_in_every_state(database: Database, tmp_path: Path) -> None:
    with connect(Role.OPERATOR) as conn:
        ensure_starter(conn)
    claims = write_claims(tmp_path / "claims", 4, seed=5)
    for number, claim in enumerate(claims[:3]):
        claim["patient"] |= claims[0]["patient"] | {"member_id": f"00m-{number and 1}"}
        claim["claim_number"] = f"F-{number}"
    claims[1]["service_lines"][0]["units"] = "0"
    (tmp_path / "first").write_text("\n".join(map(json.dumps, [*claims[:2], claims[3]])))
    load(tmp_path / "first")
    process_pending(load_settings())
    (tmp_path / "second").write_text(json.dumps(claims[2]))
    load(tmp_path / "second")

    patient = claims[0]["patient"]
    name = f"{patient['last_name'].upper()},{patient['first_name']},{patient['birth_date']}"
    assert found("--patient", name) == ["transferred", "failed", "received"]
    assert found("--member-id", "M1") == ["failed", "received"]
    assert found("--member-id", "m0") == ["transferred"]
    assert found("--claim-number", "F-1") == ["failed"]
    assert found("--claim-number", "F-2 ") == ["received"]
    assert found("--claim-number", "F-3") == []
    first = json.loads(run("find", "--patient", name, "--limit", "1", "--json").stdout)
    assert found("--patient", name, "--after", str(first["next_after"])) == ["failed", "received"]
    listed = run("find", "--patient", name, "--purpose", "operations")
    assert "transferred" in listed.stdout
    assert patient["last_name"] not in listed.stdout + listed.stderr
    with database.connect() as conn:
        events = conn.execute(
            "select purpose, detail from audit.events where action = 'claims.searched'"
            " order by event_id"
        ).fetchall()
    assert events[0] == (None, {"by": "patient", "claims": 3})
    assert events[-1] == ("operations", {"by": "patient", "claims": 3})


@pytest.mark.usefixtures("database")
def test_what_is_searched_for_need_not_stand_on_the_command_line(tmp_path: Path) -> None:
    (claim,) = write_claims(tmp_path / "claims", 1)
    load(tmp_path / "claims")
    patient = claim["patient"]
    name = f"{patient['last_name']},{patient['first_name']},{patient['birth_date']}"
    for arguments, typed in (
        (("find", "--member-id", "-"), patient["member_id"]),
        (("find", "--patient", "-"), name),
        (("find", "--claim-number", "-"), claim["claim_number"]),
        (("show", "-"), claim["claim_number"]),
        (("keys", "shred", "--yes", "--patient", "-"), name),
    ):
        done = CliRunner().invoke(main, [*arguments, "--json"], input=f"{typed}\n")
        assert done.exit_code == 0, done.stderr
        told = json.loads(done.stdout)
        assert [told] if "claim" in told else told["claims"], arguments
        nothing = run(*arguments)
        assert nothing.exit_code == 2
        assert "standard input" in nothing.stderr


@pytest.mark.parametrize("arguments", [(), ("--member-id", "1", "--claim-number", "2")])
def test_one_thing_is_searched_for(arguments: tuple[str, ...]) -> None:
    done = run("find", *arguments)
    assert done.exit_code == 2
    assert "Give one of" in done.stderr
