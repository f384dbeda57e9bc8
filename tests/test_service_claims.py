"""Claims over HTTP, from the request to production: on both servers, with a worker beside."""

import gzip
import json
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal
from typing import Final, LiteralString

import httpx
import msgspec
import pytest

from app.database.trail import PURPOSES
from app.service.body import SMALL_BYTES
from app.service.progress import STREAMS_OF_ONE
from app.service.routes.claims import Accepted, ClaimAnswer, Completed
from app.service.routes.failed_claims import FailedClaims
from app.service.small import FEW_CLAIMS
from tests.servers import Server
from tests.service_support import (
    NDJSON,
    Service,
    accounting,
    claims,
    events,
    ndjson,
    results,
    running_service,
    send,
    service_database,
    wait_for,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@pytest.fixture(scope="module")
def service(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with (
        service_database(server, folder) as database,
        running_service(database, folder, "--with-worker") as service,
    ):
        yield service


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[httpx.Client]:
    with service.client() as found:
        yield found


def test_a_batch_is_accepted_and_comes_through(client: httpx.Client) -> None:
    answer = send(client, claims(20, seed=101))
    assert answer.status_code == 202
    accepted = msgspec.json.decode(answer.content, type=Accepted)
    assert (accepted.batch.claims, accepted.not_decoded, accepted.replayed) == (20, 0, False)
    location = answer.headers["Location"]
    assert location == f"/api/v1/batches/{accepted.batch.batch_id}"

    batch = wait_for(client, accepted.batch.batch_id)
    assert batch["transferred"] == 20
    found = results(client, batch["batch_id"])
    assert [row["position"] for row in found] == list(range(1, 21))
    assert {row["state"] for row in found} == {"transferred"}
    total = sum(Decimal(str(row["allowed_amount"])) for row in found)
    assert total == Decimal(str(batch["allowed_total"])) > 0


STAGED: Final = {
    "staging.claims": ["received_at", "encrypted_batch_id"],
    "staging.claim_lines": [],
    "(select * from staging.failed_claims where stage = 'decode')": [
        *("received_at", "failed_at", "encrypted_batch_id", "erasure_id", "position_in_batch")
    ],
}
"""What a request leaves, and what of it differs from request to request, besides its ids."""

READ_STAGED: Final[LiteralString] = """
select
  to_jsonb(stored) - %(own)s::text[] - array(
    select field.key from jsonb_each_text(to_jsonb(stored)) as field
    where starts_with(field.value, '\\x')
  ),
  array(
    select format('%%s: %%s', field.key, length(field.value))
    from jsonb_each_text(to_jsonb(stored)) as field
    where starts_with(field.value, '\\x')
    order by field.key
  )
from {} as stored
where stored.batch_id = %(batch_id)s
order by stored.claim_id"""
"""Ids left out, and of ciphertexts and tokens their lengths."""

CODINGS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("coding", CODINGS)
def test_ndjson_in_every_coding(client: httpx.Client, coding: str) -> None:
    packed = CODINGS[coding](ndjson(claims(7, seed=110 + len(coding))))
    answer = client.post(
        "/api/v1/claims/process",
        content=packed,
        headers=NDJSON | {"Content-Encoding": coding},
    )
    assert answer.status_code == 202
    assert answer.json()["batch"]["claims"] == 7


def test_several_members_and_frames_are_one_body(client: httpx.Client) -> None:
    first, second = ndjson(claims(2, seed=114)), ndjson(claims(3, seed=115))
    for coding, compress in (("gzip", gzip.compress), ("zstd", zstd.compress)):
        answer = client.post(
            "/api/v1/claims/process",
            content=compress(first) + compress(second),
            headers=NDJSON | {"Content-Encoding": coding},
        )
        assert answer.json()["batch"]["claims"] == 5


def test_few_claims_leave_the_same_rows_as_many(service: Service, client: httpx.Client) -> None:
    sent = claims(FEW_CLAIMS + 1, seed=120, faults=0.5)
    sent[3]["patient"]["phone"] = 5
    sent[4]["claim_number"] = ["none"]
    sent[5]["billing_npi"] = "Smith"
    bodies = [sent, sent[:-1], sent[-1:]]
    batch_ids = [send(client, one).json()["batch"]["batch_id"] for one in bodies]
    with service.database.connect() as conn:
        for table, own in STAGED.items():
            many, *few = (
                conn.execute(
                    READ_STAGED.replace("{}", table),
                    {"own": ["claim_id", "batch_id", *own], "batch_id": batch_id},
                ).fetchall()
                for batch_id in batch_ids
            )
            assert many, table
            assert few[0] + few[1] == many, table


def test_a_large_request_goes_through_an_encoder(client: httpx.Client) -> None:
    sent = claims(1500, seed=121, faults=0.1)
    answer = send(client, sent)
    assert answer.status_code == 202
    accepted = answer.json()
    batch = wait_for(client, accepted["batch"]["batch_id"])
    assert batch["transferred"] + batch["failed"] == 1500
    found = results(client, batch["batch_id"])
    assert [row["position"] for row in found] == list(range(1, 1501))
    assert sum(row["state"] == "failed" for row in found) == batch["failed"] > 0
    undecoded = [
        row for row in found if row["findings"] and row["findings"][0]["rule_code"] == "D000"
    ]
    assert len(undecoded) == accepted["not_decoded"] == len(accepted["errors"]) > 0
    assert [row["position"] for row in undecoded] == [e["position"] for e in accepted["errors"]]


def test_prefer_wait_answers_with_results(client: httpx.Client) -> None:
    answer = send(client, claims(5, seed=131), Prefer="respond-async, wait=30")
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait=30"
    completed = msgspec.json.decode(answer.content, type=Completed)
    assert [row.position for row in completed.results] == [1, 2, 3, 4, 5]
    assert completed.batch.transferred == 5

    answer = send(client, claims(5, seed=132), Prefer="wait=0")
    assert answer.status_code == 202


def test_every_claim_is_reported_by_field_rule_and_reason(client: httpx.Client) -> None:
    good, undecoded, bad_value, not_calendar = claims(4, seed=141)
    del undecoded["billing_npi"]
    bad_value["billing_npi"] = "1234567890"
    not_calendar["service_lines"][0]["date_of_service"] = "2026-02-30"
    answer = send(client, [good, undecoded, bad_value, not_calendar], Prefer="wait=30")
    completed = msgspec.json.decode(answer.content, type=Completed)
    transferred, *failed = completed.results
    assert transferred.state == "transferred"
    assert [(row.state, row.decision) for row in failed] == 3 * [("failed", "open")]
    first, second, third = (row.findings[0] for row in failed)
    assert (first.rule_code, first.field, first.value) == (
        "D000",
        "billing_npi",
        "is missing",
    )
    assert (second.field, second.value) == ("billing_npi", "1234567890")
    assert second.reason
    assert second.hint
    assert third.field == "service_lines[0].date_of_service"
    assert third.value is None

    listed = client.get("/api/v1/failed-claims", params={"batch_id": completed.batch.batch_id})
    found = msgspec.json.decode(listed.content, type=FailedClaims)
    assert [row.claim_id for row in found.failed_claims] == [row.claim_id for row in failed]
    assert [row.stage for row in found.failed_claims] == ["decode", "validation", "validation"]


def test_failed_claims_are_filtered_and_paged(client: httpx.Client) -> None:
    sent = claims(6, seed=151)
    for claim in sent:
        claim["billing_npi"] = "1234567890"
    batch_id = send(client, sent, Prefer="wait=30").json()["batch"]["batch_id"]
    seen, after = [], 0
    while after is not None:
        page = client.get(
            "/api/v1/failed-claims",
            params={"rule_code": "V010", "batch_id": batch_id, "limit": 4, "after": after},
        ).json()
        seen += [row["claim_id"] for row in page["failed_claims"]]
        after = page["next_after"]
    assert len(seen) == 6
    assert seen == sorted(seen)
    none = client.get("/api/v1/failed-claims", params={"batch_id": batch_id, "stage": "decode"})
    assert none.json() == {"failed_claims": [], "next_after": None}


def test_a_correction_takes_the_place_of_the_failed_claim(
    service: Service, client: httpx.Client
) -> None:
    (claim,) = claims(1, seed=161)
    right = claim["billing_npi"]
    claim["billing_npi"] = "1234567890"
    (failed,) = send(client, [claim], Prefer="wait=30").json()["results"]

    correct = f"/api/v1/failed-claims/{failed['claim_id']}/correct"
    refused = client.post(correct, json=claim | {"payer_id": 7})
    assert (refused.status_code, refused.json()["code"]) == (422, "CLAIM_NOT_DECODED")
    assert "payer_id has to be a text, and is a number" in refused.json()["detail"]

    claim["billing_npi"] = right
    answer = client.post(correct, content=json.dumps(claim, indent=2))
    assert answer.status_code == 202, answer.text
    batch = wait_for(client, answer.json()["batch"]["batch_id"])
    assert batch["transferred"] == 1
    listed = client.get(
        "/api/v1/failed-claims", params={"resolution": "superseded", "limit": 1000}
    ).json()["failed_claims"]
    (replaced,) = [row for row in listed if row["claim_id"] == failed["claim_id"]]
    (new,) = results(client, batch["batch_id"])
    assert replaced["replaced_by_claim_id"] == new["claim_id"]
    again = client.post(correct, json=claim)
    assert (again.status_code, again.json()["code"]) == (409, "PL010")
    with service.database.connect() as conn:
        assert accounting(conn)[-1] == 0


def test_a_correction_is_of_the_same_claim(service: Service, client: httpx.Client) -> None:
    """The number that failed, or the same patient; and it may be waited for."""
    first, second, other = claims(3, seed=163)
    for claim in (first, second):
        claim["billing_npi"] = "1234567890"
    failed = send(client, [first, second], Prefer="wait=30").json()["results"]
    first["billing_npi"] = second["billing_npi"] = other["billing_npi"]

    wrong = client.post(f"/api/v1/failed-claims/{failed[0]['claim_id']}/correct", json=other)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "PL019")
    assert "claim_number" in wrong.json()["detail"]
    assert "patient" in wrong.json()["detail"]
    for value in (other["claim_number"], other["patient"]["last_name"]):
        assert value not in wrong.text

    renumbered = first | {"claim_number": "another number of the same patient"}
    for row, claim in zip(failed, (renumbered, second), strict=True):
        answer = client.post(
            f"/api/v1/failed-claims/{row['claim_id']}/correct",
            json=claim,
            headers={"Prefer": "wait=30"},
        )
        assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, "wait=30")
        assert [found["state"] for found in answer.json()["results"]] == ["transferred"]
    with service.database.connect() as conn:
        assert accounting(conn)[-1] == 0


def test_hints_name_no_commands(client: httpx.Client) -> None:
    batch_id = send(client, claims(1, seed=164), Prefer="wait=30").json()["batch"]["batch_id"]
    (done,) = results(client, batch_id)
    for answer in (
        client.post("/api/v1/failed-claims/retry", json={"rule_code": "Z999"}),
        client.post(f"/api/v1/failed-claims/{done['claim_id']}/retry"),
        client.post("/api/v1/data-transfer/transfer", json={"batch_ids": [2**60]}),
        client.get(f"/api/v1/claims/{2**60}"),
    ):
        assert answer.status_code in {404, 409, 422}, answer.text
        assert not re.search(r"\bclaims [a-z]+ ?[A-Z-]", answer.json()["hint"]), answer.text


def test_a_failed_claim_is_retried_under_its_id(client: httpx.Client) -> None:
    sent = claims(3, seed=171)
    for claim in sent[:2]:
        claim["service_lines"][0]["hcpcs"] = "00000"
    answer = send(client, sent, Prefer="wait=30").json()
    batch_id = answer["batch"]["batch_id"]
    first, second, _ = answer["results"]
    retried = client.post(f"/api/v1/failed-claims/{first['claim_id']}/retry")
    assert retried.status_code == 202
    (one,) = retried.json()["claims"]
    assert one["claim_id"] == first["claim_id"]
    wait_for(client, one["batch_id"])
    (again,) = results(client, one["batch_id"])
    assert (again["claim_id"], again["state"]) == (first["claim_id"], "failed")

    rule = second["findings"][0]["rule_code"]
    bulk = client.post("/api/v1/failed-claims/retry", json={"rule_code": rule, "max_claims": 50})
    assert {first["claim_id"], second["claim_id"]} <= {
        row["claim_id"] for row in bulk.json()["claims"]
    }
    wait_for(client, bulk.json()["claims"][0]["batch_id"])
    # The results of the batch they came in still have them all, in their places.
    found = results(client, batch_id)
    assert [row["position"] for row in found] == [1, 2, 3]
    assert [row["state"] for row in found] == ["failed", "failed", "transferred"]

    undecoded = client.post("/api/v1/failed-claims/retry", json={"rule_code": "D000"})
    assert (undecoded.status_code, undecoded.json()["code"]) == (422, "PL012")


def test_a_held_batch_waits_for_the_transfer(service: Service, client: httpx.Client) -> None:
    answer = client.post(
        "/api/v1/claims/process?hold=true",
        json=claims(4, seed=181),
        headers={"Prefer": "wait=30"},
    )
    assert answer.status_code == 200
    batch = answer.json()["batch"]
    assert (batch["state"], batch["hold"], batch["waits_for_transfer"]) == ("scored", True, True)
    assert {row["state"] for row in answer.json()["results"]} == {"scored"}

    with service.client("transfer") as operator:
        released = operator.post("/api/v1/data-transfer/transfer", json={})
        assert released.status_code == 200
        assert batch["batch_id"] in [row["batch_id"] for row in released.json()["batches"]]
        unknown = operator.post("/api/v1/data-transfer/transfer", json={"batch_ids": [10**15]})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "PL007")
    assert wait_for(client, batch["batch_id"])["transferred"] == 4


POSTPONE: Final = """
update queue.batches
set hold = false, next_attempt_at = now() + %s::interval
where batch_id = %s"""


def postponed(service: Service, client: httpx.Client, seed: int) -> int:
    """Give a batch that is scored, and that no worker takes up for an hour."""
    answer = client.post("/api/v1/claims/process?hold=true", json=claims(1, seed=seed))
    batch_id = int(answer.json()["batch"]["batch_id"])
    wait_for(client, batch_id, "scored")
    with service.database.connect() as conn:
        conn.execute(POSTPONE, ("1 hour", batch_id))
    return batch_id


def test_a_stream_goes_on_after_the_last_event(service: Service, client: httpx.Client) -> None:
    """What came already does not come again, and a client that has all is told to stay away."""
    batch_id = postponed(service, client, 213)
    path = f"/api/v1/batches/{batch_id}/events"
    ids = []
    with client.stream("GET", path) as stream:
        for line in stream.iter_lines():
            if line.startswith("id: "):
                ids.append(line.removeprefix("id: "))
            if ids and line.startswith("data:"):
                break
    headers = {"Last-Event-ID": ids[-1]}
    with client.stream("GET", path, headers=headers) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith(":")
        with service.database.connect() as conn:
            conn.execute(POSTPONE, ("0", batch_id))
        later = [line for line in lines if line.startswith(("id:", "data:"))]
    assert ids[-1] not in "".join(later)
    last = [line for line in later if line.startswith("id:")][-1].removeprefix("id: ")
    over = client.get(path, headers={"Last-Event-ID": last})
    assert (over.status_code, over.content) == (204, b"")


def test_the_streams_of_a_client_are_bounded(service: Service) -> None:
    with service.client() as client, ExitStack() as stack:
        path = f"/api/v1/batches/{postponed(service, client, 214)}/events"
        token = client.headers["Authorization"]
        limits = httpx.Limits(max_connections=STREAMS_OF_ONE + 2)
        many = stack.enter_context(
            httpx.Client(
                base_url=service.url, headers={"Authorization": token}, limits=limits, timeout=60
            )
        )
        # A stream whose reader is dropped is closed.
        reading: list[Iterator[str]] = []
        for _ in range(STREAMS_OF_ONE):
            opened = stack.enter_context(many.stream("GET", path))
            assert opened.status_code == 200
            reading.append(opened.iter_lines())
            next(reading[-1])
        refused = stack.enter_context(many.stream("GET", path))
        assert refused.status_code != 200
        refused.read()
        assert (refused.status_code, refused.json()["code"]) == (429, "STREAMS_LIMIT")
        assert refused.headers["Retry-After"]
        with service.client() as other, other.stream("GET", path) as stream:
            assert stream.status_code == 200
    with service.client("claims:read") as again:
        found = again.get(path.removesuffix("/events"))
        assert found.status_code == 200


def test_events_tell_every_state_and_end(client: httpx.Client) -> None:
    batch_id = client.post("/api/v1/claims/process", json=claims(30, seed=191)).json()["batch"][
        "batch_id"
    ]
    with client.stream("GET", f"/api/v1/batches/{batch_id}/events") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        states = [
            json.loads(line.removeprefix("data: "))["state"]
            for line in stream.iter_lines()
            if line.startswith("data: ")
        ]
    assert states[-1] == "transferred"
    assert states == sorted(
        set(states), key=["received", "validated", "scored", "transferred"].index
    )


def test_batches_are_listed_from_the_newest(client: httpx.Client) -> None:
    for seed in (201, 202, 203):
        send(client, claims(1, seed=seed))
    first = client.get("/api/v1/batches", params={"limit": 2}).json()
    ids = [batch["batch_id"] for batch in first["batches"]]
    assert ids == sorted(ids, reverse=True)
    second = client.get(
        "/api/v1/batches", params={"limit": 2, "before": first["next_before"]}
    ).json()
    assert second["batches"][0]["batch_id"] < ids[-1]


def test_a_claim_is_explained_and_phi_shown_for_a_purpose_alone(
    service: Service, client: httpx.Client
) -> None:
    (claim,) = claims(1, seed=211)
    (result,) = send(client, [claim], Prefer="wait=30").json()["results"]
    path = f"/api/v1/claims/{result['claim_id']}"
    plain = client.get(path)
    found = msgspec.json.decode(plain.content, type=ClaimAnswer)
    assert found.phi is None
    assert [line.line_number for line in found.lines] == [
        line["line_number"] for line in result["lines"]
    ]
    patient = claim["patient"]
    assert patient["last_name"] not in plain.text
    assert patient["member_id"] not in plain.text

    with service.client("claims:read") as reader:
        refused = reader.get(path, headers={"Purpose-Of-Use": "payment"})
    assert (refused.status_code, refused.json()["code"]) == (403, "SCOPE_MISSING")

    before = len(events(service.database, "claim.phi_shown"))
    shown = client.get(path, headers={"Purpose-Of-Use": "payment"})
    phi = shown.json()["phi"]
    assert phi["patient_last_name"] == patient["last_name"]
    assert phi["claim_number"] == claim["claim_number"]
    recorded = events(service.database, "claim.phi_shown")[before:]
    ((name, purpose, claim_id, detail),) = recorded
    assert (purpose, claim_id) == ("payment", result["claim_id"])
    assert detail["request_id"] == shown.headers["X-Request-ID"]
    assert set(phi) == set(detail["fields"])
    with service.database.connect() as conn:
        purposes = conn.execute("select purpose from auditing.purposes").fetchall()
        assert conn.execute(
            "select event.client from audit.events as event"
            " where event.action = 'batch.received'"
            " and %s between event.first_claim_id and event.last_claim_id",
            [claim_id],
        ).fetchall() == [(name,)]
        assert conn.execute(
            "select count(*) from vault.api_clients where name = %s", [name]
        ).fetchone() == (1,)
    assert {purpose for (purpose,) in purposes} == set(PURPOSES)


PROCESS: Final = "/api/v1/claims/process"

PAD: Final = b" " * (1 << 16)
"""Blanks before a body: enough of them and it is stored by another process."""

REFUSALS: Final[dict[str, tuple[bytes, int, str]]] = {
    "a truncated array": (b"[" + ndjson(claims(1)), 400, "BATCH_BROKEN"),
    "no claim": (b"[]", 422, "BATCH_EMPTY"),
    "a null byte": (b"\0", 400, "BATCH_UNREADABLE"),
    "a text": (b"# Claims\n\n{not JSON}\n", 400, "BATCH_UNREADABLE"),
    "numbers": (b"[1, 2]", 400, "BATCH_UNREADABLE"),
    "too many claims": (b"1\n" * 50_001, 413, "BATCH_TOO_MANY_CLAIMS"),
}


@pytest.mark.parametrize("above", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_the_same_wherever_it_is_stored(
    service: Service, case: str, *, above: bool
) -> None:
    """By a thread or by an encoder: with its own code, and the requests beside it go on."""
    body, status, code = REFUSALS[case]
    blanks = PAD * (SMALL_BYTES // len(PAD) + 1) if above else b""
    innocent = b"[" + b" " * (SMALL_BYTES + 1) + b"]"
    with service.client() as client, ThreadPoolExecutor(4) as pool:
        beside = [
            pool.submit(client.post, PROCESS, content=innocent, headers=NDJSON) for _ in range(3)
        ]
        answer = client.post(PROCESS, content=blanks + body, headers=NDJSON)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert "Retry-After" not in answer.headers
        assert [one.result().json()["code"] for one in beside] == ["BATCH_EMPTY"] * 3


def test_the_same_key_gives_the_same_batch(service: Service, client: httpx.Client) -> None:
    sent = claims(3, seed=221)
    del sent[1]["payer_id"]
    first = send(client, sent, **{"Idempotency-Key": "k-221"})
    again = send(client, sent, **{"Idempotency-Key": "k-221"})
    assert first.status_code == again.status_code == 202
    assert first.headers["Location"] == again.headers["Location"]
    assert (first.json()["replayed"], again.json()["replayed"]) == (False, True)
    assert first.json()["errors"] == again.json()["errors"]
    assert len(again.json()["errors"]) == again.json()["not_decoded"] == 1

    for changed in (
        send(client, sent[:2], **{"Idempotency-Key": "k-221"}),
        client.post(
            "/api/v1/claims/process?hold=true", json=sent, headers={"Idempotency-Key": "k-221"}
        ),
    ):
        assert (changed.status_code, changed.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    # Such a body is stored by another process, and refused as any other.
    large = client.post(
        "/api/v1/claims/process",
        content=b" " * (SMALL_BYTES + 1) + ndjson(sent[:2]),
        headers=NDJSON | {"Idempotency-Key": "k-221"},
    )
    assert (large.status_code, large.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    with service.client(submitter="other") as other:
        elsewhere = send(other, sent, **{"Idempotency-Key": "k-221"})
    assert elsewhere.status_code == 202
    assert elsewhere.headers["Location"] != first.headers["Location"]


@pytest.mark.parametrize("count", [2, 600])
def test_the_same_key_at_once_is_one_batch(
    service: Service, client: httpx.Client, count: int
) -> None:
    """From two clients of a submitter, small in threads and large in encoders."""
    sent = claims(count, seed=230 + count)
    with service.client() as second, ThreadPoolExecutor(8) as pool:
        racing = [
            pool.submit(send, (client, second)[at % 2], sent, **{"Idempotency-Key": f"r-{count}"})
            for at in range(8)
        ]
        answers = [one.result() for one in racing]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert sum(not answer.json()["replayed"] for answer in answers) == 1


def test_what_came_in_is_all_accounted_for(service: Service, client: httpx.Client) -> None:
    newest = client.get("/api/v1/batches", params={"limit": 1}).json()["batches"][0]
    wait_for(client, newest["batch_id"])
    with service.database.connect() as conn:
        assert accounting(conn)[-1] == 0
