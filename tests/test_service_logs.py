"""A whole run of the service logs ids and figures, and not one value of PHI."""

import json
import re
from pathlib import Path
from typing import Any, Final

import httpx

from app.program.logs import KNOWN_FIELDS
from app.service.small import FEW_CLAIMS
from tests.servers import Server
from tests.service_support import (
    children,
    running_service,
    send,
    service_database,
    wait_for,
)
from tests.test_dump import assert_absent, identify, sentinel_claims

METRICS: Final = (
    "claims_http_requests_total",
    "claims_http_request_seconds_bucket",
    "claims_http_requests_in_flight",
    "claims_http_claims_accepted_total",
    "claims_http_pool_size",
    "claims_cache_lookups_total",
    "claims_queue_batches",
    "claims_queue_oldest_seconds",
    "claims_workers_alive",
)


def test_nothing_of_a_patient_is_logged_measured_or_answered(
    postgres18: Server, tmp_path: Path
) -> None:
    sent = list(sentinel_claims())
    undecoded: list[dict[str, Any]] = [
        json.loads(json.dumps(claim)) | {"note": "Quimby undecoded"} for claim, _, _ in sent[:3]
    ]
    values = {name for _, _, name in sent if name is not None}
    for _, columns, _ in sent:
        values |= set(columns.values())
    for number, claim in enumerate(undecoded, start=900):
        values |= set(identify(claim, number).values())
    bodies = [claim for claim, _, _ in sent] + undecoded

    with (
        service_database(postgres18, tmp_path) as database,
        running_service(database, tmp_path, "--with-worker") as service,
        service.client() as client,
    ):
        answers = [send(client, bodies, **{"Idempotency-Key": "whole-run"})]
        batch_id = answers[0].json()["batch"]["batch_id"]
        wait_for(client, batch_id)
        answers += [
            client.get(f"/api/v1/batches/{batch_id}/results"),
            client.get("/api/v1/failed-claims", params={"limit": 1000}),
            client.get("/metrics"),
        ]
        answers += misplaced(client, next(iter(sent))[0])
        first = answers[1].text.splitlines()[0]
        answers.append(
            client.get(
                "/api/v1/claims",
                params={"member_id": sent[0][1]["member_id"]},
                headers={"Purpose-Of-Use": "payment"},
            )
        )
        assert len(answers[-1].json()["claims"]) == 1
        phi = client.get(
            f"/api/v1/claims/{json.loads(first)['claim_id']}",
            headers={"Purpose-Of-Use": "judicial"},
        )
        assert "Quimby" in phi.text
        # A statement that fails with the claims in its hands.
        with database.connect() as conn:
            conn.execute("revoke insert on staging.claims from claims_app")
        many = (bodies * FEW_CLAIMS)[: FEW_CLAIMS + 1]
        assert send(client, many).status_code == 500
        with database.connect() as conn:
            conn.execute("grant insert on staging.claims to claims_app")
            conn.execute("alter table staging.claims add check (total_charge < 0) not valid")
        assert send(client, many).status_code == 500
        assert send(client, bodies[:3]).status_code == 500
        # Nor would the core of a crash be: no process of the service writes one.
        assert service.process is not None
        for pid in (service.process.pid, *children(service.process.pid)):
            limits = Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
            assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE), pid
        metrics = answers[3].text
        for name in METRICS:
            assert name in metrics, name
        service.stop()
        log = service.log.read_text()

    for answer in answers:
        assert_absent(answer.text.lower(), values | {"Quimby"})
    assert_absent(log.lower(), values | {"Quimby"})
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) > 10
    for line in lines:
        assert set(line) <= KNOWN_FIELDS
        assert "fields_dropped" not in line, line
    stored = next(line for line in requests if line["route"] == "/api/v1/claims/process")
    assert stored["batch_id"] == batch_id
    assert stored["request_id"] == answers[0].headers["X-Request-ID"]
    assert stored["client_id"] == 1
    assert {line["route"] for line in requests} >= {"unmatched", "/health"}


def misplaced(client: httpx.Client, claim: dict[str, Any]) -> list[httpx.Response]:
    """Send PHI to where it does not belong."""
    name = "Quimbylast0001"
    asked = {"Purpose-Of-Use": "payment"}
    found = [
        client.get(f"/api/v1/{name}"),
        client.get("/api/v1/batches", params={"state": name}),
        client.get("/api/v1/batches", params={name: "1"}),
        client.get(f"/api/v1/claims/{name}"),
        client.get(f"/api/v1/rvu/{name}"),
        client.get("/api/v1/batches", headers={"X-Request-ID": name}),
        client.post("/api/v1/pricing/quote", json={"lines": [{"hcpcs": name}]}),
        client.post("/api/v1/failed-claims/retry", json={"rule_code": name, name: name}),
        client.post("/api/v1/failed-claims/1/correct", json=claim | {"payer_id": [name]}),
        client.get("/api/v1/claims/1", headers={"Purpose-Of-Use": name}),
        client.get("/api/v1/claims", params={"member_id": name, "last_name": name}, headers=asked),
        client.get("/api/v1/claims", params={"birth_date": name}, headers=asked),
        client.get("/api/v1/claims", params={"member_id": name}),
        client.request(name.upper(), "/api/v1/batches"),
    ]
    assert {answer.status_code for answer in found} <= {200, 400, 404, 405, 422}
    return found
