from __future__ import annotations

from datetime import timedelta

import pytest
from tests.support.looks import NOON, finding, host, look, minute

from luxops.errors import UsageError
from luxops.model import Selection, Severity, TargetId, Verdict
from luxops.store import RecordedFinding, Store

P, F, U, N, W = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE, Verdict.WAIVED


def only(store: Store) -> RecordedFinding:
    (recorded,) = store.findings()
    return recorded


def test_an_unchanged_failure_keeps_its_beginning(store: Store) -> None:
    for n in range(3):
        look(store, minute(n), verdicts={"root": F})
    recorded = only(store)
    assert (recorded.since, recorded.failing_since, recorded.fixed_at) == (NOON, NOON, None)
    assert recorded.last_seen == minute(2)


def test_a_failure_that_looks_different_begins_anew_but_fails_since_the_first(store: Store) -> None:
    look(store, minute(0), findings=[finding(host(), "root", F, actual="yes")])
    look(store, minute(1), findings=[finding(host(), "root", F, actual="prohibit-password")])
    recorded = only(store)
    assert recorded.finding.actual == "prohibit-password"
    assert (recorded.since, recorded.failing_since) == (minute(1), NOON)


def test_other_evidence_for_the_same_verdict_is_not_a_new_beginning(store: Store) -> None:
    first = look(store, minute(0), findings=[finding(host(), "root", F, evidence=1)])
    look(store, minute(1), findings=[finding(host(), "root", F, evidence=2)])
    recorded = only(store)
    assert recorded.since == NOON
    assert recorded.finding.evidence == finding(host(), "root", F, evidence=2).evidence
    assert store.scan_content(first.id).findings[0].finding.evidence == finding(host(), "root", F, evidence=1).evidence


@pytest.mark.parametrize("good", [P, N])
def test_a_failure_is_fixed_when_it_is_seen_gone(store: Store, good: Verdict) -> None:
    look(store, minute(0), verdicts={"root": F})
    look(store, minute(1), verdicts={"root": good})
    look(store, minute(2), verdicts={"root": good})
    recorded = only(store)
    assert (recorded.failing_since, recorded.fixed_at, recorded.since) == (None, minute(1), minute(1))


def test_unknown_neither_fixes_a_failure_nor_begins_one(store: Store) -> None:
    look(store, minute(0), verdicts={"root": F, "empty": P})
    look(store, minute(1), verdicts={"root": U, "empty": U})
    while_unknown = {str(r.finding.policy): r for r in store.findings()}
    assert (while_unknown["root"].failing_since, while_unknown["root"].fixed_at) == (NOON, None)
    assert (while_unknown["empty"].failing_since, while_unknown["empty"].fixed_at) == (None, None)
    look(store, minute(2), verdicts={"root": F, "empty": P})
    assert {r.finding.policy: r.failing_since for r in store.findings()} == {"root": NOON, "empty": None}
    look(store, minute(3), verdicts={"root": U, "empty": P})
    look(store, minute(4), verdicts={"root": P, "empty": P})
    assert {r.finding.policy: r.fixed_at for r in store.findings()} == {"root": minute(4), "empty": None}


def test_a_waiver_accepts_a_failure_and_does_not_fix_it(store: Store) -> None:
    look(store, minute(0), verdicts={"root": F})
    look(store, minute(1), verdicts={"root": W})
    assert (only(store).failing_since, only(store).fixed_at) == (NOON, None)
    look(store, minute(2), verdicts={"root": F})
    assert only(store).failing_since == NOON
    look(store, minute(3), verdicts={"root": W})
    look(store, minute(4), verdicts={"root": P})
    assert only(store).fixed_at == minute(4)


def test_failing_again_is_not_fixed(store: Store) -> None:
    for n, verdict in enumerate([F, P, F]):
        look(store, minute(n), verdicts={"root": verdict})
    assert (only(store).failing_since, only(store).fixed_at) == (minute(2), None)


@pytest.mark.parametrize("between", [[], [U], [U, U]])
def test_a_failure_gone_under_other_policies_was_withdrawn_not_fixed(store: Store, between: list[Verdict]) -> None:
    look(store, minute(0), verdicts={"root": F})
    for n, verdict in enumerate(between, 1):
        look(store, minute(n), verdicts={"root": verdict}, policies="relaxed")
    look(store, minute(9), verdicts={"root": P}, policies="relaxed")
    assert (only(store).failing_since, only(store).fixed_at) == (None, None)


def test_a_failure_confirmed_by_the_new_policies_can_be_fixed_under_them(store: Store) -> None:
    look(store, minute(0), verdicts={"root": F})
    look(store, minute(1), verdicts={"root": F}, policies="new")
    look(store, minute(2), verdicts={"root": P}, policies="new")
    assert only(store).fixed_at == minute(2)


def test_a_policy_that_is_gone_is_no_longer_told_and_nothing_was_fixed(store: Store) -> None:
    first = look(store, minute(0), verdicts={"root": F, "motd": F})
    look(store, minute(1), verdicts={"motd": F}, policies="fewer")
    assert [r.finding.policy for r in store.findings()] == ["motd"]
    look(store, minute(2), verdicts={"root": P, "motd": F})
    assert {r.finding.policy: r.fixed_at for r in store.findings()} == {"root": None, "motd": None}
    assert len(store.scan_content(first.id).findings) == 2


def test_a_target_that_is_no_longer_declared_is_withdrawn_and_its_history_kept(store: Store) -> None:
    gone, stays = host("chl-old1"), host("chl-pacs1")
    first = look(store, minute(0), target=gone, verdicts={"root": F})
    look(store, minute(1), target=stays, verdicts={"root": F})
    assert len(store.findings()) == 2
    look(store, minute(2), target=stays, verdicts={"root": F}, declared=[stays.id])
    assert [r.finding.target for r in store.findings()] == [stays.id]
    assert store.target(gone.id).withdrawn
    assert [look_.target.id for look_ in store.summary().looks] == [stays.id]
    assert [r.finding.verdict for r in store.scan_content(first.id).findings] == [F]
    look(store, minute(3), target=gone, verdicts={"root": P}, declared=[stays.id, gone.id])
    assert store.target(gone.id).findings[0].fixed_at is None


def test_what_was_seen_too_long_ago_is_unknown(store: Store) -> None:
    look(store, minute(0), target=host("old"), verdicts={"root": P})
    look(store, minute(20), target=host("new"), verdicts={"root": P})
    found = store.findings(at=None, stale_after=timedelta(days=36500))
    assert [r.finding.verdict for r in found] == [P, P]
    view = store.target(TargetId("old"), stale_after=timedelta(minutes=15))
    assert view.findings[0].finding.verdict is U
    assert view.findings[0].finding.reason.startswith("stale: last looked at 2026-03-02 12:00:00")
    assert store.findings(verdicts=[P], stale_after=timedelta(minutes=15)) == []


def test_findings_are_chosen_by_selection_and_verdict_worst_first(store: Store) -> None:
    judged = [finding(host(), "b", F, severity=Severity.LOW), finding(host(), "a", P), finding(host(), "c", F)]
    look(store, minute(0), findings=judged)
    look(store, minute(0), target=host("hrs-pacs1", "hrs"), verdicts={"a": F})
    assert [(r.finding.target, r.finding.policy) for r in store.findings(verdicts=[F])] == [
        ("chl-pacs1", "c"),
        ("hrs-pacs1", "a"),
        ("chl-pacs1", "b"),
    ]
    assert len(store.findings(Selection.parse(["hospital:hrs"]))) == 1
    assert store.findings(Selection.parse(["hospital:chem"])) == []


def test_the_past_can_be_asked_for(store: Store) -> None:
    look(store, minute(0), verdicts={"root": F})
    between = store.latest_scan()
    assert between is not None
    assert between.finished is not None
    look(store, minute(1), verdicts={"root": P})
    assert [r.finding.verdict for r in store.findings(at=between.finished)] == [F]
    assert [r.finding.verdict for r in store.findings()] == [P]
    assert store.findings(at=between.started - timedelta(seconds=1)) == []


def test_an_unknown_target_is_said_to_be_so(store: Store) -> None:
    with pytest.raises(UsageError, match="Nothing is known"):
        store.target(TargetId("chl-pacs1"))
    look(store, minute(0))
    with pytest.raises(UsageError, match="did you mean `chl-pacs1`"):
        store.target(TargetId("chl-pacs2"))


def test_text_from_a_hostile_target_is_kept_as_it_is(store: Store) -> None:
    strange = "a\x00b\x1b[31m\u202e'; DROP TABLE findings; --\U0001f4a9"
    look(store, minute(0), findings=[finding(host(), "root", F, actual={strange: [strange, None, 1.5]})])
    assert only(store).finding.actual == {strange: [strange, None, 1.5]}
