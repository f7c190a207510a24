"""The loop over a domain that answers as a test wants."""

from __future__ import annotations

import shutil
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.support.postgres import PostgresServer
from tests.support.watched import Hosts, prepared, watch_over

from luxops.errors import UsageError
from luxops.model import FailureReason, ScanState, Verdict
from luxops.settings import Settings
from luxops.store import Store, StoreError, open_store
from luxops.watch import Watch

pytestmark = pytest.mark.slow

PATIENCE = 30
"""Seconds after which what should have happened has not."""


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@contextmanager
def running(watch: Watch) -> Iterator[None]:
    trouble: list[BaseException] = []

    def run() -> None:
        try:
            watch.run()
        except BaseException as error:  # noqa: BLE001 - handed on to the test
            trouble.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        watch.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert trouble == []


def value(watch: Watch, name: str, **labels: str) -> float:
    return watch.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return prepared(tmp_path, f"sqlite:///{tmp_path}/luxops.db")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings.store.url) as opened:
        yield opened


def test_rounds_look_at_every_target_so_often_and_end(settings: Settings, store: Store) -> None:
    hosts = Hosts()
    watch_over(settings, store, hosts).run(rounds=2)
    assert set(hosts.asked) == {"chl-pacs1", "chl-pacs2", "anim-dc1"}
    assert min(hosts.asked.values()) == 2
    assert hosts.most_at_once == 1
    assert {r.finding.verdict for r in store.findings()} == {Verdict.PASS}


def test_only_what_is_selected_is_watched(settings: Settings, store: Store) -> None:
    hosts = Hosts()
    watch = watch_over(settings, store, hosts, "hospital:chl")
    watch.run(rounds=1)
    assert set(hosts.asked) == {"chl-pacs1", "chl-pacs2"}
    assert value(watch, "luxops_targets", domain="hosts") == 2
    with pytest.raises(UsageError, match="No target matches"):
        watch_over(settings, store, hosts, "hospital:none")


def test_a_change_made_by_hand_is_told_within_an_interval(settings: Settings, store: Store) -> None:
    hosts = Hosts()
    watch = watch_over(settings, store, hosts)
    with capture_logs() as logs, running(watch):
        until(lambda: len(hosts.asked) == 3 and value(watch, "luxops_targets_observed", domain="hosts") == 3)
        hosts.root["chl-pacs1"] = "yes"
        hosts.ports["chl-pacs1"] = (8080,)
        looked = hosts.asked["chl-pacs1"]
        until(lambda: value(watch, "luxops_findings", domain="hosts", verdict="FAIL", severity="high") == 1)
        assert hosts.asked["chl-pacs1"] <= looked + 2
        assert value(watch, "luxops_drift", domain="hosts", kind="unmanaged") == 1
        hosts.root.clear()
        hosts.ports.clear()
        until(lambda: value(watch, "luxops_drift", domain="hosts", kind="unmanaged") == 0)
    told = [(line["event"], line.get("target"), line.get("policy") or line.get("path")) for line in logs]
    assert ("watch.failed", "chl-pacs1", "root-login") in told
    assert ("watch.drift", "chl-pacs1", "port 8080") in told
    assert ("watch.fixed", "chl-pacs1", "root-login") in told
    assert ("watch.drift-ended", "chl-pacs1", "port 8080") in told


def test_a_target_that_fails_is_told_asked_less_often_and_never_hidden(settings: Settings, store: Store) -> None:
    hosts = Hosts()
    hosts.down["anim-dc1"] = FailureReason.HOST_KEY_CHANGED
    watch = watch_over(settings, store, hosts)
    with capture_logs() as logs, running(watch):
        until(lambda: hosts.asked["chl-pacs1"] >= 7)
        assert 2 <= hosts.asked["anim-dc1"] < hosts.asked["chl-pacs1"]
        assert value(watch, "luxops_targets_unobserved", domain="hosts", reason="host-key-changed") == 1
        assert value(watch, "luxops_targets_observed", domain="hosts") == 2
        assert value(watch, "luxops_looks_total", domain="hosts", result="host-key-changed") >= 2
        hosts.down.clear()
        until(lambda: value(watch, "luxops_targets_observed", domain="hosts") == 3)
    assert any(line["event"] == "watch.unobserved" and line["target"] == "anim-dc1" for line in logs)


def test_a_target_that_answers_in_part_is_asked_as_often_as_the_others(settings: Settings, store: Store) -> None:
    hosts = Hosts()
    hosts.blind.add("anim-dc1")
    watch = watch_over(settings, store, hosts)
    with running(watch):
        until(lambda: hosts.asked["chl-pacs1"] >= 6)
        assert hosts.asked["anim-dc1"] >= 5
        assert value(watch, "luxops_targets_unobserved", domain="hosts", reason="unsupported") == 1


def test_metrics_are_served_while_it_runs_and_no_longer(settings: Settings, store: Store) -> None:
    watch = watch_over(settings, store, Hosts())
    with capture_logs() as logs, running(watch):
        until(lambda: any(line["event"] == "watch.started" for line in logs))
        url = f"http://127.0.0.1:{next(line['metrics_port'] for line in logs if 'metrics_port' in line)}/metrics"
        until(lambda: value(watch, "luxops_targets_observed", domain="hosts") == 3)
        page = urllib.request.urlopen(url, timeout=10).read().decode()
        assert 'luxops_targets_observed{domain="hosts"} 3.0' in page
        assert "luxops_scan_duration_seconds_bucket" in page
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url, timeout=10)


def test_an_address_that_is_taken_or_malformed_is_said_so(tmp_path: Path, store: Store) -> None:
    for listen in ("nowhere", "127.0.0.1:99999", "127.0.0.1:http", "192.0.2.77:9464"):
        settings = prepared(tmp_path, "sqlite:///unused.db", listen=listen)
        with pytest.raises(UsageError, match="Metrics cannot be served"):
            watch_over(settings, store, Hosts()).run(rounds=1)


def test_a_second_watch_on_the_same_store_is_refused(settings: Settings, store: Store) -> None:
    hosts = Hosts()
    watch = watch_over(settings, store, hosts)
    with running(watch):
        until(lambda: len(hosts.asked) == 3)
        with open_store(settings.store.url) as other, pytest.raises(StoreError, match="Another luxops watch"):
            watch_over(settings, other, Hosts()).run(rounds=1)
    watch_over(settings, store, Hosts()).run(rounds=1)


def test_an_edited_inventory_is_taken_over_and_a_broken_one_is_not(settings: Settings, store: Store) -> None:
    hosts = Hosts()
    watch = watch_over(settings, store, hosts)
    file = settings.inventory / "hosts" / "chl.yaml"
    good = file.read_text()
    with running(watch):
        until(lambda: len(hosts.asked) == 3)
        file.write_text(good + "\nnonsense: [")
        until(lambda: value(watch, "luxops_configuration_reloads_total", part="inventory", result="refused") == 1)
        assert watch.registry.get_sample_value("luxops_configuration_valid", {"part": "inventory"}) == 0
        before = hosts.asked["chl-pacs2"]
        until(lambda: hosts.asked["chl-pacs2"] > before)
        file.write_text(good.replace("chl-pacs2", "chl-pacs9"))
        until(lambda: hosts.asked["chl-pacs9"] > 1)
        until(lambda: value(watch, "luxops_targets_observed", domain="hosts") == 3)
    assert {str(look.target.id) for look in store.summary().looks} == {"chl-pacs1", "chl-pacs9", "anim-dc1"}


def test_policies_that_no_longer_judge_what_is_watched_are_told_and_what_is_known_grows_stale(
    settings: Settings, store: Store
) -> None:
    hosts = Hosts()
    watch = watch_over(settings, store, hosts)
    file = settings.policies / "host" / "ssh.yaml"
    good = file.read_text()
    with capture_logs() as logs, running(watch):
        until(lambda: value(watch, "luxops_targets_observed", domain="hosts") == 3)
        (settings.policies / "router").mkdir()
        (settings.policies / "router" / "r.yaml").write_text(good.replace("applies_to: host", "applies_to: router"))
        file.unlink()
        until(lambda: any(line["event"] == "watch.scan-refused" for line in logs))
        until(lambda: value(watch, "luxops_targets_unobserved", domain="hosts", reason="stale") == 3)
        shutil.rmtree(settings.policies / "router")
        file.write_text(good)
        until(lambda: value(watch, "luxops_targets_observed", domain="hosts") == 3)


@pytest.mark.postgresql
def test_a_store_that_is_gone_for_a_while_is_told_and_tried_again(own_server: PostgresServer, tmp_path: Path) -> None:
    settings = prepared(tmp_path, own_server.url("postgres"))
    hosts = Hosts()
    with open_store(settings.store.url, busy_timeout=2) as store:
        watch = watch_over(settings, store, hosts)
        with capture_logs() as logs, running(watch):
            until(lambda: value(watch, "luxops_targets_observed", domain="hosts") == 3)
            own_server.stop()
            until(lambda: value(watch, "luxops_store_errors_total") >= 2)
            assert value(watch, "luxops_store_up") == 0
            until(lambda: value(watch, "luxops_targets_unobserved", domain="hosts", reason="stale") == 3)
            hosts.root["chl-pacs1"] = "yes"
            own_server.start()
            until(lambda: value(watch, "luxops_findings", domain="hosts", verdict="FAIL", severity="high") == 1)
            assert value(watch, "luxops_store_up") == 1
        assert ScanState.RUNNING not in {scan.state for scan in store.scans(limit=1000)}
    assert any(line["event"] == "watch.store-failed" and "does not answer" in line["problem"] for line in logs)
