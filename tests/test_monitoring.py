"""The dashboard and the alerts name figures that there are."""

import json
import re
from typing import Final

from prometheus_client import REGISTRY

from app.pipeline.metrics import QueueCollector
from app.program.paths import DATA_DIR
from app.service.application import make_app
from app.service.observe import PoolCollector

FOLDER: Final = DATA_DIR / "monitoring"
NAME: Final = re.compile(r"\bclaims_[a-z_]+")


def figures() -> set[str]:
    """Name every sample that the service and a worker give."""
    assert callable(make_app)
    found = set(PoolCollector.NAMES)
    found |= {metric.name for metric in QueueCollector(NotImplemented).describe()}
    for metric in REGISTRY.collect():
        if metric.type == "counter":
            found.add(f"{metric.name}_total")
        elif metric.type == "histogram":
            found.add(f"{metric.name}_bucket")
        else:
            found.add(metric.name)
    return found


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
