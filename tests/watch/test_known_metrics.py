from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from tests.support.looks import NOON, differs, host, look, minute

from luxops.metrics import Known, KnownMetrics
from luxops.model import TargetId, Verdict
from luxops.store import Store, open_store

P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
WATCHED = {TargetId("a"): "hosts", TargetId("b"): "hosts", TargetId("r"): "network"}


class Page:
    """The metrics as a scrape at a given minute reads them; what is looked at is stale after 15 minutes."""

    def __init__(self, store: Store) -> None:
        self.now = NOON
        self.metrics = KnownMetrics(timedelta(minutes=15), self._clock)
        self.registry = CollectorRegistry()
        self.registry.register(self.metrics)
        self.store = store

    def _clock(self) -> datetime:
        return self.now

    def at(self, number: float) -> Page:
        latest = self.store.latest_scan()
        self.now = minute(number)
        self.metrics.known = Known(WATCHED, self.store.summary(), latest.finished if latest else None)
        return self

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


@pytest.fixture
def page(store_url: str) -> Page:
    return Page(open_store(store_url))


def test_what_was_never_looked_at_counts_as_unobserved_and_infinitely_old(page: Page) -> None:
    page.at(0)
    assert page.value("luxops_targets", domain="hosts") == 2
    assert page.value("luxops_targets_observed", domain="hosts") == 0
    assert page.value("luxops_targets_unobserved", domain="hosts", reason="never-observed") == 2
    assert page.value("luxops_target_observation_age_seconds", domain="hosts", target="a") == math.inf
    assert page.value("luxops_scan_last_finished_timestamp_seconds") == 0


def test_coverage_verdicts_drift_and_age_are_told(page: Page) -> None:
    look(page.store, minute(0), target=host("a"), verdicts={"x": F, "y": P}, drift=[differs(host("a"), "p")])
    look(page.store, minute(1), target=host("b"), verdicts={"x": U}, missing=["sockets"])
    page.at(2)
    assert page.value("luxops_targets_observed", domain="hosts") == 1
    assert page.value("luxops_targets_unobserved", domain="hosts", reason="timeout") == 1
    assert page.value("luxops_findings", domain="hosts", verdict="FAIL", severity="high") == 1
    assert page.value("luxops_findings", domain="hosts", verdict="PASS", severity="high") == 1
    assert page.value("luxops_findings", domain="hosts", verdict="UNKNOWN", severity="high") == 1
    assert page.value("luxops_findings", domain="network", verdict="FAIL", severity="high") == 0
    assert page.value("luxops_drift", domain="hosts", kind="changed") == 1
    assert page.value("luxops_target_observation_age_seconds", domain="hosts", target="a") == 120
    assert page.value("luxops_target_observation_age_seconds", domain="hosts", target="b") == math.inf
    assert page.value("luxops_scans_total", state="finished") == 2


def test_a_target_that_fails_grows_old_from_when_it_was_last_observed(page: Page) -> None:
    look(page.store, minute(0), target=host("a"))
    look(page.store, minute(5), target=host("a"), missing=["sockets"])
    assert page.at(6).value("luxops_target_observation_age_seconds", domain="hosts", target="a") == 360


def test_what_is_stale_is_unknown_and_drift_stays_open(page: Page) -> None:
    look(page.store, minute(0), target=host("a"), verdicts={"x": F, "y": P}, drift=[differs(host("a"), "p")])
    page.at(15)
    assert page.value("luxops_targets_observed", domain="hosts") == 1
    page.now = minute(15.1)  # nothing new is read: what is known grows old by itself
    assert page.value("luxops_targets_observed", domain="hosts") == 0
    assert page.value("luxops_targets_unobserved", domain="hosts", reason="stale") == 1
    assert page.value("luxops_findings", domain="hosts", verdict="UNKNOWN", severity="high") == 2
    assert page.value("luxops_findings", domain="hosts", verdict="PASS", severity="high") == 0
    assert page.value("luxops_drift", domain="hosts", kind="changed") == 1


def test_targets_that_are_not_watched_are_not_told(page: Page) -> None:
    look(page.store, minute(0), target=host("other"), verdicts={"x": F})
    page.at(1)
    assert page.value("luxops_findings", domain="hosts", verdict="FAIL", severity="high") == 0
    assert page.value("luxops_target_observation_age_seconds", domain="hosts", target="other") is None


def test_the_number_of_series_does_not_grow_with_what_is_found(page: Page) -> None:
    def series() -> int:
        return sum(len(metric.samples) for metric in page.registry.collect())

    look(page.store, minute(0), target=host("a"), verdicts={"x": F})
    before = page.at(1) and series()
    look(
        page.store,
        minute(2),
        target=host("a"),
        verdicts={f"p{n}": F for n in range(200)},
        drift=[differs(host("a"), str(n)) for n in range(50)],
    )
    page.at(3)
    assert series() == before
