"""Bodies that are too large, too slow, broken or bombs; and that nobody else notices."""

import gzip
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.servers import Server
from tests.service_support import (
    NDJSON,
    Service,
    children,
    claims,
    ndjson,
    running_service,
    service_database,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PROCESS: Final = "/api/v1/claims/process"
BODY_LIMIT: Final = 4 << 20
DECODED_LIMIT: Final = 8 << 20


@pytest.fixture(scope="module")
def service(postgres18: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with (
        service_database(postgres18, folder) as database,
        running_service(
            database,
            folder,
            CLAIMS_MAX_BODY_BYTES=str(BODY_LIMIT),
            CLAIMS_MAX_DECODED_BYTES=str(DECODED_LIMIT),
            CLAIMS_BODY_SECONDS="1",
        ) as service,
    ):
        yield service


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[httpx.Client]:
    with service.client() as found:
        yield found


@pytest.fixture(autouse=True)
def nothing_is_left_behind(service: Service) -> Iterator[None]:
    """After each test the service answers, and what was refused left no batch."""
    yield
    assert httpx.get(f"{service.url}/health").status_code == 200
    with service.database.connect() as conn:
        assert conn.execute("select count(*) from queue.batches").fetchone() == (0,)


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Give the status and the code of a problem document."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"].endswith(problem["code"])
    assert problem["hint"]
    return answer.status_code, problem["code"]


def raw(service: Service, head: str, *, token: str) -> socket.socket:
    """Open a connection and send the head of a request to store claims."""
    conn = socket.create_connection(("127.0.0.1", service.port), timeout=20)
    conn.sendall(
        f"POST {PROCESS} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/x-ndjson\r\n{head}\r\n\r\n".encode()
    )
    return conn


def test_a_body_announced_too_large_is_refused_before_it_comes(service: Service) -> None:
    with raw(service, f"Content-Length: {BODY_LIMIT + 1}", token=service.token()) as conn:
        answer = conn.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"BODY_TOO_LARGE" in answer


def test_a_body_that_grows_too_large_is_refused_while_it_comes(client: httpx.Client) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 40 * BODY_LIMIT:
            sent += 1 << 16
            yield b" " * (1 << 16)

    try:
        answer = client.post(PROCESS, content=endless(), headers=NDJSON)
    except httpx.TransportError:
        pass
    else:
        assert refused(answer) == (413, "BODY_TOO_LARGE")
    assert sent < 20 * BODY_LIMIT


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_bomb_is_refused_at_the_limit(
    service: Service, client: httpx.Client, coding: str
) -> None:
    compress = gzip.compress if coding == "gzip" else zstd.compress
    bomb = compress(b" " * (1 << 27))
    assert len(bomb) < BODY_LIMIT
    before = resident(service)
    started = time.monotonic()
    answer = client.post(PROCESS, content=bomb, headers=NDJSON | {"Content-Encoding": coding})
    assert refused(answer) == (413, "BODY_TOO_LARGE")
    assert time.monotonic() - started < 5
    assert resident(service) - before < 10 * DECODED_LIMIT


def test_a_window_too_wide_is_refused(client: httpx.Client) -> None:
    wide = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    body = wide.compress(ndjson(claims(300, seed=7)) * 10, mode=zstd.ZstdCompressor.FLUSH_BLOCK)
    answer = client.post(PROCESS, content=body, headers=NDJSON | {"Content-Encoding": "zstd"})
    assert refused(answer) == (400, "BODY_BROKEN")


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_cut_off_stream_is_refused(client: httpx.Client, coding: str) -> None:
    compress = gzip.compress if coding == "gzip" else zstd.compress
    body = compress(ndjson(claims(5)))
    for broken in (body[:-3], body[: len(body) // 2], b"no stream at all", b""):
        answer = client.post(PROCESS, content=broken, headers=NDJSON | {"Content-Encoding": coding})
        assert refused(answer)[0] in {400, 422}, broken


def test_what_is_no_batch_is_refused(client: httpx.Client) -> None:
    cases: list[tuple[bytes, dict[str, str], tuple[int, str]]] = [
        (b"", NDJSON, (422, "BATCH_EMPTY")),
        (b" \n \n", NDJSON, (422, "BATCH_EMPTY")),
        (b"[]", {"Content-Type": "application/json"}, (422, "BATCH_EMPTY")),
        (b'[{"claim_number": "1"}', NDJSON, (400, "BATCH_BROKEN")),
        (b"1\n" * 50_001, NDJSON, (413, "BATCH_TOO_MANY_CLAIMS")),
        (b"x", {"Content-Type": "text/csv"}, (415, "MEDIA_TYPE_UNSUPPORTED")),
        (b"x", NDJSON | {"Content-Encoding": "br"}, (415, "BODY_ENCODING_UNSUPPORTED")),
        (b"x", NDJSON | {"Idempotency-Key": "k" * 256}, (400, "REQUEST_INVALID")),
    ]
    for body, headers, expected in cases:
        answer = client.post(PROCESS, content=body, headers=headers)
        assert refused(answer) == expected


def test_a_body_that_stops_is_not_waited_for(service: Service) -> None:
    started = time.monotonic()
    with raw(service, "Content-Length: 1000", token=service.token()) as conn:
        conn.sendall(b'{"claim_number"')
        answer = conn.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"BODY_TOO_SLOW" in answer
    assert time.monotonic() - started < 5


def test_many_slow_senders_do_not_keep_others_waiting(service: Service) -> None:
    token = service.token()
    slow = [raw(service, "Content-Length: 1000", token=token) for _ in range(100)]
    heads = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(100)]
    try:
        for head in heads:
            head.sendall(b"POST / HTTP/1.1\r\nX-Slow: ")
        with service.client() as client:
            started = time.monotonic()
            assert client.get("/api/v1/batches").status_code == 200
            assert time.monotonic() - started < 1
    finally:
        for conn in (*slow, *heads):
            conn.close()


def test_a_client_that_hangs_up_leaves_nothing(service: Service) -> None:
    token = service.token()
    body = ndjson(claims(2, seed=9))
    for _ in range(5):
        with raw(service, f"Content-Length: {len(body) + 50}", token=token) as conn:
            conn.sendall(body)
    time.sleep(0.5)


def test_errors_are_problems_everywhere(client: httpx.Client) -> None:
    assert refused(client.get("/nothing/here")) == (404, "NOT_FOUND")
    assert refused(client.delete("/api/v1/batches")) == (405, "METHOD_NOT_ALLOWED")
    assert refused(client.get("/api/v1/batches/0")) == (400, "REQUEST_INVALID")
    assert refused(client.get("/api/v1/batches", params={"limit": "many"}))[0] == 400
    quote = client.post("/api/v1/pricing/quote", content=b'{"lines": "Quimby"}')
    assert refused(quote) == (400, "REQUEST_INVALID")
    assert "Quimby" not in quote.text
    broken = client.post("/api/v1/pricing/quote", content=b'{"lines": Quimby')
    assert refused(broken)[0] == 400
    assert "Quimby" not in broken.text


def resident(service: Service) -> int:
    """Bytes of memory that the service and its children hold."""
    assert service.process is not None
    every = [service.process.pid, *children(service.process.pid)]
    return sum(
        int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * 4096
        for pid in every
    )


def test_health_answers_while_a_large_request_is_worked_on(
    postgres18: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("large")
    body = ndjson(claims(8_000, seed=5))
    with (
        service_database(postgres18, folder) as database,
        running_service(database, folder) as service,
        service.client() as client,
        ThreadPoolExecutor(1) as pool,
        httpx.Client(base_url=service.url) as prober,
    ):
        sending = pool.submit(client.post, PROCESS, content=body, headers=NDJSON)
        waits = []
        while not sending.done():
            started = time.monotonic()
            assert prober.get("/health").status_code == 200
            waits.append(time.monotonic() - started)
            time.sleep(0.01)
        assert sending.result().status_code == 202
        assert len(waits) > 10
        assert max(waits) < 0.5, max(waits)
        assert sorted(waits)[len(waits) // 2] < 0.05


def test_a_misspelt_option_is_refused(client: httpx.Client) -> None:
    answer = client.post(f"{PROCESS}?hodl=true", json=claims(1))
    assert refused(answer) == (400, "REQUEST_INVALID")
