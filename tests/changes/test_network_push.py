"""`luxops network push` over simulated routers: who is refused, what each failure leaves, and what is told of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.support.crowd import Crowd
from tests.support.frr_box import FrrBox
from tests.support.ios_box import IosBox
from tests.support.proposals import HANDED_IN
from tests.support.pushing import SECRET, Box, World, frr_box, ios_box, lost, network_plan

import luxops.model
from luxops.changes import ChangeBook, ChangeTakenError, GatesShutError, Proposal, statement
from luxops.cli import network_push
from luxops.cli.context import CliContext
from luxops.domains.network.pushing.looking import Look
from luxops.errors import ExitCode, LuxopsError, UsageError
from luxops.federation import load_federation
from luxops.model import ChangeState, Digest, Failure, FailureReason, TargetId, utc_now
from luxops.settings import Settings, StoreSettings
from luxops.store import open_store

pytestmark = pytest.mark.slow


class Night:
    """A change of two routers, FRR first, and a hand to push it."""

    def __init__(self, folder: Path, inventory: Path, crowd: Crowd, book: ChangeBook, url: str) -> None:
        self.crowd, self.book = crowd, book
        self.inventory = inventory
        self.boxes: list[Box] = [frr_box(folder, "chl-edge1"), ios_box("chl-edge2")]
        self.world = World(self.boxes)
        self.context = CliContext()
        self.context.settings = Settings(inventory=inventory, store=StoreSettings(url=url))

    def propose(self, *signers: str, emergency: bool = True, digest: Digest | None = None) -> Proposal:
        plan = network_plan(*self.boxes)
        proposal = self.book.propose(
            "network", "network plan: chl", digest or plan.digest, plan.model_dump(mode="json"),
            [d.device for d in plan.devices], "network-admin-1", emergency=emergency,
        )  # fmt: skip
        for signer in signers:
            signature = self.crowd.sign(signer, statement(proposal))
            self.book.approve(proposal.id, signature, self.crowd.declared, utc_now())
        return proposal

    def approved(self) -> Proposal:
        return self.propose("network-admin-2", "security-officer-1")

    def run(self, change: str, *words: str) -> tuple[ExitCode, Result]:
        arguments = [change, "--yes", *words]
        done = CliRunner().invoke(network_push.push, arguments, obj=self.context, standalone_mode=False)
        if done.exception:
            raise done.exception
        assert SECRET not in done.output
        return done.return_value, done

    def json(self, change: str) -> tuple[ExitCode, dict[str, Any]]:
        code, done = self.run(change, "--output", "json")
        return code, json.loads(done.stdout)

    def outcomes(self, change: str) -> tuple[ExitCode, list[str]]:
        """As reported; and what is reported is so on the device, and in the journal."""
        code, told = self.json(change)
        found = {device["device"]: device["outcome"] for device in told["devices"]}
        for box in self.boxes:
            if found[box.name] in {"done", "already-done"}:
                assert self.world.is_after(box)
                assert box.saved()
            elif found[box.name] in {"refused", "rolled-back", "not-begun"}:
                assert not self.world.is_after(box)
            assert box.timers() == []
        journal = {effect.subject: effect.outcome for effect in self.book.change(change).effects}
        assert {name: journal[name] for name in found} == found
        assert self.book.fences() == []
        return code, list(found.values())

    def untouched(self) -> bool:
        return all(self.world.is_before(box) and not box.timers() for box in self.boxes)


@pytest.fixture
def night(tmp_path: Path, declared: Path, crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - an iterator of it
    url = f"sqlite:///{tmp_path}/luxops.db"
    monkeypatch.setenv("BGP", SECRET)
    monkeypatch.setattr(network_push, "domain_gates", lambda _settings: HANDED_IN)
    monkeypatch.setattr(network_push, "_secrets", lambda _federation, _plan: {"bgp": SECRET})
    with open_store(url) as store:
        made = Night(tmp_path, declared, crowd, ChangeBook(store), url)
        monkeypatch.setattr(network_push, "access_of", lambda _settings, _federation: made.world.access)
        monkeypatch.setattr(network_push, "clock", lambda: made.world.clock)
        yield made


def test_an_approved_change_is_pushed_once(night: Night) -> None:
    change = night.approved().id
    code, done = night.run(change)
    assert code is ExitCode.GOOD
    assert "EMERGENCY CHANGE" in done.stdout
    assert "2 of 2 routers are as planned" in done.stdout
    assert "Not looked at after each router: flows, paths." in done.stdout
    assert "chl-edge1: arming" in done.stderr
    assert night.book.change(change).state is ChangeState.DONE
    sent = [list(box.log) if isinstance(box, IosBox) else box.log() for box in night.boxes]
    with pytest.raises(ChangeTakenError, match="is over: done"):
        night.run(change)
    assert [list(box.log) if isinstance(box, IosBox) else box.log() for box in night.boxes] == sent


def test_json_alone_is_on_standard_output(night: Night) -> None:
    code, told = night.json(night.approved().id)
    assert code is ExitCode.GOOD
    assert told["schema"] == "luxops/network-push/1"
    assert (told["state"], told["complete"], told["emergency"], told["override"]) == ("done", True, True, None)
    assert [d["outcome"] for d in told["devices"]] == ["done", "done"]
    assert told["unchecked"] == ["flows", "paths"]


def test_without_enough_approvals_nothing_is_sent(night: Night) -> None:
    proposal = night.propose("network-admin-2")
    with pytest.raises(GatesShutError) as caught:
        night.run(proposal.id)
    assert "needs 2 approvals and has 1" in caught.value.diagnosis()
    assert "luxops network approve" in caught.value.diagnosis()
    assert night.untouched()
    assert night.book.change(proposal.id).began is None


def test_whoever_requested_it_does_not_count(night: Night) -> None:
    with pytest.raises(LuxopsError, match="cannot approve it"):
        night.propose("network-admin-1")


def test_a_closed_window_is_told_with_when_it_opens(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = night.propose("network-admin-2", emergency=False)
    monday = datetime(2026, 11, 30, 10, tzinfo=UTC)
    monkeypatch.setattr(luxops.model, "utc_now", lambda: monday)
    with pytest.raises(GatesShutError, match="1 gate is shut") as caught:
        night.run(proposal.id)
    assert "It opens next at Tue 2026-12-01" in caught.value.diagnosis()
    assert night.untouched()


def test_an_expired_change_is_planned_again(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = night.approved()
    monkeypatch.setattr(luxops.model, "utc_now", lambda: proposal.expires + timedelta(minutes=1))
    with pytest.raises(GatesShutError) as caught:
        night.run(proposal.id)
    assert "has expired" in caught.value.diagnosis()
    assert night.untouched()


def test_a_plan_that_its_digest_does_not_name_is_refused(night: Night) -> None:
    proposal = night.propose(digest=Digest("sha256:" + "0" * 64))
    with pytest.raises(UsageError, match="not the one that its digest names"):
        night.run(proposal.id)
    assert night.untouched()


def test_a_gate_of_the_domain_that_nobody_hands_in_stays_shut(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_push, "domain_gates", lambda _settings: ())
    with pytest.raises(GatesShutError) as caught:
        night.run(night.approved().id)
    assert {refusal.gate for refusal in caught.value.refusals} == {"policies", "paths"}
    assert night.untouched()


def test_drift_on_the_second_router_stops_before_the_first_is_changed(night: Night) -> None:
    change = night.approved().id
    assert isinstance(night.boxes[1], IosBox)
    night.boxes[1].running.append("ip route 10.99.0.0 255.255.0.0 Null0")
    with pytest.raises(LuxopsError, match="nothing was sent to any router") as caught:
        night.run(change)
    assert "Plan again" in caught.value.diagnosis()
    assert "chl-edge2: + ip route 10.99.0.0" in caught.value.diagnosis()
    assert night.world.is_before(night.boxes[0])
    assert night.book.change(change).began is None


@pytest.mark.parametrize("reason", [FailureReason.HOST_KEY_CHANGED, FailureReason.TIMEOUT])
def test_a_router_that_cannot_be_looked_at_is_incomplete(
    night: Night, reason: FailureReason, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = night.world.access.look

    def look(device: TargetId) -> Look:
        return Look(failure=Failure(reason=reason, detail="no")) if device == "chl-edge2" else looked(device)

    monkeypatch.setattr(night.world.access, "look", look)
    with pytest.raises(LuxopsError, match="was not begun") as caught:
        night.run(night.approved().id)
    assert caught.value.exit_code is ExitCode.INCOMPLETE
    assert night.untouched()


def _dies_in(*parts: str) -> Callable[[str, str], None]:
    def fault(device: str, what: str) -> None:
        if device == "chl-edge2" and what.startswith(parts):
            raise lost(device, what)

    return fault


def test_an_error_in_a_line_takes_that_router_back_and_leaves_the_first_changed(night: Night) -> None:
    change = night.approved().id
    assert isinstance(night.boxes[1], IosBox)
    night.boxes[1].errors["network 10.16.9.0"] = "% Invalid input"
    assert night.outcomes(change) == (ExitCode.ROLLED_BACK, ["done", "rolled-back"])
    assert night.world.is_before(night.boxes[1])
    assert night.book.change(change).state is ChangeState.FAILED


def test_an_error_on_the_first_leaves_everything_as_before(night: Night) -> None:
    change = night.approved().id
    assert isinstance(night.boxes[0], FrrBox)
    night.boxes[0].fault("vtysh", "network 10.16.9.0/24")
    assert night.outcomes(change) == (ExitCode.ROLLED_BACK, ["rolled-back", "not-begun"])
    assert night.untouched()
    assert night.book.change(change).state is ChangeState.ROLLED_BACK


def test_a_dropped_session_goes_back(night: Night) -> None:
    change = night.approved().id
    dropped: list[str] = []

    def drop(device: str, what: str) -> None:
        if device == "chl-edge2" and what.startswith("router bgp") and not dropped:
            dropped.append(what)
            raise lost(device, what)

    night.world.access.after = drop
    assert night.outcomes(change) == (ExitCode.ROLLED_BACK, ["done", "rolled-back"])


def test_a_router_that_stops_answering_is_unknown_and_may_be_pushed_again(night: Night) -> None:
    change = night.approved().id
    night.world.access.after = _dies_in("router bgp")
    gone: list[str] = []

    def away(device: str, _what: str) -> None:
        if device == "chl-edge2" and gone:
            raise lost(device, "away")

    night.world.access.opening = away
    first = night.world.access.after

    def after(device: str, what: str) -> None:
        if device == "chl-edge2" and what.startswith("router bgp"):
            gone.append(what)
        first(device, what)

    night.world.access.after = after
    code, told = night.json(change)
    assert code is ExitCode.INCOMPLETE
    assert [d["outcome"] for d in told["devices"]] == ["done", "unknown"]
    assert night.world.is_before(night.boxes[1])
    assert night.book.change(change).state is ChangeState.INTERRUPTED
    night.world.access.after = night.world.access.opening = lambda _d, _w: None
    assert night.outcomes(change) == (ExitCode.GOOD, ["already-done", "done"])


def test_a_slow_router_is_in_the_old_or_the_new_state(night: Night) -> None:
    night.world.clock.slow = 190
    code, outcomes = night.outcomes(night.approved().id)
    assert code is ExitCode.ROLLED_BACK
    assert outcomes[1] == "not-begun"
    assert night.untouched()


def test_a_second_admin_who_changes_a_router_meanwhile_is_seen(night: Night) -> None:
    change = night.approved().id
    box = night.boxes[1]
    assert isinstance(box, IosBox)
    done: list[str] = []

    def meddle(device: str, what: str) -> None:
        if device == "chl-edge2" and what == "end" and not done:
            done.append(what)
            box.running.append("ip route 10.99.0.0 255.255.0.0 Null0")

    night.world.access.after = meddle
    code, outcomes = night.outcomes(change)
    assert (code, outcomes) == (ExitCode.ROLLED_BACK, ["done", "rolled-back"])
    assert "10.99.0.0" in {e.subject: e.detail for e in night.book.change(change).effects}["chl-edge2"]


def test_a_second_luxops_is_refused_by_the_fence_and_may_come_again(night: Night) -> None:
    change = night.approved().id
    with night.book.fence("chl-edge1", "the other push"):
        code, told = night.json(change)
        assert code is ExitCode.ROLLED_BACK
        assert [d["outcome"] for d in told["devices"]] == ["refused", "not-begun"]
        assert "the other push" in told["devices"][0]["detail"]
        assert night.untouched()
    assert night.outcomes(change) == (ExitCode.GOOD, ["done", "done"])


def test_a_change_that_is_being_carried_out_is_not_taken_up(night: Night) -> None:
    change = night.approved().id
    with night.book.begin(change, load_federation(night.inventory), HANDED_IN), pytest.raises(ChangeTakenError):
        night.run(change)
    assert night.untouched()


def test_killed_in_the_middle_and_run_again_it_is_finished_once(night: Night) -> None:
    change = night.approved().id

    def kill(device: str, what: str) -> None:
        if device == "chl-edge2" and what.startswith("configure confirm"):
            raise SystemExit(9)

    night.world.access.before = kill
    with pytest.raises(SystemExit):
        night.run(change)
    assert night.book.change(change).state is ChangeState.INTERRUPTED
    assert any(intent.open for intent in night.book.change(change).intents)
    night.world.access.before = lambda _d, _w: None
    assert night.outcomes(change) == (ExitCode.GOOD, ["already-done", "done"])
    assert not any(intent.open for intent in night.book.change(change).intents)


def test_a_secret_that_nobody_declares_is_missed_before_anything_is_sent(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    plan = network_plan(*night.boxes)
    federation = load_federation(night.inventory)
    management = federation.file.management.model_copy(update={"secrets": {}})
    federation = federation.model_copy(update={"file": federation.file.model_copy(update={"management": management})})
    with pytest.raises(UsageError, match="nobody declares it"):
        network_push._secrets(federation, plan)


def test_it_asks_before_it_begins(night: Night) -> None:
    change = night.approved().id
    done = CliRunner().invoke(network_push.push, [change], obj=night.context, input="n\n")
    assert done.exit_code == 1
    assert night.untouched()
    assert night.book.change(change).began is None
