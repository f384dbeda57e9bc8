"""Loading: all of a file stands in staging once, whatever is in it and however often it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from app.cli import main
from app.database.connect import Role, connect
from app.generate import AS_OF, Generator
from app.intake import load
from app.intake.load import LoadResult, load_files
from app.program.errors import ClaimsError
from app.program.settings import load_settings
from app.vault import KeyRing, Sealed
from tests.servers import Database

PHI_COLUMNS = (
    *("claim_number", "member_id", "patient_last_name", "patient_first_name"),
    *("patient_middle_name", "patient_birth_date", "patient_address_line", "patient_city"),
    *("patient_state", "patient_zip", "patient_phone"),
)
Json = dict[str, Any]


def write(path: Path, claims: int, seed: int = 1, error_share: float = 0.0) -> Path:
    path.write_bytes(b"".join(Generator(claims, seed, AS_OF, error_share)))
    return path


def load_file(path: Path, **changes: object) -> LoadResult:
    return load_files([str(path)], load_settings().model_copy(update=changes))


def counts(database: Database) -> tuple[int, int, int]:
    """Return batches, staged claims and failed claims."""
    with database.connect() as conn:
        row = conn.execute(
            "select (select count(*) from queue.batches), (select count(*) from staging.claims),"
            " (select count(*) from staging.failed_claims)"
        ).fetchone()
    assert row
    return row[0], row[1], row[2]


def claim_numbers(database: Database) -> list[str]:
    """Decrypt the claim numbers in staging, in the order loaded."""
    with connect(Role.APP) as conn:
        ring = KeyRing.open(conn, load_settings())
    with database.connect() as conn:
        rows = conn.execute(
            "select claim_id, encrypted_batch_id, erasure_id, claim_number from staging.claims"
            " order by 2, 1"
        ).fetchall()
    return [ring.decrypt(Sealed(*sealed), "claim_number", blob) for *sealed, blob in rows]


def test_every_ciphertext_decrypts_to_what_went_in(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "claims.ndjson", 300)
    result = load_file(path, batch_size=100, connections=2)
    assert (result.claims, result.batches, result.not_decoded) == (300, 3, 0)
    claims = {one["claim_number"]: one for one in map(json.loads, path.read_bytes().splitlines())}
    with connect(Role.APP) as conn:
        ring = KeyRing.open(conn, load_settings())
    with database.connect() as conn:
        cursor = conn.execute("select * from staging.claims")
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
    assert len(rows) == 300
    for row in rows:
        sealed = Sealed(row["claim_id"], row["encrypted_batch_id"], row["erasure_id"])
        plain = {
            column: ring.decrypt(sealed, column, blob)
            for column in PHI_COLUMNS
            if (blob := row[column]) is not None
        }
        claim = claims.pop(plain["claim_number"])
        patient = claim["patient"]
        address = patient["address"]
        assert plain == {
            "claim_number": claim["claim_number"],
            "patient_address_line": address["line"],
            **{f"patient_{name}": address[name] for name in ("city", "state", "zip")},
            **{
                column: patient[name]
                for column in PHI_COLUMNS
                if (name := column.removeprefix("patient_")) in patient
            },
        }
        assert row["line_count"] == len(claim["service_lines"])
        assert row["billing_npi"] == claim["billing_npi"]
    assert claims == {}


def test_settings_of_the_database_change_nothing(database: Database, tmp_path: Path) -> None:
    with database.connect() as conn:
        conn.execute("create schema planted")
        conn.execute(
            "create function planted.to_regclass(text) returns regclass return null::regclass"
        )
        conn.execute("grant usage on schema planted to public")
        for setting, value in {
            "standard_conforming_strings": "off",
            "DateStyle": "German",
            "client_encoding": "SQL_ASCII",
        }.items():
            conn.execute(
                sql.SQL("alter database {} set {} = {}").format(
                    sql.Identifier(database.name), sql.Identifier(setting), sql.Literal(value)
                )
            )
        conn.execute(
            sql.SQL("alter database {} set search_path = planted, pg_catalog").format(
                sql.Identifier(database.name)
            )
        )
    path = write(tmp_path / "claims.ndjson", 20)
    assert load_file(path).claims == 20
    assert claim_numbers(database) == [
        json.loads(line)["claim_number"] for line in path.read_bytes().splitlines()
    ]
    shown = CliRunner().invoke(main, ["status", "--json"])
    assert shown.exit_code == 0, shown.output


def test_the_database_holds_no_plain_phi(database: Database, tmp_path: Path) -> None:
    claim = json.loads(next(iter(Generator(1, 1, AS_OF, 0))))
    patient = claim["patient"]
    names = ["last_name", "first_name", "middle_name", "birth_date", "phone", "member_id"]
    patient |= {name: f"Sentinel {name}" for name in names}
    patient["address"] = {name: f"Sentinel {name}" for name in patient["address"]}
    claim["claim_number"] = "Sentinel claim_number"
    undecodable = claim | {"Sentinel": 1}
    typed = claim | {"payer_id": "Sentinel", "diagnoses": ["Sentinel"], "billing_npi": "Sentinel"}
    typed["service_lines"] = [
        line | {"hcpcs": "Sentinel", "date_of_service": "Sentinel", "modifiers": ["Sentinel"]}
        for line in claim["service_lines"]
    ]
    path = tmp_path / "claims"
    path.write_text("\n".join(map(json.dumps, (claim, undecodable, typed))) + "\nSentinel {")
    result = load_file(path)
    assert (result.claims, result.not_decoded) == (4, 2)
    with database.connect() as conn:
        for table in (
            "staging.claims",
            "staging.claim_lines",
            "staging.failed_claims",
            "queue.batches",
            "audit.events",
        ):
            query = sql.SQL("select count(*) from {} as t where t::text ilike '%sentinel%'")
            found = conn.execute(query.format(sql.Identifier(*table.split("."))))
            assert found.fetchone() == (0,)
    assert "entinel" not in str(result)


def test_loading_a_file_twice_loads_nothing(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "claims", 250, error_share=0.1)
    first = load_file(path, batch_size=100)
    before = counts(database)
    again = load_file(path, batch_size=100)
    assert (again.claims, again.batches) == (0, 0)
    assert (again.batches_already_loaded, again.claims_already_loaded) == (3, first.claims)
    assert counts(database) == before == (3, 250 - first.not_decoded, first.not_decoded)


def test_identical_stretches_of_a_file_are_both_kept(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "claims"
    path.write_bytes(b"".join(Generator(100, 1, AS_OF, 0)) * 2)
    assert load_file(path, batch_size=100).claims == 200
    assert counts(database) == (2, 200, 0)


def test_the_same_claims_in_an_array_or_packed_are_another_file_of_the_same_claims(
    database: Database, tmp_path: Path
) -> None:
    claims = list(Generator(5, 1, AS_OF, 0))
    (tmp_path / "array").write_bytes(b"[" + b",".join(claims) + b"]")
    (tmp_path / "lines").write_bytes(b"".join(claims))
    assert load_file(tmp_path / "array").claims == 5
    assert load_file(tmp_path / "lines").claims_already_loaded == 5
    assert counts(database) == (1, 5, 0)


class Interrupted(Exception):  # noqa: N818 - stands for a kill
    """The load ends here."""


@pytest.mark.parametrize("connections", [1, 2])
def test_an_interrupted_load_goes_on_where_it_was(
    database: Database, tmp_path: Path, connections: int
) -> None:
    path = write(tmp_path / "claims", 500, error_share=0.05)

    def interrupt(progress: load.Progress) -> None:
        if progress.claims >= 200:
            raise Interrupted

    settings = load_settings().model_copy(update={"batch_size": 100, "connections": connections})
    with pytest.raises(Interrupted):
        load_files([str(path)], settings, on_progress=interrupt)
    loaded = counts(database)[0]
    assert 2 <= loaded < 5
    # The rerun keeps to the boundaries of the first, whatever the setting says now.
    rest = load_file(path, batch_size=70, connections=connections)
    assert (rest.batches_already_loaded, rest.batches) == (loaded, 5 - loaded)
    batches, claims, failed = counts(database)
    assert (batches, claims + failed) == (5, 500)
    whole = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert sorted(claim_numbers(database)) == sorted(
        claim["claim_number"]
        for claim in whole
        if "billing_npi" in claim
        and "remarks" not in claim
        and claim["service_lines"][0]["units"] != "two"
    )


@pytest.mark.parametrize("connections", ["1", "2"])
def test_a_killed_load_leaves_whole_batches_and_can_be_repeated(
    database: Database, tmp_path: Path, connections: str
) -> None:
    path = write(tmp_path / "claims", 4000)
    environment = os.environ | {"CLAIMS_CONNECTIONS": connections, "CLAIMS_BATCH_SIZE": "200"}
    command = [sys.executable, "-m", "app", "load", str(path)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    while counts(database)[0] < 4:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: loaders(database) == 0)
    batches, claims, _ = counts(database)
    assert claims == batches * 200
    result = load_file(path, batch_size=200)
    assert result.batches_already_loaded == batches
    assert counts(database) == (20, 4000, 0)
    numbers = claim_numbers(database)
    assert len(set(numbers)) == len(numbers) == 4000


def loaders(database: Database) -> int:
    with database.connect() as conn:
        row = conn.execute(
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and application_name = 'claims'"
        ).fetchone()
    assert row
    return int(row[0])


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("the condition did not come true in ten seconds")


def test_two_loaders_of_one_file_load_it_once(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "claims", 2000)
    environment = os.environ | {"CLAIMS_BATCH_SIZE": "200"}
    command = [sys.executable, "-m", "app", "load", str(path), "--json"]
    both = [
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        for _ in range(2)
    ]
    results = [json.loads(process.communicate()[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(result["claims"] for result in results) == 2000
    assert sum(result["claims_already_loaded"] for result in results) == 2000
    assert counts(database) == (10, 2000, 0)


def test_a_damaged_file_keeps_its_whole_batches(database: Database, tmp_path: Path) -> None:
    whole = b"[" + b",".join(Generator(250, 1, AS_OF, 0)) + b"]"
    path = tmp_path / "claims"
    path.write_bytes(whole[:-200])
    with pytest.raises(ClaimsError) as error:
        load_file(path, batch_size=100)
    assert error.value.code == "INTAKE_FILE_BROKEN"
    assert counts(database) == (2, 200, 0)
    path.write_bytes(whole)
    assert load_file(path, batch_size=100).claims == 50
    assert counts(database) == (3, 250, 0)


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
        b"date_of_service,hcpcs\n2026-01-05,99213\n",
        b"<!doctype html>\n<title>Not found</title>\n",
        b"ISA*00*          *00*          *ZZ*SENDER~GS*HC*\n",
        b'[1, "two", [3], null]',
        json.dumps({"claim_number": "1", "service_lines": [{"units": 1}]}, indent=1).encode(),
        b"x",
        b"\0",
        b'# Claims\n{"error": {"code", "message"}}\n{files}\n{"unfinished": \n',
    ],
)
def test_a_file_that_is_something_else_is_refused(
    database: Database, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "claims"
    path.write_bytes(content)
    with pytest.raises(ClaimsError) as error:
        load_file(path)
    assert error.value.code == "INTAKE_FILE_UNRECOGNISED"
    assert CliRunner().invoke(main, ["load", str(path)]).exit_code == 1
    with database.connect() as conn:
        assert conn.execute("select count(*) from queue.batches").fetchone() == (0,)
    assert str(path) in error.value.message
    assert counts(database) == (0, 0, 0)


def test_one_claim_among_garbage_is_enough(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "claims"
    path.write_bytes(b"date_of_service,hcpcs\n" + b"".join(Generator(1, 1, AS_OF, 0)) + b"<html>")
    result = load_file(path)
    assert (result.claims, result.not_decoded) == (3, 2)
    assert counts(database) == (1, 1, 2)


def test_an_unknown_submitter_is_told(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "claims", 1)
    with pytest.raises(ClaimsError) as error:
        load_file(path, claims_submitter="nobody")
    assert error.value.code == "PL001"
    assert counts(database) == (0, 0, 0)


def test_an_error_in_a_helper_is_told(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "claims", 4000)

    def close_the_door(progress: load.Progress) -> None:
        if progress.claims == 100:
            with database.connect() as conn:
                conn.execute("revoke insert on staging.claims from claims_app")

    settings = load_settings().model_copy(update={"batch_size": 100})
    with pytest.raises(ClaimsError) as error:
        load_files([str(path)], settings, on_progress=close_the_door)
    assert error.value.code == "42501"
    assert counts(database)[:2] == (1, 100)


STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=120),
    st.lists(st.text(max_size=5), max_size=15),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
    st.sampled_from(["NaN", "-Infinity", "1e999999", "0e-99999", "\\N", "\\.", "{}", '"', "\x00",
                     "\ud800", "2026-02-30", "9" * 90, "\\x00", "\t\n", "NULL", "١٢", "1_0"]),
)  # fmt: skip


def paths_of(part: object) -> list[list[str | int]]:
    """Return the paths of all values in a JSON document."""
    items = (
        part.items()
        if isinstance(part, dict)
        else enumerate(part) if isinstance(part, list) else ()
    )  # fmt: skip
    return [[key, *rest] for key, value in items for rest in ([], *paths_of(value))]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Draw the text of a claim in which some values are strange, or bytes are missing."""
    claim = json.loads(next(islice(Generator(9, 3, AS_OF, 0), draw(st.integers(0, 8)), None)))
    claim["patient"] |= {"middle_name": "Q", "phone": "2175550100"}
    claim["service_lines"][0] |= {"minutes": 3, "date_of_service_to": "2026-05-05"}
    for path in draw(st.lists(st.sampled_from(paths_of(claim)), min_size=1, max_size=3)):
        part: Any = claim
        try:
            for key in path[:-1]:
                part = part[key]
            part[path[-1]] = draw(STRANGE)
        except (KeyError, IndexError, TypeError):
            continue
    text = json.dumps(claim).encode()
    return text[: draw(st.integers(0, 2 * len(text)))].replace(b"\n", b" ")


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(records=st.lists(mutated() | st.binary(max_size=40), max_size=20))
def test_whatever_is_sent_is_staged_or_failed(
    database: Database, tmp_path: Path, records: list[bytes]
) -> None:
    path = tmp_path / "claims"
    path.write_bytes(b"{}\n" + b"\n".join(records) + b"\n" + os.urandom(8).hex().encode())
    sent = sum(bool(line.strip(b" \t\r")) for line in path.read_bytes().split(b"\n"))
    _, claims, failed = counts(database)
    result = load_file(path, connections=1)
    after = counts(database)
    assert result.claims == sent
    assert after[1] + after[2] - claims - failed == sent
    assert after[2] - failed == result.not_decoded


def test_the_command_says_what_it_did(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "claims", 20)
    path.write_bytes(path.read_bytes() + b"{}\n")
    runner = CliRunner()
    first = runner.invoke(main, ["load", str(path)])
    assert first.exit_code == 0
    assert "21" in first.stdout
    assert "claim_number is missing" in first.stdout
    assert "Next: claims process" in first.stderr
    again = runner.invoke(main, ["load", str(path), "--json"])
    assert json.loads(again.stdout)["claims_already_loaded"] == 21
    assert "already" in runner.invoke(main, ["load", str(path)]).stdout
    broken = runner.invoke(main, ["load", str(tmp_path / "none"), "--json"])
    assert broken.exit_code == 1
    assert json.loads(broken.stdout)["error"]["code"] == "INTAKE_FILE_UNREADABLE"
    assert counts(database) == (1, 20, 1)


def test_claims_of_a_backlog_keep_the_day_on_which_they_came_in(
    database: Database, tmp_path: Path
) -> None:
    """Timely filing counts to it; the day of the load is that of the partition."""
    path = write(tmp_path / "claims.ndjson", claims=3)
    result = CliRunner().invoke(main, ["load", str(path), "--received-on", "2026-11-01"])
    assert result.exit_code == 0, result.output
    with database.connect() as conn:
        assert conn.execute(
            "select distinct claim.received_at,"
            " claim.received_on = (now() at time zone 'UTC')::date from staging.claims as claim"
        ).fetchall() == [(datetime(2026, 11, 1, 12, tzinfo=UTC), True)]

    later = write(tmp_path / "later.ndjson", claims=3, seed=2)
    refused = CliRunner().invoke(
        main, ["load", str(later), "--received-on", "2999-01-01", "--json"]
    )
    assert json.loads(refused.stdout)["error"]["code"] == "PL015"
    assert counts(database)[0] == 1
