"""What is delivered for Prometheus, Grafana and systemd, against the metrics and commands that there really are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from tests.support.watched import Hosts, prepared

from luxops.model import Selection
from luxops.store import open_store
from luxops.watch import Watch, Watched
from luxops.watch.backups import BackupDuty

pytestmark = pytest.mark.slow

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "luxops-alerts.yaml"
RULES_TEST = DEPLOY / "prometheus" / "luxops-alerts-test.yaml"
DASHBOARD = DEPLOY / "grafana" / "luxops.json"

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is missing: apt-get install prometheus")


@pytest.fixture
def registry(tmp_path: Path) -> CollectorRegistry:
    """Of a watch that has looked once."""
    settings = prepared(tmp_path, f"sqlite:///{tmp_path}/luxops.db")
    with open_store(settings.store.url) as store:
        backups = BackupDuty(tmp_path / "backups", 26 * 3600.0)
        watch = Watch(Watched(settings, Selection.parse([]), (Hosts(),), store, backups=backups))
        watch.run(rounds=1)
    return watch.registry


def series(registry: CollectorRegistry) -> dict[str, set[str]]:
    """Every name that a query may use → its labels."""
    found: dict[str, set[str]] = {}
    for metric in registry.collect():
        suffixes = {"counter": ["_total"], "info": ["_info"], "histogram": ["_bucket", "_sum", "_count"]}.get(metric.type, [""])
        for suffix in suffixes:
            labels = {label for sample in metric.samples for label in sample.labels}
            found[metric.name + suffix] = labels | {"job", "instance"}
    return found


def expressions(value: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        own = [text for key, text in value.items() if key in {"expr", "definition"} and isinstance(text, str)]
        return own + [e for part in value.values() for e in expressions(part)]
    return [e for part in value for e in expressions(part)] if isinstance(value, list) else []


def rules() -> list[str]:
    return re.findall(r"^\s+expr: (.+)$", RULES.read_text(), re.MULTILINE)


def promtool(*arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(["promtool", *arguments], input=stdin, capture_output=True, cwd=RULES.parent, check=False)  # noqa: S607 - a system program
    output = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, output
    return output


def test_every_metric_that_is_asked_for_exists(registry: CollectorRegistry) -> None:
    there = series(registry)
    asked = [*rules(), *expressions(json.loads(DASHBOARD.read_text()))]
    assert len(asked) > 30
    for expression in asked:
        names = re.findall(r"\bluxops_\w+", expression)
        assert names, expression
        assert set(names) <= there.keys(), expression
        for name, matchers in re.findall(r"\b(luxops_\w+)\{([^}]*)\}", expression):
            assert set(re.findall(r"(\w+)\s*=?[=~!]", matchers)) <= there[name], expression


def test_every_metric_is_described_and_most_are_shown(registry: CollectorRegistry) -> None:
    assert all(metric.documentation for metric in registry.collect())
    shown = " ".join([*rules(), *expressions(json.loads(DASHBOARD.read_text()))])
    unused = {metric.name for metric in registry.collect() if metric.name not in shown}
    assert unused <= {"luxops_watch_interval_seconds", "luxops_configuration_reloads"}


def test_panels_of_the_dashboard_have_their_own_place() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert all(panel["title"] and panel["description"] for panel in panels)


@needs_promtool
def test_the_alert_rules_are_sound_and_do_what_they_say() -> None:
    assert "SUCCESS" in promtool("check", "rules", RULES.name)
    assert "SUCCESS" in promtool("test", "rules", RULES_TEST.name)


def test_every_alert_is_tested() -> None:
    alerts = set(re.findall(r"- alert: (\w+)", RULES.read_text()))
    tested = RULES_TEST.read_text()
    assert len(alerts) >= 10
    for alert in alerts:
        assert re.search(rf'alertname="{alert}"|alertname: {alert}\n', tested), f"no test makes {alert} fire"
        assert f"alertname: {alert}, exp_alerts: []" in tested, f"no test keeps {alert} quiet"


@needs_promtool
def test_the_metrics_page_follows_the_conventions(registry: CollectorRegistry) -> None:
    assert promtool("check", "metrics", stdin=generate_latest(registry)) == ""


def test_the_unit_runs_a_command_that_exists() -> None:
    unit = (DEPLOY / "systemd" / "luxops-watch.service").read_text()
    assert re.search(r"^ExecStart=/opt/luxops/bin/luxops watch$", unit, re.MULTILINE)
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    unit_file = str(DEPLOY / "systemd" / "luxops-watch.service")
    done = subprocess.run(["systemd-analyze", "verify", unit_file], capture_output=True, check=False)  # noqa: S607 - a system program
    said = [line for line in done.stderr.decode().splitlines() if "/opt/luxops/bin/luxops" not in line]
    assert not [line for line in said if "luxops-watch.service" in line], said
