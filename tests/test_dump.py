"""A dump of the whole database tells no one who the patients are, and loses nothing of them."""

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

import pytest

from app.database.connect import Role, connect
from app.database.trail import Told
from app.desk.claim import Reader, read_claim
from app.desk.search import find_claims
from app.generate import AS_OF, Generator
from app.intake.load import load_files
from app.pipeline.once import process_pending
from app.program.settings import load_settings
from app.reference.starter import ensure_starter
from app.vault import KeyRing, Sealed
from tests.own_server import VARIABLE, own_url
from tests.servers import KEY, Database

Json = dict[str, Any]

PHI_COLUMNS: Final = (
    *("claim_number", "member_id", "patient_last_name", "patient_first_name"),
    *("patient_middle_name", "patient_birth_date", "patient_address_line", "patient_city"),
    *("patient_state", "patient_zip", "patient_phone"),
)

STORED: Final = f"""
select claim_id, encrypted_batch_id, erasure_id, {", ".join(PHI_COLUMNS)}
from production.claims
union all
select
  failed.claim_id, failed.encrypted_batch_id, staged.erasure_id,
  {", ".join(f"staged.{c}" for c in PHI_COLUMNS)}
from staging.failed_claims as failed
cross join lateral jsonb_populate_record(null::staging.claims, failed.staged_claim) as staged
where failed.staged_claim is not null"""  # noqa: S608 - names of columns

UNDECODED: Final = """
select failed.claim_id, failed.encrypted_batch_id, failed.erasure_id, failed.original
from staging.failed_claims as failed
where failed.original is not null"""

MALFORMED: Final = """
select
  failed.claim_id, failed.encrypted_batch_id, staged.erasure_id, staged.malformed_values
from staging.failed_claims as failed
cross join lateral jsonb_populate_record(null::staging.claims, failed.staged_claim) as staged
where staged.malformed_values is not null"""

OBSERVED: Final = (
    """
select statement.query
from pg_stat_statements as statement
inner join pg_catalog.pg_database as database on statement.dbid = database.oid
where database.datname = current_database()""",
    "select activity.application_name, activity.query from pg_catalog.pg_stat_activity as activity",
    "select setting.name, setting.setting from pg_catalog.pg_settings as setting",
    "select setting.setconfig from pg_catalog.pg_db_role_setting as setting",
)

# Where a code belongs, and somebody may have typed a name.
CODE_FIELDS: Final[dict[str, Callable[[Json, str], None]]] = {
    "payer_id": lambda claim, name: claim.update(payer_id=name),
    "billing_npi": lambda claim, name: claim.update(billing_npi=name),
    "billing_taxonomy": lambda claim, name: claim.update(billing_taxonomy=name),
    "rendering_npi": lambda claim, name: claim.update(rendering_npi=name),
    "rendering_taxonomy": lambda claim, name: claim.update(rendering_taxonomy=name),
    "frequency_code": lambda claim, name: claim.update(frequency_code=name),
    "sex": lambda claim, name: claim["patient"].update(sex=name),
    "service zip": lambda claim, name: claim.update(service_location={"zip": name}),
    "carrier": lambda claim, name: claim.update(
        service_location={"carrier": name, "locality": name}
    ),
    "diagnosis": lambda claim, name: claim.update(diagnoses=[name]),
    "hcpcs": lambda claim, name: claim["service_lines"][0].update(hcpcs=name),
    "modifier": lambda claim, name: claim["service_lines"][0].update(modifiers=[name]),
    "place of service": lambda claim, name: claim["service_lines"][0].update(place_of_service=name),
    "date of service": lambda claim, name: claim["service_lines"][0].update(date_of_service=name),
}


def identify(claim: Json, number: int) -> dict[str, str]:
    """Give a claim a patient whom no other text resembles; what stands in each column."""
    patient = claim["patient"]
    patient |= {
        "member_id": f"QM{number:04}ZX{number:04}",
        "last_name": f"Quimbylast{number:04}",
        "first_name": f"Quimbyfirst{number:04}",
        "middle_name": f"Quimbymiddle{number:04}",
        "birth_date": f"19{31 + number % 40}-0{1 + number % 9}-{10 + number % 18}",
        "phone": f"({200 + number}) 555-0{number:03}",
        "address": {
            "line": f"{number} Quimbystreet",
            "city": f"Quimbycity{number:04}",
            "state": f"Quimbystate{number:04}",
            "zip": f"{number:05}-{number:04}",
        },
    }
    claim["claim_number"] = f"QUIMBY-{number:06}"
    return {
        "claim_number": claim["claim_number"],
        **{f"patient_{name}": patient["address"][name] for name in ("city", "state", "zip")},
        "patient_address_line": patient["address"]["line"],
        **{
            column: patient[column.removeprefix("patient_")]
            for column in PHI_COLUMNS
            if column.removeprefix("patient_") in patient
        },
    }


def sentinel_claims() -> Iterator[tuple[Json, dict[str, str], str | None]]:
    """Claims with what stands in their PHI columns, and the name typed into a code field."""
    generated = (json.loads(line) for line in Generator(80, 3, AS_OF, 0))
    numbers = count(1)
    for claim in islice(generated, 20):
        yield claim, identify(claim, next(numbers)), None
    for spoil in CODE_FIELDS.values():
        claim = next(generated)
        columns = identify(claim, next(numbers))
        name = f"Typed Quimby {next(numbers)}"
        spoil(claim, name)
        yield claim, columns, name


def test_a_dump_holds_no_plain_phi_and_every_ciphertext_opens(
    database: Database, tmp_path: Path
) -> None:
    claims = list(sentinel_claims())
    undecoded: list[Json] = []
    for claim, _, _ in list(claims[:3]):
        undecoded.append(json.loads(json.dumps(claim)) | {"note": "Quimby undecoded"})
        identify(undecoded[-1], 900 + len(undecoded))
    lines = [json.dumps(claim) for claim, _, _ in claims] + list(map(json.dumps, undecoded))
    (tmp_path / "claims").write_text("\n".join(lines))

    with connect(Role.OPERATOR) as conn:
        ensure_starter(conn)
    with database.connect() as conn:
        if own_url() and "pg_stat_statements" not in str(
            conn.execute("show shared_preload_libraries").fetchone()
        ):
            pytest.skip(f"{VARIABLE}: the server has not preloaded pg_stat_statements")
        conn.execute("create extension pg_stat_statements")
    loaded = load_files([str(tmp_path / "claims")], load_settings(), received_on=AS_OF)
    assert (loaded.claims, loaded.not_decoded) == (len(lines), len(undecoded))
    processed = process_pending(load_settings())
    assert processed.transferred >= 10
    assert processed.failed >= len(CODE_FIELDS)

    values = {value for _, columns, _ in claims for value in columns.values()}
    values |= {name for _, _, name in claims if name is not None}
    for claim in undecoded:
        values |= set(identify(claim, int(claim["claim_number"].split("-")[1])).values())
    dumped = dump(database)
    assert claims[0][0]["billing_npi"] in dumped
    assert_absent(dumped, values | {"Quimby"})

    with connect(Role.OPERATOR) as conn:
        ring = KeyRing.open(conn, load_settings())
        sought = ring.tokens.member(claims[0][1]["member_id"])
        (found_one,) = find_claims(conn, "member", sought)
        report = read_claim(conn, load_settings(), found_one.claim_id, reader=Reader(Told()))
        assert "Quimby" in str(report.phi)
        seen = observed(database)
    for statement in ("copy staging.claims", "keys.search_claims", "auditing.record_access"):
        assert statement in seen
    keys = {base64.b64encode(key).decode() for key in ring.keys.data_keys.values()} | {KEY}
    assert_absent(seen, values | {"Quimby"} | keys)
    assert_absent(seen + dumped, {key.hex() for key in ring.keys.data_keys.values()})

    with database.connect() as conn:
        stored = conn.execute(STORED).fetchall()
        originals = conn.execute(UNDECODED).fetchall()
        malformed = conn.execute(MALFORMED).fetchall()
    found = {}
    for claim_id, batch_id, erasure_id, *blobs in stored:
        sealed = Sealed(claim_id, batch_id, erasure_id)
        plain = {
            column: ring.decrypt(sealed, column, blob)
            for column, blob in zip(PHI_COLUMNS, blobs, strict=True)
            if blob is not None
        }
        found[plain["claim_number"]] = plain
    assert found == {columns["claim_number"]: columns for _, columns, _ in claims}
    assert sorted(
        ring.decrypt(Sealed(*sealed), "original", blob) for *sealed, blob in originals
    ) == sorted(map(json.dumps, undecoded))
    typed = " ".join(
        ring.decrypt(Sealed(*sealed), "malformed_values", blob) for *sealed, blob in malformed
    )
    assert [name for _, _, name in claims if name is not None and name not in typed] == []


def observed(database: Database) -> str:
    """Give what an administrator sees of the program at work, and what the server logged of it."""
    with database.connect() as conn:
        rows = [row for view in OBSERVED for row in conn.execute(view).fetchall()]
    folder = database.server.cluster.status().log
    assert folder is not None
    logs = [file.read_text(errors="replace") for file in folder.iterdir()]
    assert all(logs)
    return "\n".join([*map(str, rows), *logs]).lower()


def dump(database: Database) -> str:
    """Give the whole database as text: schema, rows, comments."""
    cluster = database.server.cluster
    run = subprocess.run(
        [cluster.bin_dir / "pg_dump", f"--dbname={database.url}&user=postgres"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "QUIMBY" not in run.stderr
    return run.stdout.lower()


def assert_absent(text: str, values: set[str]) -> None:
    """Look for each value as it is, in hexadecimal and in base64."""
    for value in values:
        encoded = value.encode()
        forms = [value, encoded.hex(), base64.b64encode(encoded).decode().rstrip("=")]
        assert [form for form in forms if form.lower() in text] == [], value
