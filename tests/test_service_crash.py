"""Kill the service and its processes under load: every accepted claim is there, once."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event

import httpx
import pytest

from tests.servers import Server
from tests.service_support import (
    NDJSON,
    Json,
    Service,
    accounting,
    children,
    claims,
    ndjson,
    results,
    running_service,
    send,
    service_database,
    wait_for,
)

TWICE = """
select claim_id from production.claims group by claim_id having count(*) > 1
union all
select claim_id from staging.failed_claims where claim_id in (
  select claim_id from production.claims
) and resolution = 'open'"""


@pytest.fixture(scope="module")
def service(postgres18: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with (
        service_database(postgres18, folder) as database,
        # What a killed worker had in hand is free again when its lease ends.
        running_service(database, folder, "--with-worker", CLAIMS_LEASE_SECONDS="5") as service,
    ):
        yield service


def command(pid: int) -> str:
    """Give the command line of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def test_every_accepted_claim_survives_kills_exactly_once(service: Service) -> None:
    """Senders repeat under the same key until they are answered, as clients do."""
    token = service.token()
    stop = Event()

    def sender(number: int) -> dict[str, tuple[int, list[Json]]]:
        accepted: dict[str, tuple[int, list[Json]]] = {}
        for at in range(1000):
            if stop.is_set():
                return accepted
            key = f"crash-{number}-{at}"
            sent = claims(700 if at % 5 == 4 else 3, seed=10_000 + 1000 * number + at)
            while True:
                try:
                    with service.bearing(token) as client:
                        answer = send(client, sent, **{"Idempotency-Key": key})
                except httpx.TransportError:
                    time.sleep(0.1)
                    continue
                if answer.status_code == 202:
                    accepted[key] = (answer.json()["batch"]["batch_id"], sent)
                    break
                assert answer.status_code == 503, answer.text
        return accepted

    with ThreadPoolExecutor(4) as pool:
        sending = [pool.submit(sender, number) for number in range(4)]
        for _ in range(3):
            time.sleep(1.5)
            service.kill()
            service.start()
        time.sleep(1)
        stop.set()
        accepted = {key: found for one in sending for key, found in one.result().items()}

    assert len(accepted) >= 12
    assert len({batch_id for batch_id, _ in accepted.values()}) == len(accepted)
    with service.bearing(token) as client:
        for batch_id, sent in accepted.values():
            batch = wait_for(client, batch_id)
            assert batch["claims"] == len(sent)
            found = results(client, batch_id)
            assert [row["position"] for row in found] == list(range(1, len(sent) + 1))
            assert {row["state"] for row in found} <= {"transferred", "failed"}
    with service.database.connect() as conn:
        loaded, in_progress, transferred, failed, _, difference = accounting(conn)
        assert conn.execute(TWICE).fetchall() == []
    assert (in_progress, difference) == (0, 0)
    assert loaded == transferred + failed == sum(len(sent) for _, sent in accepted.values())


def test_a_killed_encoder_is_replaced_and_its_request_is_safe(service: Service) -> None:
    with service.client() as client:
        sent = claims(600, seed=77)
        assert send(client, sent, **{"Idempotency-Key": "e-1"}).status_code == 202
        assert service.process is not None
        direct = children(service.process.pid, deep=False)
        encoders = [pid for pid in children(service.process.pid) if pid not in direct]
        assert encoders
        for pid in encoders:
            # When one is dead the pool ends the others by itself, perhaps before we do.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        body = ndjson(claims(600, seed=78))
        for _ in range(3):
            answer = client.post(
                "/api/v1/claims/process",
                content=body,
                headers=NDJSON | {"Idempotency-Key": "e-2"},
            )
            if answer.status_code == 202:
                break
            assert (answer.status_code, answer.json()["code"]) == (503, "ENCODER_DIED")
        assert answer.status_code == 202
        assert wait_for(client, answer.json()["batch"]["batch_id"])["claims"] == 600


def test_a_dead_serving_process_or_worker_is_started_again(service: Service) -> None:
    assert service.process is not None
    before = children(service.process.pid)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    with service.client() as client:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                if client.get("/ready").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        assert client.get("/ready").status_code == 200
        batch = send(client, claims(2, seed=79)).json()["batch"]
        assert wait_for(client, batch["batch_id"])["transferred"] == 2
    assert not set(before) & set(children(service.process.pid))


def test_a_killed_service_leaves_no_process_behind(postgres18: Server, tmp_path: Path) -> None:
    with (
        service_database(postgres18, tmp_path) as database,
        running_service(database, tmp_path, "--with-worker") as service,
    ):
        with service.client() as client:
            assert send(client, claims(600, seed=80)).status_code == 202
        assert service.process is not None
        below = children(service.process.pid)
        assert len(below) >= 3
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait()
        service.process = None
        until = time.monotonic() + 15
        while any(Path(f"/proc/{pid}").exists() for pid in below) and time.monotonic() < until:
            time.sleep(0.1)
        assert [command(pid) for pid in below if Path(f"/proc/{pid}").exists()] == []


def test_the_database_may_go_and_come_back(service: Service) -> None:
    with service.client() as client:
        first = send(client, claims(600, seed=81)).json()["batch"]
        wait_for(client, first["batch_id"])
        service.database.server.cluster.stop()
        down = client.get("/ready")
        assert down.status_code == 503
        # Of the check itself, or, where the token had to be read, of the gate.
        assert down.headers["Content-Type"] in {"application/json", "application/problem+json"}
        assert client.get("/health").status_code == 200
        service.database.server.cluster.start()
        until = time.monotonic() + 30
        while client.get("/ready").status_code != 200 and time.monotonic() < until:
            time.sleep(0.2)
        for count in (2, 600):
            batch = send(client, claims(count, seed=82 + count)).json()["batch"]
            assert wait_for(client, batch["batch_id"])["claims"] == count
