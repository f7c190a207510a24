"""Every break of the cloud, put into the real lab: a scan says exactly what the breaks announce, and after heal nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.lab import ROOT

from luxops.cli.session import Session, open_session
from luxops.errors import LuxopsError
from luxops.lab import faults
from luxops.lab.breaks import BREAKS, Break, find
from luxops.lab.breaks.cloud.hands import Hands, Id
from luxops.lab.breaks.interface import Bench
from luxops.lab.lab import Lab
from luxops.model import Selection, Verdict
from luxops.settings import Settings

pytestmark = pytest.mark.lab
Fact = tuple[str, str, str]
"""(`policy` | `drift` | `unknown`, target, policy or path)"""


def _rounds() -> list[list[Break]]:
    """All breaks of the cloud in as few looks as will do: no two of a round are felt on the same target."""
    rounds: list[list[Break]] = []
    for fault in BREAKS:
        if fault.domain == "cloud":
            felt = _targets([fault])
            free = next((together for together in rounds if not felt & _targets(together)), None)
            if free is None:
                rounds.append([fault])
            else:
                free.append(fault)
    return rounds


def _targets(together: list[Break]) -> set[str]:
    return {cause.target for fault in together for cause in fault.causes}


def _announced(together: list[Break]) -> set[Fact]:
    return {(cause.kind, cause.target, cause.id or cause.path) for fault in together for cause in fault.causes}


@pytest.fixture(scope="module")
def session(lab_cloud: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    store = lab_cloud.store.model_copy(update={"url": f"sqlite:///{tmp_path_factory.mktemp('store')}/luxops.db"})
    own = {"store": store, "domains": ("cloud",), "policies": ROOT / "policies"}
    with open_session(lab_cloud.model_copy(update=own)) as opened:
        yield opened


def _look(session: Session) -> set[Fact]:
    """Everything that is wrong in the cloud."""
    outcome = session.scan(Selection())
    assert outcome.scan.coverage.complete
    kinds = {Verdict.FAIL: "policy", Verdict.UNKNOWN: "unknown"}
    found: set[Fact] = {(kinds[f.verdict], f.target, f.policy) for f in outcome.findings if f.verdict in kinds}
    return found | {("drift", drift.target, drift.path) for drift in outcome.drift}


@pytest.fixture(scope="module")
def untouched(session: Session) -> set[Fact]:
    return _look(session)


def test_nothing_of_the_untouched_cloud_differs_from_the_declaration(untouched: set[Fact]) -> None:
    assert [fact for fact in untouched if fact[0] != "policy"] == []


@pytest.mark.parametrize("together", _rounds(), ids=lambda together: "+".join(fault.name for fault in together))
def test_a_scan_reports_exactly_the_breaks(
    together: list[Break], provisioned: Lab, session: Session, untouched: set[Fact]
) -> None:
    try:
        for fault in together:
            assert faults.apply(provisioned, fault.name) is True
        assert list(faults.active(provisioned)) == [fault.name for fault in together]
        broken = _look(session)
    finally:
        healed = [faults.heal(provisioned, fault.name) for fault in together]
    assert healed == [True] * len(together)
    assert broken - untouched == _announced(together)
    assert untouched - broken == set()


def test_after_all_that_everything_is_as_it_was(session: Session, untouched: set[Fact]) -> None:
    assert _look(session) == untouched


def test_break_and_heal_twice_have_their_effect_once(provisioned: Lab) -> None:
    before = _cores(provisioned)
    assert [faults.apply(provisioned, "cloud-quota") for _ in range(2)] == [True, False]
    assert [faults.heal(provisioned, "cloud-quota") for _ in range(2)] == [True, False]
    assert _cores(provisioned) == before


def _cores(lab: Lab) -> Any:  # noqa: ANN401 - a JSON value
    return find("cloud-quota").keep(Bench(lab.state, "cloud-chl"))


def test_what_a_killed_break_left_is_healed(provisioned: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = find("cloud-rule-widened")
    bench = Bench(provisioned.state, fault.target)
    before = fault.keep(bench)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(fault), "_make", killed)  # the declared rule is gone by then, and the wide one not yet there
        with pytest.raises(KeyboardInterrupt):
            faults.apply(provisioned, fault.name)
    assert list(faults.active(provisioned)) == [fault.name]
    assert not fault.in_force(bench)
    assert faults.heal(provisioned, fault.name) is True
    assert fault.keep(bench) == before


def test_what_was_begun_and_killed_can_be_put_in_after_all(provisioned: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "cloud-floating-ip"

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(find(name)), "_there", killed)  # the router leads out by then
        patched.setattr(type(find(name)), "in_force", lambda *_: False)
        with pytest.raises(KeyboardInterrupt):
            faults.apply(provisioned, name)
    try:
        assert faults.apply(provisioned, name) is True
    finally:
        faults.heal(provisioned, name)
    router = Hands(Bench(provisioned.state, "cloud-chl")).get(Id("router", "chl-dc1"))
    assert router["external_gateway_info"] is None


def test_a_break_of_what_is_not_there_says_what_is_missing(provisioned: Lab) -> None:
    with pytest.raises(LuxopsError, match="has no security group `nowhere`"):
        Hands(Bench(provisioned.state, "cloud-chl")).get(Id("security_group", "nowhere"))
    assert faults.active(provisioned) == {}
