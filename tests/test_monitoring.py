"""The dashboard and the alerts name figures that there are."""

import json
import re
from collections import defaultdict
from typing import Final

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from app.pipeline.metrics import QueueCollector
from app.program.paths import DATA_DIR
from app.service.application import make_app
from app.service.observe import PoolCollector
from tests.servers import Server
from tests.service_support import (
    claims,
    free_port,
    memcached,
    running_service,
    send,
    service_database,
)

FOLDER: Final = DATA_DIR / "monitoring"
NAME: Final = re.compile(r"\bclaims_[a-z_]+")


def figures() -> set[str]:
    """Name every sample that the service and a worker give."""
    assert callable(make_app)
    found = set(PoolCollector.NAMES)
    for metric in QueueCollector(NotImplemented).describe():
        found.add(f"{metric.name}_total" if metric.type == "counter" else metric.name)
    for metric in REGISTRY.collect():
        if metric.type == "counter":
            found.add(f"{metric.name}_total")
        elif metric.type == "histogram":
            found.add(f"{metric.name}_bucket")
        else:
            found.add(metric.name)
    return found


@pytest.fixture(scope="module")
def scraped(postgres18: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """What a service with its worker tells after work of every kind: sums over labels, by name."""
    folder = tmp_path_factory.mktemp("service")
    with (
        service_database(postgres18, folder) as database,
        memcached(port := free_port()),
        running_service(
            database, folder, "--with-worker", MEMCACHED_HOST="127.0.0.1", MEMCACHED_PORT=str(port)
        ) as service,
        service.client() as client,
    ):
        sent = claims(40, seed=71, faults=0.5)
        batch = send(client, sent, Prefer="wait=30").json()["batch"]
        held = client.post("/api/v1/claims/process?hold=true", json=claims(1, seed=72))
        assert held.status_code == 202
        failed = client.get("/api/v1/failed-claims", params={"batch_id": batch["batch_id"]}).json()
        retried = [
            client.post(f"/api/v1/failed-claims/{row['claim_id']}/retry").status_code
            for row in failed["failed_claims"]
            if row["stage"] != "decode"
        ]
        assert set(retried) == {202}
        assert client.get("/api/v1/rvu/99213").status_code == 200
        answer = client.get("/metrics")
        assert answer.headers["Content-Type"].count("charset") == 1
        found: defaultdict[str, float] = defaultdict(float)
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                found[sample.name] += sample.value
        found["retries"] = len(retried)
        return dict(found)


IDLE: Final = {
    "claims_stage_failures_total",
    "claims_batches_failed_total",
    "claims_queue_leased_batches",
    "claims_queue_batches_to_retry",
    "claims_queue_claims",
    "claims_queue_oldest_seconds",
    "claims_http_pool_waiting",
    "claims_model_drift",
}
"""Figures that are zero, or have no series yet, where all went well and nothing waits."""


def test_every_panel_shows_the_work_that_was_done(scraped: dict[str, float]) -> None:
    """By the service and by its worker, without any setting."""
    for panel in json.loads((FOLDER / "dashboard.json").read_text())["panels"]:
        for target in panel["targets"]:
            for name in NAME.findall(target["expr"]):
                assert name in IDLE or scraped[name] > 0, (panel["title"], name)
    assert scraped["claims_failed_claims_retried_total"] == scraped["retries"] > 0
    assert scraped["claims_review_queue_claims"] > 0


def test_every_figure_of_the_dashboard_is_there() -> None:
    dashboard = json.loads((FOLDER / "dashboard.json").read_text())
    named = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in NAME.findall(target["expr"])
    }
    assert len(named) > 15
    assert named - figures() == set()


def test_every_figure_of_the_alerts_is_there() -> None:
    text = (FOLDER / "alerts.yml").read_text()
    expressions = [
        json.loads(line.split("expr: ")[1]) for line in text.splitlines() if "expr: " in line
    ]
    assert len(expressions) == text.count("- alert:") > 5
    named = {name for expression in expressions for name in NAME.findall(expression)}
    assert named - figures() == set()
