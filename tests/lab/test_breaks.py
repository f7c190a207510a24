"""Every break, put into the real lab: a scan says exactly what the break announces, and after heal what it said before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from luxops.cli.session import Session, open_session
from luxops.errors import LuxopsError, UsageError
from luxops.lab import faults, inventory, prepare
from luxops.lab.breaks import BREAKS, Break
from luxops.lab.breaks.interface import Bench
from luxops.lab.lab import Lab
from luxops.lab.running import active
from luxops.lab.shell import LabError
from luxops.model import Selection, TargetId, Verdict
from luxops.pipeline import Outcome
from luxops.settings import Settings

pytestmark = pytest.mark.lab
ROOT = Path(__file__).parents[2]
OF_INSTANCES = [fault for fault in BREAKS if fault.domain != "cloud"]
Fact = tuple[str, str, str]
"""(`policy` | `drift` | `unknown`, target, policy or path)"""


class Seen:
    """What one scan said of some targets."""

    def __init__(self, outcome: Outcome) -> None:
        kinds = {Verdict.FAIL: "policy", Verdict.UNKNOWN: "unknown"}
        self.verdicts = {(str(f.target), str(f.policy)): (f.verdict, f.reason) for f in outcome.findings}
        self.bad: set[Fact] = {(kinds[f.verdict], f.target, f.policy) for f in outcome.findings if f.verdict in kinds}
        self.bad |= {("drift", drift.target, drift.path) for drift in outcome.drift}
        self.unobserved = {str(u.target): str(u.failure.reason) for u in outcome.scan.coverage.unknown}

    def of(self, targets: set[str]) -> set[Fact]:
        return {fact for fact in self.bad if fact[1] in targets}

    def verdicts_of(self, targets: set[str]) -> Mapping[tuple[str, str], Verdict]:
        return {key: verdict for key, (verdict, _) in self.verdicts.items() if key[0] in targets}


@pytest.fixture(scope="module")
def session(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    lab.members()
    settings = active(Settings(policies=ROOT / "policies"))
    assert settings is not None
    folder = tmp_path_factory.mktemp("store")
    connection = settings.connection.model_copy(update={"read_timeout": 10.0, "retries": 0})
    store = settings.store.model_copy(update={"url": f"sqlite:///{folder}/luxops.db"})
    with open_session(
        settings.model_copy(update={"connection": connection, "store": store, "domains": ("hosts", "network")})
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def untouched(session: Session) -> Seen:
    return Seen(session.scan(Selection()))


def _look(session: Session, targets: set[str]) -> Seen:
    return Seen(session.scan(Selection.parse(sorted(targets))))


def _scope(fault: Break) -> set[str]:
    """A host's fault is its own; a router's is felt elsewhere."""
    return {fault.target} if fault.domain == "hosts" else set(inventory.ROUTERS)


def test_all_of_the_untouched_lab_is_observed_and_nothing_differs_from_the_declaration(untouched: Seen) -> None:
    assert {target for target, _ in untouched.verdicts} == {*inventory.HOSTS, *inventory.ROUTERS}
    assert untouched.unobserved == {}
    assert [fact for fact in untouched.bad if fact[0] == "drift"] == []
    assert [fact for fact in untouched.bad if fact[0] == "unknown"] == []
    verdicts = [verdict for verdict, _ in untouched.verdicts.values()]
    assert verdicts.count(Verdict.PASS) > 10 * verdicts.count(Verdict.FAIL)


@pytest.mark.parametrize("fault", OF_INSTANCES, ids=lambda fault: fault.name)
def test_a_scan_reports_exactly_the_break_and_heal_clears_it(fault: Break, lab: Lab, session: Session, untouched: Seen) -> None:
    scope = _scope(fault)
    assert faults.apply(lab, fault.name) is True
    try:
        assert list(faults.active(lab)) == [fault.name]
        broken = _look(session, scope)
    finally:
        faults.heal(lab, fault.name)
    appeared, vanished = broken.of(scope) - untouched.of(scope), untouched.of(scope) - broken.of(scope)
    unknown = {cause.target: cause.reason for cause in fault.causes if cause.kind == "unknown" and not cause.id}
    assert broken.unobserved == unknown
    for target, reason in unknown.items():
        lost = {fact for fact in appeared if fact[:2] == ("unknown", target)}
        assert lost
        assert {fact for fact in lost if reason not in broken.verdicts[fact[1], fact[2]][1]} == set()
        appeared -= lost
        vanished = {fact for fact in vanished if fact[1] != target}
    announced = {(cause.kind, cause.target, cause.id or cause.path) for cause in fault.causes if cause.id or cause.path}
    assert appeared == announced
    assert vanished == set()
    healed = _look(session, scope)
    assert healed.bad == untouched.of(scope)
    assert healed.verdicts_of(scope) == untouched.verdicts_of(scope)
    assert healed.unobserved == {}


def test_a_target_that_cannot_be_observed_passes_nothing(lab: Lab, session: Session) -> None:
    faults.apply(lab, "changed-host-key")
    try:
        broken = _look(session, {"hrs-his1"})
    finally:
        faults.heal(lab, "changed-host-key")
    by_inventory = "not looked at: the inventory declares it no "
    assert {verdict for verdict, why in broken.verdicts.values() if not why.startswith(by_inventory)} == {Verdict.UNKNOWN}


def test_break_and_heal_twice_have_their_effect_once(lab: Lab) -> None:
    before = Bench(lab.state, "chl-pacs1").read("/etc/ssh/sshd_config.d/10-luxith.conf")
    assert [faults.apply(lab, "sshd-root-login"), faults.apply(lab, "sshd-root-login")] == [True, False]
    assert [faults.heal(lab, "sshd-root-login"), faults.heal(lab, "sshd-root-login")] == [True, False]
    assert Bench(lab.state, "chl-pacs1").read("/etc/ssh/sshd_config.d/10-luxith.conf") == before


def test_a_break_is_known_after_the_instance_was_rebooted(lab: Lab) -> None:
    faults.apply(lab, "password-quality")
    try:
        faults.apply(lab, "host-down")
        faults.heal(lab, "host-down")
        assert list(faults.active(lab)) == ["password-quality"]
    finally:
        faults.heal(lab, "password-quality")


def test_two_breaks_that_change_the_same_file_do_not_mix(lab: Lab) -> None:
    faults.apply(lab, "truncated-answer")
    try:
        clash = next(f.name for f in BREAKS if f.name != "truncated-answer" and f.target == "mirth-dc2" and f.touches)
        assert faults.apply(lab, clash) is True
        faults.heal(lab, clash)
    finally:
        faults.heal(lab, "truncated-answer")


def test_a_break_that_does_not_take_effect_is_taken_back(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = next(fault for fault in BREAKS if fault.name == "password-quality")
    monkeypatch.setattr(type(fault), "in_force", lambda *_: False)
    with pytest.raises(LabError, match="did not take effect"):
        faults.apply(lab, fault.name)
    assert faults.active(lab) == {}
    assert "minlen = 14" in Bench(lab.state, fault.target).read("/etc/security/pwquality.conf")


def test_an_unknown_break_is_a_usage_error(lab: Lab) -> None:
    with pytest.raises(UsageError, match="did you mean `acl-line`"):
        faults.apply(lab, "acl-lin")


def test_what_a_killed_break_left_is_healed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = next(fault for fault in BREAKS if fault.name == "log-forwarding")

    def killed(*_: object) -> None:
        Bench(lab.state, fault.target).remove("/etc/rsyslog.d/50-forward.conf")
        raise KeyboardInterrupt

    monkeypatch.setattr(type(fault), "apply", killed)
    with pytest.raises(KeyboardInterrupt):
        faults.apply(lab, fault.name)
    assert list(faults.active(lab)) == [fault.name]
    assert faults.heal(lab, fault.name) is True
    assert Bench(lab.state, fault.target).exists("/etc/rsyslog.d/50-forward.conf")


def test_the_golden_account_can_do_only_what_its_group_needs(lab: Lab) -> None:
    lab.members()
    installed = Bench(lab.state, "anim-dc1").run("sudo", "-l", "-U", prepare.ACCOUNT)
    assert "/usr/local/libexec/luxops-collect" in installed
    assert "NOPASSWD: ALL" not in installed
    router = Bench(lab.state, "chl-edge1").run("sudo", "-l", "-U", prepare.ACCOUNT)
    assert [line.split("NOPASSWD: ")[1] for line in router.splitlines() if "NOPASSWD" in line] == [
        "/usr/sbin/nft list ruleset",
        "/usr/sbin/nft -nn list ruleset",
    ]
    changing = Bench(lab.state, "chl-edge1").run("sudo", "-l", "-U", prepare.CHANGE_ACCOUNT)
    assert [line.split("NOPASSWD: ")[1] for line in changing.splitlines() if "NOPASSWD" in line] == ["/bin/sh -s"]


def test_a_break_needs_a_lab(tmp_path: Path) -> None:
    empty = Lab(tmp_path / "none", lambda _: None)
    with pytest.raises(LuxopsError, match="The lab is not up"):
        faults.apply(empty, "acl-line")


def test_targets_of_breaks_are_the_labs(lab: Lab) -> None:
    assert {TargetId(fault.target) for fault in OF_INSTANCES} <= {TargetId(member.name) for member in lab.members()}
