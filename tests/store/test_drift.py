from __future__ import annotations

import pytest
from tests.support.looks import INVENTORY, NOON, POLICIES, differs, host, look, minute, seen, unseen

from luxops.model import Coverage, DriftKind
from luxops.store import Store


def history(store: Store) -> list[tuple[str, str | None, str]]:
    return [(r.drift.path, r.drift.actual, r.ended) for r in store.drift(open_only=False)]


def test_drift_stays_open_while_it_is_seen(store: Store) -> None:
    for n in range(3):
        look(store, minute(n), drift=[differs(host(), "port 8080")])
    (recorded,) = store.drift()
    assert (recorded.since, recorded.verified_at, recorded.until, recorded.ended) == (NOON, minute(2), None, "")


def test_drift_that_is_gone_was_fixed(store: Store) -> None:
    look(store, minute(0), drift=[differs(host(), "port 8080")])
    look(store, minute(1))
    assert store.drift() == []
    (recorded,) = store.drift(open_only=False)
    assert (recorded.until, recorded.ended, recorded.verified_at) == (minute(1), "fixed", NOON)


def test_drift_does_not_vanish_because_a_look_failed(store: Store) -> None:
    look(store, minute(0), drift=[differs(host(), "port 8080")])
    blind = look(store, minute(1), missing=["sockets"])
    (recorded,) = store.drift()
    assert (recorded.verified_at, recorded.ended) == (NOON, "")
    (told,) = store.scan_content(blind.id).drift
    assert told.verified_at < minute(1)
    look(store, minute(2))
    assert history(store) == [("port 8080", "yes", "fixed")]
    assert [r.verified_at for r in store.scan_content(blind.id).drift] == [NOON]


def test_a_failed_look_may_still_show_more_drift(store: Store) -> None:
    look(store, minute(0), drift=[differs(host(), "a")])
    look(store, minute(1), drift=[differs(host(), "b")], missing=["sockets"])
    assert [r.drift.path for r in store.drift()] == ["a", "b"]


@pytest.mark.parametrize("compared", [True, False])
def test_the_caller_may_know_better_whether_a_look_could_tell(store: Store, *, compared: bool) -> None:
    look(store, minute(0), drift=[differs(host(), "port 8080")])
    with store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="everything") as record:
        facts = [seen(host(), "sockets", [], minute(1)), unseen(host(), "packages", minute(1))]
        record.add(host(), "hosts", facts, [], [], compared=compared)
        record.finish(Coverage(targets=1, observed=0))
    assert [r.ended for r in store.drift(open_only=False)] == ["fixed" if compared else ""]


def test_drift_that_changes_is_another_interval_of_the_same_drifting(store: Store) -> None:
    look(store, minute(0), drift=[differs(host(), "mtu", "1400")])
    look(store, minute(1), drift=[differs(host(), "mtu", "9000")])
    (recorded,) = store.drift()
    assert (recorded.drift.actual, recorded.since, recorded.drifting_since) == ("9000", minute(1), NOON)
    assert history(store) == [("mtu", "1400", "changed"), ("mtu", "9000", "")]


def test_several_differences_may_share_a_path(store: Store) -> None:
    lines = [
        differs(host(), "access-list FIBRE-IN", line, DriftKind.UNMANAGED) for line in ("40 permit", "50 permit", "50 permit")
    ]
    look(store, minute(0), drift=lines)
    assert len(store.drift()) == 3
    look(store, minute(1), drift=lines[1:])
    assert [r.drift.actual for r in store.drift()] == ["50 permit", "50 permit"]
    look(store, minute(2), drift=lines[2:])
    assert [r.drift.actual for r in store.drift()] == ["50 permit"]
    assert sorted(r.ended for r in store.drift(open_only=False)) == ["", "fixed", "fixed"]


def test_drift_gone_because_the_declaration_changed_was_withdrawn_not_fixed(store: Store) -> None:
    look(store, minute(0), drift=[differs(host(), "port 8080")])
    look(store, minute(1), missing=["sockets"], inventory="declares 8080")
    look(store, minute(2), inventory="declares 8080")
    assert history(store) == [("port 8080", "yes", "withdrawn")]


def test_drift_of_a_target_that_is_no_longer_declared_was_withdrawn(store: Store) -> None:
    look(store, minute(0), target=host("old"), drift=[differs(host("old"), "port 8080")])
    look(store, minute(1), declared=[host().id])
    assert store.drift() == []
    assert history(store) == [("port 8080", "yes", "withdrawn")]
