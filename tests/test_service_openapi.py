"""The OpenAPI document is complete, and nothing that fits it, or does not, breaks the service."""

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)

from app.program.settings import Settings
from app.service.application import make_app
from tests.servers import Server
from tests.service_support import Service, claims, running_service, send, service_database

EXAMPLES: Final = 8
"""Requests made up for each operation, in each of the kinds that schemathesis knows."""

api = schemathesis.openapi.from_dict(make_app(Settings()).openapi_schema.to_schema())


@schemathesis.serializer("application/x-ndjson")
def as_lines(_: schemathesis.SerializationContext, value: Any) -> bytes:  # noqa: ANN401 - as it is declared
    """Send a text as it is."""
    return str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def service(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with (
        service_database(server, folder) as database,
        running_service(database, folder, "--with-worker", CLAIMS_RATE_LIMIT="100000") as service,
    ):
        with service.client() as client:
            send(client, claims(3, seed=401))
        yield service


@pytest.fixture(scope="module")
def token(service: Service) -> str:
    return service.token()


# One server is enough. Without a parameter all operations have one id (schemathesis 4, pytest 9).
@pytest.mark.parametrize("server", ["18"], indirect=True)
@api.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)
def test_no_request_breaks_the_service(
    case: schemathesis.Case[Any], service: Service, token: str
) -> None:
    # Three checks change the token, or take a request that lacks one for a bad one; and they all
    # bear one here. test_service_access has the routes without, and test_service_limits a method
    # that is not allowed. The last is wrong where what fits the schema can be refused for its
    # sense: dates, sums, rules that do not exist.
    case.call_and_validate(
        base_url=service.url,
        headers={"Authorization": f"Bearer {token}"},
        excluded_checks=[
            ignored_auth,
            unsupported_method,
            negative_data_rejection,
            positive_data_acceptance,
        ],
    )


def test_every_operation_is_described() -> None:
    document = api.raw_schema
    assert {"Claim", "Problem", "Batch", "FailedClaim", "Quote", "Rvu"} <= set(
        document["components"]["schemas"]
    )
    assert document["security"] == [{"token": []}]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], (method, path)
            assert operation["tags"], (method, path)
            if path == "/health":
                continue
            for status in ("401", "403", "429", "503"):
                if (path, status) == ("/ready", "503"):
                    continue
                media = operation["responses"][status]["content"]["application/problem+json"]
                assert media["schema"] == {"$ref": "#/components/schemas/Problem"}, (method, path)
                assert media["examples"], (method, path)
            if "requestBody" in operation:
                for media in operation["requestBody"]["content"].values():
                    assert examples(media), (method, path)


def test_operations_have_names_that_a_client_would_call_them_by() -> None:
    names = {
        operation["operationId"]
        for operations in api.raw_schema["paths"].values()
        for operation in operations.values()
    }
    assert names == {
        *("process_claims", "find_claims", "get_claim", "list_batches", "get_batch"),
        *("get_batch_results", "follow_batch", "release_batches", "list_failed_claims"),
        *("retry_failed_claim", "retry_failed_claims", "correct_failed_claim", "get_rvu"),
        *("quote_prices", "get_health", "get_readiness", "get_metrics"),
    }


def test_limits_are_those_of_validation() -> None:
    schemas = api.raw_schema["components"]["schemas"]
    for model in ("Claim", "ServiceLine", "LineToQuote", "QuoteRequest", "Release", "RetryByRule"):
        assert schemas[model]["additionalProperties"] is False, model
    ids = [
        parameter["schema"]["maximum"]
        for operations in api.raw_schema["paths"].values()
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
        if parameter["name"] in {"batch_id", "claim_id"} and parameter["in"] == "path"
    ]
    assert set(ids) == {2**63 - 1}
    assert all(isinstance(limit, int) for limit in ids)
    assert schemas["LineToQuote"]["properties"]["units"]["maximum"] == 999_999
    assert schemas["LineToQuote"]["properties"]["charge"]["anyOf"]


def test_lines_of_json_are_described_in_both_directions() -> None:
    """As texts, which every generator of clients knows, with the model of their lines."""
    paths = api.raw_schema["paths"]
    sent = paths["/api/v1/claims/process"]["post"]["requestBody"]["content"]
    got = paths["/api/v1/batches/{batch_id}/results"]["get"]["responses"]["200"]["content"]
    for content, model in ((sent, "Claim"), (got, "Result")):
        schema = content["application/x-ndjson"]["schema"]
        assert schema["type"] == "string"
        assert schema["contentSchema"] == {"$ref": f"#/components/schemas/{model}"}
        assert model in api.raw_schema["components"]["schemas"]


def test_each_decision_is_described() -> None:
    """What production says of a claim, and what is done about one that failed; null before."""
    schemas = api.raw_schema["components"]["schemas"]
    told = {"approved", "review", "denied", "open", "superseded"}
    for model in ("Result", "ClaimAnswer"):
        decision = schemas[model]["properties"]["decision"]
        values = {
            value for one in decision.get("oneOf", [decision]) for value in one.get("enum", [None])
        }
        assert values - {None} == told, model


@pytest.mark.parametrize("server", ["18"], indirect=True)
def test_the_examples_are_accepted(service: Service) -> None:
    with service.client() as client:
        document = client.get("/schema").json()
        sent = 0
        for path, operations in document["paths"].items():
            for operation in operations.values():
                if "requestBody" not in operation or "{" in path or "transfer" in path:
                    continue
                for media_type, media in operation["requestBody"]["content"].items():
                    for example in examples(media):
                        answer = post(client, path, media_type, example)
                        assert answer.status_code in {200, 202}, (path, answer.text)
                        assert answer.json().get("not_decoded", 0) == 0, answer.text
                        sent += 1
        assert sent >= 4


def post(client: httpx.Client, path: str, media_type: str, value: Any) -> httpx.Response:  # noqa: ANN401 - any example
    """Send an example as its media type has it."""
    if media_type == "application/json":
        return client.post(path, json=value)
    return client.post(path, content=value, headers={"Content-Type": media_type})


def examples(media: dict[str, Any]) -> list[Any]:
    """Give the examples of a body: with the body, or with its schema."""
    found = [example["value"] for example in media.get("examples", {}).values()]
    return [*found, *media["schema"].get("examples", [])]
