"""Who may call what: tokens, scopes, submitters, and where the service dares to listen."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from click.testing import CliRunner

from app.cli import main
from app.database.connect import Role, connect
from app.program.errors import ClaimsError
from app.program.settings import load_settings
from app.service.auth import KNOWN_SECONDS
from app.service.clients import SCOPES
from app.service.server import check_address
from tests.servers import Server
from tests.service_support import (
    OTHER,
    Service,
    claims,
    events,
    free_port,
    running_service,
    send,
    service_database,
    wait_for,
)

OPEN_ROUTES: Final = {("get", "/health")}
BODIES: Final[dict[str, Any]] = {
    "/api/v1/data-transfer/transfer": {"batch_ids": ["{batch_id}"]},
    "/api/v1/failed-claims/retry": {"rule_code": "V010"},
    "/api/v1/pricing/quote": {
        "lines": [
            {"date_of_service": "2026-04-24", "hcpcs": "99213", "place_of_service": "11"},
        ]
    },
}
"""What is sent to routes that take a body; `{batch_id}` is another submitter's."""


@pytest.fixture(scope="module")
def service(postgres18: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with (
        service_database(postgres18, folder) as database,
        running_service(database, folder, "--with-worker", CLAIMS_RATE_LIMIT="60") as service,
    ):
        yield service


def routes(client: httpx.Client) -> list[tuple[str, str]]:
    """List every method and path of the OpenAPI document."""
    document = client.get("/schema").json()
    return [
        (method, path)
        for path, operations in document["paths"].items()
        for method in operations
        if method in {"get", "post", "put", "patch", "delete"}
    ]


def call(
    client: httpx.Client,
    method: str,
    path: str,
    ids: dict[str, int],
    body: dict[str, Any] | None = None,
) -> httpx.Response:
    """Call a route with these ids in its path and its body."""
    filled = path.format(hcpcs="99213", **ids)
    template = BODIES.get(path, body)
    content = (
        None
        if template is None
        else json.loads(json.dumps(template).replace('"{batch_id}"', str(ids["batch_id"])))
    )
    return client.request(method, filled, json=content)


def test_no_route_but_health_answers_without_a_token(service: Service) -> None:
    with service.client() as client, httpx.Client(base_url=service.url) as nobody:
        found = routes(client)
        assert len(found) == len(SCOPED)
        for method, path in [*found, ("get", "/schema"), ("get", "/schema/openapi.json")]:
            answer = call(nobody, method, path, {"batch_id": 1, "claim_id": 1})
            if (method, path) in OPEN_ROUTES:
                assert answer.status_code == 200
            else:
                assert answer.status_code in {401, 429}, (method, path)
                assert answer.headers["Content-Type"] == "application/problem+json"


def test_every_route_hides_what_is_another_submitters(service: Service) -> None:
    with service.client() as owner, service.client(submitter=OTHER) as other:
        good, bad = claims(2, seed=301)
        bad["billing_npi"] = "1234567890"
        answer = send(owner, [good, bad], Prefer="wait=30").json()
        moved, failed = answer["results"]
        batch_id = answer["batch"]["batch_id"]
        held = owner.post("/api/v1/claims/process?hold=true", json=claims(1, seed=302)).json()
        wait_for(owner, held["batch"]["batch_id"], "scored")

        walked = 0
        for method, path in routes(owner):
            for claim_id in (moved["claim_id"], failed["claim_id"]):
                for batch in (batch_id, held["batch"]["batch_id"]):
                    ids = {"batch_id": batch, "claim_id": claim_id}
                    if "{" not in path.replace("{hcpcs}", "") and "data-transfer" not in path:
                        continue
                    unknown = call(
                        other, method, path, {"batch_id": 10**12, "claim_id": 10**12}, body=good
                    )
                    theirs = call(other, method, path, ids, body=good)
                    assert theirs.status_code == unknown.status_code == 404, (method, path)
                    assert theirs.json()["code"] == unknown.json()["code"], (method, path)
                    walked += 1
        assert walked >= 7 * 4

        assert other.get("/api/v1/batches").json()["batches"] == []
        listed = other.get("/api/v1/failed-claims", params={"resolution": "any"}).json()
        assert listed["failed_claims"] == []
        assert other.post("/api/v1/data-transfer/transfer", json={}).json() == {"batches": []}
        retried = other.post("/api/v1/failed-claims/retry", json={"rule_code": "V010"})
        assert retried.json() == {"claims": []}

        # Nothing of it was changed, and its owner still sees it.
        assert owner.get(f"/api/v1/batches/{held['batch']['batch_id']}").json()["hold"]
        open_claims = owner.get("/api/v1/failed-claims", params={"batch_id": batch_id}).json()
        assert [row["claim_id"] for row in open_claims["failed_claims"]] == [failed["claim_id"]]


def test_the_database_itself_shows_one_submitter_alone(service: Service) -> None:
    with service.client() as owner:
        send(owner, claims(1, seed=303), Prefer="wait=30")
    views = ("batches", "claims", "claim_lines", "claim_states")
    with connect(Role.APP) as conn:
        for view in views:
            assert conn.execute(f"select from access.{view}").fetchall() == []
        conn.execute("select set_config('claims.submitter_id', '1', true)")
        for view in views:
            assert conn.execute(
                f"select count(*) > 0, bool_and(submitter_id = 1) from access.{view}"  # noqa: S608 - names of views
            ).fetchone() == (True, True)
        for table in ("production.claims", "staging.claims", "staging.failed_claims"):
            with pytest.raises(Exception, match="permission denied"), conn.transaction():
                conn.execute(f"select 1 from {table}")  # noqa: S608 - names of tables


def test_a_client_finds_its_own_claims_by_who_they_are_of(service: Service) -> None:
    asked = {"Purpose-Of-Use": "payment"}
    with service.client() as owner, service.client(submitter=OTHER) as other:
        first, second, theirs = claims(3, seed=304)
        second["patient"] = theirs["patient"] = first["patient"]
        theirs["claim_number"] = first["claim_number"]
        answer = send(owner, [first, second], Prefer="wait=30").json()
        ids = [one["claim_id"] for one in answer["results"]]
        (their_id,) = [
            one["claim_id"] for one in send(other, [theirs], Prefer="wait=30").json()["results"]
        ]
        patient = first["patient"]
        named = {
            "last_name": patient["last_name"].upper(),
            "first_name": f" {patient['first_name']}",
            "birth_date": patient["birth_date"],
        }
        before = len(events(service.database, "claims.searched"))
        told = []
        for query, expected in (
            ({"member_id": f"00-{patient['member_id'].lower()}"}, ids),
            (named, ids),
            ({"claim_number": first["claim_number"]}, ids[:1]),
            ({"member_id": "nobody's"}, []),
        ):
            found = owner.get("/api/v1/claims", params=query, headers=asked)
            assert found.status_code == 200, found.text
            assert [one["claim_id"] for one in found.json()["claims"]] == expected
            of_other = other.get("/api/v1/claims", params=query, headers=asked).json()
            assert [one["claim_id"] for one in of_other["claims"]] == [their_id] * bool(expected)
            told.append(found)
        page = owner.get("/api/v1/claims", params={**named, "limit": "1"}, headers=asked).json()
        assert page["next_after"] == ids[0]
        rest = owner.get(
            "/api/v1/claims", params={**named, "after": str(ids[0])}, headers=asked
        ).json()
        assert [one["claim_id"] for one in rest["claims"]] == ids[1:]

        recorded = events(service.database, "claims.searched")[before:]
        assert len(recorded) == 10
        client, purpose, first_id, detail = recorded[0]
        assert (client is not None, purpose, first_id) == (True, "payment", ids[0])
        assert detail == {
            "by": "member",
            "claims": 2,
            "request_id": told[0].headers["X-Request-ID"],
            "route": "/api/v1/claims",
        }

        for query in (
            {},
            {"member_id": patient["member_id"], "claim_number": first["claim_number"]},
            {"last_name": patient["last_name"]},
            {"member_id": patient["member_id"], "last_name": patient["last_name"]},
        ):
            refused = owner.get("/api/v1/claims", params=query, headers=asked)
            assert (refused.status_code, refused.json()["code"]) == (422, "SEARCH_INVALID")
            told.append(refused)
        for query, headers in (
            ({**named, "birth_date": patient["member_id"]}, asked),
            ({"member_id": ""}, asked),
            (named, {}),
        ):
            refused = owner.get("/api/v1/claims", params=query, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (400, "REQUEST_INVALID")
            told.append(refused)
        assert "Purpose-Of-Use is missing" in refused.json()["detail"]
        log = service.log.read_text()
        for value in (patient["member_id"], patient["last_name"], first["claim_number"]):
            assert value not in log
            assert all(value not in one.text for one in told)


SCOPED: Final = {
    ("post", "/api/v1/claims/process"): "claims:write",
    ("get", "/api/v1/claims"): "phi:read",
    ("get", "/api/v1/claims/{claim_id}"): "claims:read",
    ("get", "/api/v1/batches"): "claims:read",
    ("get", "/api/v1/batches/{batch_id}"): "claims:read",
    ("get", "/api/v1/batches/{batch_id}/results"): "claims:read",
    ("get", "/api/v1/batches/{batch_id}/events"): "claims:read",
    ("post", "/api/v1/data-transfer/transfer"): "transfer",
    ("get", "/api/v1/failed-claims"): "claims:read",
    ("post", "/api/v1/failed-claims/{claim_id}/retry"): "claims:write",
    ("post", "/api/v1/failed-claims/retry"): "claims:write",
    ("post", "/api/v1/failed-claims/{claim_id}/correct"): "claims:write",
    ("get", "/api/v1/rvu/{hcpcs}"): "claims:read",
    ("post", "/api/v1/pricing/quote"): "claims:read",
    ("get", "/metrics"): "admin",
    ("get", "/ready"): None,
    ("get", "/health"): None,
}


def test_every_route_asks_for_its_scope_and_refusals_are_recorded(service: Service) -> None:
    with service.client() as everything:
        found = routes(everything)
    assert set(found) == set(SCOPED)
    ids = {"batch_id": 10**12, "claim_id": 10**12}
    for scope in {scope for scope in SCOPED.values() if scope is not None}:
        others = [one for one in SCOPES if one != scope]
        before = len(events(service.database, "access.refused"))
        with service.client(*others) as client:
            refused = [
                call(client, method, path, ids, body=claims(1)[0])
                for (method, path), needed in SCOPED.items()
                if needed == scope
            ]
        assert {(one.status_code, one.json()["code"]) for one in refused} == {
            (403, "SCOPE_MISSING")
        }
        recorded = events(service.database, "access.refused")[before:]
        assert [detail["reason"] for *_, detail in recorded] == len(refused) * [
            f"scope {scope} is missing"
        ]


def test_a_token_in_use_is_refused_within_a_second_of_its_end(service: Service) -> None:
    with service.client(name="in-use") as client:
        assert client.get("/api/v1/batches").status_code == 200
        assert CliRunner().invoke(main, ["client", "revoke", "in-use"]).exit_code == 0
        until = time.monotonic() + KNOWN_SECONDS
        while client.get("/api/v1/batches").status_code == 200:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_a_refused_token_is_recorded_and_says_nothing_of_why(service: Service) -> None:
    token = service.token(name="to-be-revoked")
    expiring = service.token(name="to-expire")
    kind, client_id, secret = token.split("_", 2)
    with service.database.connect() as conn:
        conn.execute(
            "update vault.api_clients set created_at = now() - interval '2 days',"
            " expires_at = now() - interval '1 day' where name = 'to-expire'"
        )
        assert conn.execute(
            "select octet_length(token_hash) from vault.api_clients where name = 'to-expire'"
        ).fetchone() == (32,)
    assert CliRunner().invoke(main, ["client", "revoke", "to-be-revoked"]).exit_code == 0
    wrong = {
        "revoked token": token,
        "expired token": expiring,
        "unknown token": f"{kind}_{client_id}_{secret[::-1]}",
        "malformed token": "claims_1_short",
    }
    bodies = set()
    for reason, bad in wrong.items():
        before = len(events(service.database, "login.refused"))
        with service.bearing(bad) as client:
            answer = client.get("/api/v1/batches")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        problem = answer.json()
        bodies.add((problem["code"], problem["detail"], problem["hint"]))
        ((*_, detail),) = events(service.database, "login.refused")[before:]
        assert detail["reason"] == reason
        assert detail["request_id"] == answer.headers["X-Request-ID"]
        assert bad not in json.dumps(detail)
    assert len(bodies) == 1


def test_refused_logins_are_bounded(service: Service) -> None:
    before = len(events(service.database, "login.refused"))
    with service.bearing("claims_1_" + "x" * 43) as client, service.client() as good:
        statuses = []
        for _ in range(60):
            statuses.append(client.get("/api/v1/batches").status_code)
            if len(statuses) % 15 == 0:
                assert good.get("/health").status_code == 200
                assert good.get("/api/v1/batches", params={"limit": 1}).status_code == 200
    assert set(statuses) == {401, 429}
    assert len(events(service.database, "login.refused")) - before == statuses.count(401)


def test_a_client_has_a_rate_and_others_have_theirs(service: Service) -> None:
    with service.client() as greedy, service.client() as modest:
        answers = [greedy.get("/api/v1/batches", params={"limit": 1}) for _ in range(200)]
        assert modest.get("/api/v1/batches", params={"limit": 1}).status_code == 200
    limited = [answer for answer in answers if answer.status_code == 429]
    assert limited
    assert {answer.status_code for answer in answers} == {200, 429}
    assert limited[0].json()["code"] == "RATE_LIMITED"
    assert limited[0].headers["Retry-After"] == "1"


def test_the_token_is_shown_once(service: Service) -> None:
    made = CliRunner().invoke(main, ["client", "create", "from-the-cli", "--scope", "admin"])
    token = made.stdout.strip()
    with service.bearing(token) as client:
        assert client.get("/metrics").status_code == 200
        assert client.get("/api/v1/batches").status_code == 403
    listed = CliRunner().invoke(main, ["client", "list", "--json"])
    assert token.split("_", 2)[2] not in listed.stdout
    (row,) = [one for one in json.loads(listed.stdout)["clients"] if one["name"] == "from-the-cli"]
    assert (row["scopes"], row["submitter"]) == (["admin"], "default")
    assert row["last_used_at"] is not None
    again = CliRunner().invoke(main, ["client", "create", "from-the-cli", "--json"])
    assert again.exit_code == 1
    assert json.loads(again.stdout)["error"]["code"] == "AC001"
    unknown = CliRunner().invoke(main, ["client", "revoke", "nobody", "--json"])
    assert json.loads(unknown.stdout)["error"]["code"] == "AC002"


@pytest.mark.usefixtures("service")
def test_a_public_address_needs_tls_or_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMS_HTTP_HOST", "0.0.0.0")  # noqa: S104 - what is to be refused
    with pytest.raises(ClaimsError) as caught:
        check_address(load_settings())
    assert caught.value.code == "SERVE_ADDRESS_UNSAFE"
    monkeypatch.setenv("CLAIMS_BEHIND_PROXY", "true")
    check_address(load_settings())


def test_a_port_in_use_is_said(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMS_HTTP_PORT", str(service.port))
    with pytest.raises(ClaimsError) as caught:
        check_address(load_settings())
    assert caught.value.code == "SERVE_ADDRESS_UNUSABLE"


@pytest.mark.usefixtures("empty_database")
def test_what_keeps_the_service_from_starting_is_said_before() -> None:
    found = CliRunner().invoke(main, ["serve", "--port", str(free_port())])
    assert found.exit_code == 1
    assert "SCHEMA_NOT_CURRENT" in found.output
    assert "Listening" not in found.output


def test_a_certificate_and_its_key_go_together(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    monkeypatch.setenv("CLAIMS_TLS_CERTIFICATE", str(certificate))
    with pytest.raises(ClaimsError, match="go together"):
        load_settings()
    with running_service(
        service.database, tmp_path, scheme="https", CLAIMS_TLS_KEY=str(key)
    ) as secure:
        answer = httpx.get(f"{secure.url}/health", verify=False)  # noqa: S501 - a test's own certificate
        assert answer.status_code == 200
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{secure.port}/health")
