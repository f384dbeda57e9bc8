"""Relative values and quotes, kept in a real memcached, and what happens when it is gone."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import msgspec
import pytest

from app.database.connect import Role, connect
from app.service.routes.prices import Quote, Rvu
from tests.servers import Server
from tests.service_support import (
    Json,
    Service,
    free_port,
    memcached,
    running_service,
    service_database,
)

QUOTE: Final[Json] = {
    "lines": [
        {
            "date_of_service": "2026-04-24",
            "hcpcs": "99213",
            "modifiers": ["25"],
            "place_of_service": "11",
            "zip": "33035",
        },
        {
            "date_of_service": "2026-04-24",
            "hcpcs": "71046",
            "place_of_service": "11",
            "carrier": "09102",
            "locality": "04",
            "charge": 12.5,
        },
    ]
}

JSON: Final = {"Content-Type": "application/json"}

LINE: Final[Json] = QUOTE["lines"][0]

LOOKUPS: Final = "claims_cache_lookups_total"

# The same figures as a later release: what a new publication does.
NEW_RELEASE: Final = """
with release as (
  insert into reference.releases
  (kind, qpp_status, name, valid_from, file_name, file_sha256, row_count)
  select kind, qpp_status, 'RVU26Z', '2026-04-01', 'x', sha256('x'), row_count
  from reference.releases where kind = 'rvu' and name = 'starter 2026'
  returning release_id
)
insert into reference.procedure_rvus
select (jsonb_populate_record(row, jsonb_build_object(
  'release_id', release.release_id, 'work_rvu', row.work_rvu + 1))).*
from release
cross join reference.procedure_rvus as row
inner join reference.releases as old on row.release_id = old.release_id
where old.kind = 'rvu' and old.name = 'starter 2026'"""


@pytest.fixture(scope="module")
def cached(
    postgres18: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, subprocess.Popen[bytes]]]:
    folder = tmp_path_factory.mktemp("service")
    port = free_port()
    with (
        service_database(postgres18, folder) as database,
        memcached(port) as server,
        running_service(
            database,
            folder,
            "--with-worker",
            MEMCACHED_HOST="127.0.0.1",
            MEMCACHED_PORT=str(port),
        ) as service,
    ):
        yield service, server


def lookups(client: httpx.Client) -> dict[str, float]:
    """Count the looks into the cache by what came of them."""
    found = {}
    for line in client.get("/metrics").text.splitlines():
        if line.startswith(LOOKUPS):
            outcome = line.split('"')[1]
            found[outcome] = float(line.rsplit(" ", 1)[1])
    return found


def test_relative_values_of_a_code(cached: tuple[Service, object]) -> None:
    service, _ = cached
    with service.client("claims:read") as client:
        plain = client.get("/api/v1/rvu/99213", params={"date": "2026-04-24"})
        found = msgspec.json.decode(plain.content, type=Rvu)
        assert (found.hcpcs, str(found.work_rvu), found.prices) == ("99213", "1.30", None)
        placed = client.get("/api/v1/rvu/99213", params={"date": "2026-04-24", "zip": "33035"})
        prices = msgspec.json.decode(placed.content, type=Rvu).prices or []
        assert [(one.setting, str(one.allowed_amount)) for one in prices] == [
            ("non_facility", "101.79"),
            ("facility", "62.50"),
        ]
        component = client.get(
            "/api/v1/rvu/71046", params={"date": "2026-04-24", "modifiers": "26"}
        )
        assert component.json()["modifier"] == "26"
        unknown = client.get("/api/v1/rvu/00000", params={"date": "2026-04-24"})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "PROCEDURE_UNKNOWN")
        half = client.get("/api/v1/rvu/99213", params={"carrier": "09102"})
        assert (half.status_code, half.json()["code"]) == (400, "REQUEST_INVALID")


def test_a_quote_prices_like_the_pipeline(cached: tuple[Service, object]) -> None:
    service, _ = cached
    with service.client("claims:read") as client:
        answer = client.post("/api/v1/pricing/quote", json=QUOTE)
        quote = msgspec.json.decode(answer.content, type=Quote)
        first, second = quote.lines
        assert (str(first.allowed_amount), first.status) == ("101.79", "priced")
        assert (str(second.allowed_amount), second.steps[-1].step) == ("12.50", "charge")
        assert second.steps[-1].title == "charge"
        assert str(quote.allowed_total) == "114.29"
        nowhere = client.post(
            "/api/v1/pricing/quote", json={"lines": [QUOTE["lines"][0] | {"zip": "00000"}]}
        )
        (line,) = msgspec.json.decode(nowhere.content, type=Quote).lines
        assert (line.allowed_amount, line.status) == (None, "pended")


def test_the_cache_is_used_and_a_new_release_is_seen_at_once(
    cached: tuple[Service, object],
) -> None:
    service, _ = cached
    with service.client() as client:
        question = {"date": "2026-04-23", "zip": "33035"}
        before = lookups(client)
        first = client.get("/api/v1/rvu/99214", params=question)
        second = client.get("/api/v1/rvu/99214", params=question)
        assert first.content == second.content
        after = lookups(client)
        assert after["miss"] - before.get("miss", 0) == 1
        assert after["hit"] - before.get("hit", 0) == 1
        assert client.get("/ready").json()["checks"]["cache"]["state"] == "ok"

        with connect(Role.ADMIN) as conn:
            conn.execute(NEW_RELEASE)
            conn.execute("select maintenance.refresh_periods('rvu')")
        third = client.get("/api/v1/rvu/99214", params=question).json()
        assert third["release"] == "RVU26Z"
        assert third["work_rvu"] == first.json()["work_rvu"] + 1


def test_prices_come_without_the_cache_and_it_is_said(
    cached: tuple[Service, subprocess.Popen[bytes]],
) -> None:
    service, server = cached
    server.terminate()
    server.wait()
    with service.client() as client:
        before = lookups(client)
        for _ in range(3):
            assert client.post("/api/v1/pricing/quote", json=QUOTE).status_code == 200
        after = lookups(client)
        assert after["error"] - before.get("error", 0) == 1
        assert after["down"] - before.get("down", 0) == 2
        ready = client.get("/ready")
        assert ready.status_code == 200, ready.text
        assert ready.json()["status"] == "degraded"
        assert ready.json()["checks"]["cache"]["state"] == "degraded"
        assert '"event": "cache.failed"' in service.log.read_text()

        port = int(service.environment["MEMCACHED_PORT"])
        with memcached(port):
            assert client.get("/ready").json()["checks"]["cache"]["state"] == "ok"
            client.post("/api/v1/pricing/quote", json=QUOTE)
            client.post("/api/v1/pricing/quote", json=QUOTE)
            assert lookups(client)["hit"] > after.get("hit", 0)


def test_without_a_cache_and_a_worker_it_is_said(postgres18: Server, tmp_path: Path) -> None:
    with (
        service_database(postgres18, tmp_path) as database,
        running_service(database, tmp_path) as service,
        service.client() as client,
    ):
        assert client.post("/api/v1/pricing/quote", json=QUOTE).status_code == 200
        ready = client.get("/ready")
        assert ready.status_code == 503
        checks = {name: check["state"] for name, check in ready.json()["checks"].items()}
        assert checks == {
            "cache": "not configured",
            "disk": "not configured",
            "database": "ok",
            "worker": "failed",
            "model": "ok",
            "reference": "ok",
        }
        with database.connect() as conn:
            conn.execute("delete from reference.periods_in_force where kind = 'rvu'")
        check = client.get("/ready").json()["checks"]["reference"]
        assert check == {"state": "failed", "detail": "no release in force today: rvu"}


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ({"minutes": 5}, "lines[0].minutes is not known"),
        ({"modifers": []}, "lines[0].modifers is not known: did you mean modifiers?"),
        ({"hcpcs": None}, "lines[0].hcpcs has to be a text, and is null"),
        ({"hcpcs": "9921"}, "lines[0].hcpcs is no HCPCS code of five characters"),
        ({"modifiers": ["25"] * 5}, "lines[0].modifiers has more than 4 entries"),
        ({"date_of_service": "2026-02-30"}, "lines[0].date_of_service is no date YYYY-MM-DD"),
        ({"units": "1_0"}, "lines[0].units has to be a whole number, and is a text"),
        ({"units": 0}, "lines[0].units is less than 1"),
        ({"charge": "1_0"}, "lines[0].charge is a text that is no number"),
        ({"charge": 0}, "lines[0].charge is no amount of dollars and cents above zero"),
        ({"carrier": "01112", "zip": None}, "lines[0].carrier and locality go together"),
    ],
)
def test_what_does_not_fit_is_named_by_its_path(
    cached: tuple[Service, object], line: dict[str, object], detail: str
) -> None:
    service, _ = cached
    with service.client() as client:
        answer = client.post("/api/v1/pricing/quote", json={"lines": [LINE | line]})
    assert (answer.status_code, answer.json()["code"]) == (400, "REQUEST_INVALID")
    assert answer.json()["detail"] == detail


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/api/v1/rvu/99213?date=yesterday", "the query parameter date"),
        ("/api/v1/rvu/99213?zip=1", "the query parameter zip"),
        ("/api/v1/batches?state=lost", "the query parameter state"),
        ("/api/v1/batches?limit=0", "the query parameter limit is less than 1"),
        ("/api/v1/batches?limit=1_0", "the query parameter limit"),
        ("/api/v1/batches/0", "the path parameter batch_id is less than 1"),
    ],
)
def test_a_parameter_is_named_as_the_caller_wrote_it(
    cached: tuple[Service, object], path: str, detail: str
) -> None:
    service, _ = cached
    with service.client() as client:
        answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (400, "REQUEST_INVALID")
    assert answer.json()["detail"].startswith(detail), answer.json()["detail"]


def test_a_quote_takes_amounts_digit_by_digit(cached: tuple[Service, object]) -> None:
    """The price is the charge where it is lower, with the zeros that were written."""
    service, _ = cached
    body = json.dumps({"lines": [LINE | {"charge": "here"}]})

    def quoted(client: httpx.Client, charge: str) -> httpx.Response:
        content = body.replace('"here"', charge)
        return client.post("/api/v1/pricing/quote", content=content, headers=JSON)

    with service.client() as client:
        for charge in ("12.10", "0.07", '"33.33"'):
            total = f'"allowed_total":{charge.strip(chr(34))}'
            assert total.encode() in quoted(client, charge).content
