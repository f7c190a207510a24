from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.looks import INVENTORY, NOON, POLICIES, Value, differs, finding, host, look, minute, seen, unseen

from luxops.errors import UsageError
from luxops.model import (
    Coverage,
    Drift,
    DriftKind,
    Finding,
    Observation,
    ScanId,
    ScanState,
    Severity,
    Target,
    Totals,
    Verdict,
    digest_of,
)
from luxops.model.scan import UnknownTarget
from luxops.store import ScanNews, Store, StoreError, open_store

pytestmark = pytest.mark.slow

P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def test_a_finished_scan_is_read_back_whole(store: Store) -> None:
    failure = unseen(host(), "sshd", NOON).failure
    assert failure is not None
    coverage = Coverage(targets=2, observed=1, unknown=(UnknownTarget(target=host().id, failure=failure),))
    with store.begin_scan(
        inventory_digest=INVENTORY, policy_digest=POLICIES, selection="hospital:chl", replayed=True
    ) as record:
        record.add(host(), "hosts", [unseen(host(), "sshd", NOON)], [finding(host(), "root", U)], [])
        record.add(host("b"), "hosts", [seen(host("b"), "sshd", 1, NOON)], [finding(host("b"), "root", F)], [])
        scan = record.finish(coverage)
    assert scan.state is ScanState.FINISHED
    assert scan.totals == Totals(FAIL=1, UNKNOWN=1)
    assert store.latest_scan() == store.scan(scan.id) == store.scans()[0] == scan
    assert store.scans()[0].coverage == coverage
    assert store.scans()[0].replayed
    assert store.latest_scan("everything") is None


def test_nothing_is_known_before_the_first_scan(store: Store) -> None:
    assert store.latest_scan() is None
    assert store.scans() == []
    assert store.findings() == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_scan_that_ends_early_is_interrupted_and_counts_for_nothing(store: Store, error: type[BaseException]) -> None:
    first = look(store, minute(0), verdicts={"root": F})

    def ends_early() -> None:
        with store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x") as record:
            record.add(host(), "hosts", [seen(host(), "sshd", 2, minute(1))], [finding(host(), "root", P)], [])
            raise error

    with pytest.raises(error):
        ends_early()
    assert [s.state for s in store.scans()] == [ScanState.INTERRUPTED, ScanState.FINISHED]
    assert store.latest_scan() == first
    assert [r.finding.verdict for r in store.findings()] == [F]
    with pytest.raises(UsageError, match="holds no findings"):
        store.scan_content(store.scans()[0].id)


def test_a_scan_in_progress_is_running_and_shows_nothing_yet(store: Store) -> None:
    with store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x") as record:
        record.add(host(), "hosts", [seen(host(), "sshd", 2, minute(1))], [finding(host(), "root", P)], [])
        assert [s.state for s in store.scans()] == [ScanState.RUNNING]
        assert store.findings() == []
        record.finish(Coverage(targets=1, observed=1))


def test_a_scan_marked_as_interrupted_cannot_be_finished(store: Store) -> None:
    with store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x") as record:
        store.abandon(record.scan.id)
        with pytest.raises(StoreError, match="cannot be finished"):
            record.finish(Coverage(targets=1, observed=1))
    assert [s.state for s in store.scans()] == [ScanState.INTERRUPTED]


def test_an_older_look_that_comes_late_does_not_replace_a_newer_one(store: Store) -> None:
    with store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="slow") as slow:
        slow.add(
            host(), "hosts", [seen(host(), "sshd", "old", minute(0))], [finding(host(), "root", P)], [differs(host(), "a")]
        )
        quick = look(store, minute(5), verdicts={"root": F})
        late = slow.finish(Coverage(targets=1, observed=1))
    (recorded,) = store.findings()
    assert (recorded.finding.verdict, recorded.last_seen) == (F, minute(5))
    assert store.drift() == store.drift(open_only=False) == []
    content = store.scan_content(late.id)
    assert [r.finding.verdict for r in content.findings] == [P]
    assert [r.drift.path for r in content.drift] == ["a"]
    assert [r.finding.verdict for r in store.scan_content(quick.id).findings] == [F]
    change = store.compare_scans(quick.id, late.id)["hosts"]
    assert (change.fail, change.drift) == (-1, 1)
    assert store.target(host().id).observations[0].last_seen == minute(5)


def test_changes_are_counted_against_the_last_look_at_the_same_targets(store: Store) -> None:
    first = look(store, minute(0), verdicts={"a": P, "b": P, "c": P})
    assert store.changes_since_previous(first.id)["hosts"].new_targets == 1
    look(store, minute(1), target=host("other"), verdicts={"a": F, "b": F, "c": F})
    second = look(store, minute(2), verdicts={"a": F, "b": F, "c": U}, drift=[differs(host(), "x")])
    change = store.changes_since_previous(second.id)["hosts"]
    assert (change.fail, change.unknown, change.drift, change.targets, change.new_targets) == (2, 1, 1, 1, 0)
    assert store.changes_since_previous(look(store, minute(3), verdicts={"a": P, "b": F, "c": U}).id)["hosts"].fail == -1
    assert store.compare_scans(second.id, first.id)["hosts"].fail == -2


@pytest.mark.parametrize(
    ("observations", "findings", "drift"),
    [
        ([seen(host("other"), "sshd", 1, NOON)], [], []),
        ([], [finding(host("other"), "a", P)], []),
        ([], [], [differs(host("other"), "a")]),
        ([seen(host(), "sshd", 1, NOON), seen(host(), "sshd", 2, NOON)], [], []),
        ([], [finding(host(), "a", P), finding(host(), "a", F)], []),
        ([Observation.of(host().id, "sshd", Value(content=1)).model_copy(update={"digest": digest_of(0)})], [], []),  # type: ignore[arg-type]
    ],
)
def test_false_evidence_is_refused(
    store: Store, observations: list[Observation], findings: list[Finding], drift: list[Drift]
) -> None:
    with store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x") as record:
        with pytest.raises(ValueError, match=r"speaks of|two|digest"):
            record.add(host(), "hosts", observations, findings, drift)
        record.add(host(), "hosts", [], [], [])
        with pytest.raises(ValueError, match="twice"):
            record.add(host(), "hosts", [], [], [])


def test_evidence_is_kept_once_and_read_back(store: Store) -> None:
    value = {"effective": {"permitrootlogin": "yes"}, "text": "é\x00"}
    for n in range(3):
        look(store, minute(n), facts={"sshd": value})
    (observation,) = store.target(host().id).observations
    assert store.evidence(observation.digest) == {"content": value}
    assert (observation.since, observation.last_seen, observation.value_seen) == (NOON, minute(2), minute(2))
    with pytest.raises(UsageError, match="no evidence"):
        store.evidence(digest_of("nothing"))


def test_a_fact_that_fails_tells_when_there_last_was_a_value(store: Store) -> None:
    look(store, minute(0))
    look(store, minute(1))
    look(store, minute(2), facts={"sysctl": 1}, missing=["sshd"])
    by_fact = {o.fact: o for o in store.target(host().id).observations}
    failed = by_fact[seen(host(), "sshd", 0, NOON).fact]
    assert failed.failure is not None
    assert (failed.since, failed.last_seen, failed.value_seen) == (minute(2), minute(2), minute(1))


_targets = [host("a"), host("b", "hrs")]
_one_finding = st.tuples(
    st.sampled_from("pqr"), st.sampled_from(list(Verdict)), st.sampled_from([None, 1, "x"]), st.integers(0, 1)
)
_one_drift = st.tuples(st.sampled_from("xy"), st.sampled_from(["1", "2", None]))
_one_look = st.tuples(
    st.integers(0, 40),
    st.lists(_one_finding, max_size=3, unique_by=lambda f: f[0]),
    st.lists(_one_drift, max_size=3),
    st.booleans(),
)
_one_scan = st.dictionaries(st.sampled_from([0, 1]), _one_look, min_size=1)


def _recorded(
    store: Store, scan: dict[int, tuple[int, list[tuple[str, Verdict, object, int]], list[tuple[str, str | None]], bool]]
) -> tuple[ScanId, list[Finding], list[Drift]]:
    all_findings, all_drift = [], []
    with store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x") as record:
        for number, (at, findings, drift, whole) in scan.items():
            target: Target = _targets[number]
            judged = [finding(target, p, v, actual, evidence=e) for p, v, actual, e in findings]
            differences = [differs(target, path, actual) for path, actual in drift]
            observation = seen(target, "sshd", at, minute(at)) if whole else unseen(target, "sshd", minute(at))
            record.add(target, "hosts", [observation], judged, differences)
            all_findings += judged
            all_drift += differences
        return record.finish(Coverage(targets=2, observed=2)).id, all_findings, all_drift


@settings(
    max_examples=500 if os.environ.get("LUXOPS_STRESS") else 20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(scans=st.lists(_one_scan, min_size=1, max_size=8))
def test_every_scan_is_read_back_as_it_was_whatever_came_after(store: Store, scans: list[dict[int, object]]) -> None:
    known = [_recorded(store, scan) for scan in scans]  # type: ignore[arg-type]
    for scan_id, findings, drift in known:
        content = store.scan_content(scan_id)
        assert sorted(map(str, findings)) == sorted(str(r.finding) for r in content.findings)
        verified = [r.drift for r in content.drift]
        assert all(verified.count(d) >= drift.count(d) for d in drift)
        assert store.scan_content(scan_id) == content


def test_news_is_what_a_scan_changed(store: Store) -> None:
    first = look(store, minute(0), verdicts={"a": F, "b": P}, drift=[differs(host(), "x")])
    assert store.news(first.id).new_targets == {host().id}
    assert len(store.news(first.id).findings) == 2
    same = look(store, minute(1), verdicts={"a": F, "b": P}, drift=[differs(host(), "x")])
    assert store.news(same.id) == ScanNews(findings=(), drift=(), new_targets=frozenset())
    third = look(store, minute(2), verdicts={"a": P, "b": P}, drift=[differs(host(), "y")])
    look(store, minute(3), verdicts={"a": F, "b": F})
    news = store.news(third.id)
    assert [(r.finding.policy, r.finding.verdict, r.fixed_at) for r in news.findings] == [("a", P, minute(2))]
    assert [(r.drift.path, r.ended) for r in news.drift] == [("x", "fixed"), ("y", "")]


def test_the_summary_tells_who_was_not_observed_and_since_when(store: Store) -> None:
    look(store, minute(0), verdicts={"a": F, "b": P}, drift=[differs(host(), "x")])
    look(store, minute(1), verdicts={"a": F, "b": U}, missing=["sudo", "files"])
    (last,) = store.summary().looks
    assert (last.looked_at, last.observed_at) == (minute(1), NOON)
    assert last.failure is not None
    assert dict(last.verdicts) == {(F, Severity.HIGH): 1, (U, Severity.HIGH): 1}
    assert dict(last.drift) == {DriftKind.CHANGED: 1}
    assert store.failures() == {host().id: last.failure}
    look(store, minute(2))
    assert store.failures() == {}


def test_only_one_watch_works_on_a_store(store_url: str) -> None:
    with open_store(store_url) as one, open_store(store_url) as two:
        first, second = one.watch_lock(), two.watch_lock()
        first.hold()
        first.hold()
        with pytest.raises(StoreError, match="Another luxops watch"):
            second.hold()
        first.release()
        second.hold()
        second.release()
