"""A push over FRR and IOS-like devices: what is sent, verified, confirmed and saved, and what each failure leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.frr_box import FrrBox
from tests.support.ios_box import IosBox
from tests.support.pushing import CHANGE, SECRET, Box, World, frr_box, ios_box, lost

from luxops.domains.network.planning.nouns import NetworkPlan, Step
from luxops.domains.network.pushing import Limits, plan_digest, reversed_plan, secrets_named
from luxops.errors import ExitCode, LuxopsError, UsageError
from luxops.model import ChangeId, digest_of

pytestmark = pytest.mark.slow

KINDS = ("frr", "ios-xe")


@pytest.fixture(params=KINDS)
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Box:
    return frr_box(tmp_path) if request.param == "frr" else ios_box()


def test_a_push_changes_confirms_and_saves(box: Box) -> None:
    world = World([box])
    report = world.push()
    assert [(r.device, r.outcome) for r in report.devices] == [(box.name, "done")]
    assert report.exit_code is ExitCode.GOOD
    assert report.unchecked == ("flows", "paths")
    assert world.is_after(box)
    assert box.saved()
    assert box.timers() == []
    assert SECRET in "\n".join(box.lines())
    assert world.journal.intents == [(box.name, f"{CHANGE}.1")]
    assert world.journal.outcomes == [(box.name, "done")]


def test_the_timer_is_armed_before_anything_is_sent_and_the_configuration_saved_after_it_is_stopped(box: Box) -> None:
    World([box]).push()
    order = (
        [word for word in box.log() if word in {"armed", "frr-lines", "disarmed", "saved"}]
        if isinstance(box, FrrBox)
        else box.log
    )
    assert list(dict.fromkeys(order)) in (
        ["armed", "frr-lines", "disarmed", "saved"],
        ["armed", "lines", "confirmed", "saved"],
    )
    assert order.count("armed") == order.count("saved") == 1


def test_pushed_again_nothing_is_sent(box: Box) -> None:
    world = World([box])
    world.push()
    before = list(box.log() if isinstance(box, FrrBox) else box.log)
    assert world.outcomes() == ["already-done"]
    assert (box.log() if isinstance(box, FrrBox) else box.log) == before
    assert len(world.journal.intents) == 1


def test_rolled_back_by_its_own_plan_it_is_as_before(box: Box) -> None:
    world = World([box])
    forward = world.plan
    world.push()
    world.plan = reversed_plan(forward, [forward.devices[0].device])
    assert world.outcomes() == ["done"]
    assert digest_of(box.lines()) == forward.devices[0].observed
    assert box.saved()


def test_a_configuration_that_differs_from_the_plan_s_is_not_touched(box: Box) -> None:
    world = World([box])
    _by_hand(box, "description by hand")
    report = world.push()
    (device,) = report.devices
    assert device.outcome == "refused"
    assert "plan again" in device.detail
    assert "by hand" in device.detail
    assert report.exit_code is ExitCode.ROLLED_BACK
    assert world.journal.intents == []
    assert "armed" not in (box.log() if isinstance(box, FrrBox) else box.log)


def test_an_error_in_one_line_takes_everything_back(box: Box) -> None:
    world = World([box])
    if isinstance(box, FrrBox):
        box.fault("vtysh", "network 10.16.9.0/24")
    else:
        box.errors["network 10.16.9.0"] = "% BGP: cannot add that network"
    (device,) = world.push().devices
    assert device.outcome == "rolled-back"
    assert "network 10.16.9.0/24" in device.detail
    assert "by luxops at once" in device.detail
    assert world.is_before(box)
    assert box.saved()
    assert box.timers() == []


def test_the_change_stops_at_the_first_failure_and_says_what_was_not_begun(tmp_path: Path) -> None:
    first, second, third = frr_box(tmp_path, "a-edge1"), ios_box("b-edge1"), ios_box("c-edge1")
    world = World([first, second, third])
    second.errors["network"] = "% Invalid input"
    assert world.outcomes() == ["done", "rolled-back", "not-begun"]
    assert world.is_after(first)
    assert world.is_before(second)
    assert third.log == []


def test_no_router_is_begun_before_the_one_before_it_has_ended(tmp_path: Path) -> None:
    boxes: list[Box] = [frr_box(tmp_path, "a-edge1"), ios_box("a-edge2")]
    world = World(boxes)
    armed: list[int] = []
    world.access.before = lambda _device, _what: armed.append(sum(len(box.timers()) for box in boxes))
    assert world.outcomes() == ["done", "done"]
    assert max(armed) == 1


@pytest.mark.parametrize("moment", ["arm", "put", "command", "configure"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_session_that_is_lost_on_frr_while_it_is_sent(tmp_path: Path, moment: str, when: str) -> None:
    box = frr_box(tmp_path)
    world = World([box])
    setattr(world.access, when, _once(f"main {moment}"))
    assert world.outcomes() == ["refused" if moment == "arm" else "rolled-back"]
    assert world.is_before(box)
    assert box.timers() == []
    assert world.outcomes() == ["done"]


@pytest.mark.parametrize("moment", ["show clock", "configure terminal", "do show archive", "router bgp", "exit", "end"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_session_that_is_lost_on_ios_while_it_is_sent(moment: str, when: str) -> None:
    box = ios_box()
    world = World([box])
    setattr(world.access, when, _once(moment))
    assert world.outcomes()[0] in {"rolled-back", "refused"}
    assert world.is_before(box)
    assert box.timers() == []
    assert world.outcomes() == ["done"]


@pytest.mark.parametrize("moment", ["confirm", "save"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_that_is_lost_while_it_is_confirmed_or_saved_is_asked_for_again(box: Box, moment: str, when: str) -> None:
    world = World([box])
    asked = {"confirm": ("main confirm", "configure confirm"), "save": ("main save", "write memory")}[moment]
    setattr(world.access, when, _once(asked[isinstance(box, IosBox)]))
    assert world.outcomes() == ["done"]
    assert world.is_after(box)
    assert box.saved()
    log = box.log() if isinstance(box, FrrBox) else box.log
    assert log.count("armed") == 1


def test_a_filter_that_cuts_luxops_off_goes_by_itself(tmp_path: Path) -> None:
    box = frr_box(tmp_path)
    world = World([box])
    world.plan = _with_filters(world.plan, "CUT")
    (device,) = world.push().devices
    assert device.outcome == "rolled-back"
    assert "by its dead-man timer" in device.detail
    assert world.is_before(box)
    assert world.clock.time >= 600


def test_a_device_that_stays_away_is_unknown(box: Box) -> None:
    world = World([box])

    def away(_device: str, _what: str) -> None:
        if world.journal.intents and world.clock.time >= 5:
            raise lost(box.name, "away")

    world.access.before = _once("main configure", "exit", then=lambda: world.clock.sleep(10))
    world.access.opening = away
    report = world.push()
    assert [device.outcome for device in report.devices] == ["unknown"]
    assert report.exit_code is ExitCode.INCOMPLETE
    assert "600 s" in report.devices[0].detail
    assert world.is_before(box)  # by itself, though nobody saw it


def test_a_slow_device_is_not_sent_anything_after_its_timer(box: Box) -> None:
    world = World([box], slow=190)
    (device,) = world.push().devices
    assert device.outcome in {"rolled-back", "refused"}
    assert world.is_before(box)
    assert box.timers() == []


def test_a_session_that_does_not_come_back_is_waited_for_and_then_taken_back(box: Box) -> None:
    world = World([box])
    world.access.down = lambda one: {"bgp 10.0.0.3"} if world.is_after(one) else set()
    (device,) = world.push().devices
    assert device.outcome == "rolled-back"
    assert "not up again: bgp 10.0.0.3" in device.detail
    assert world.is_before(box)
    assert world.access.looks > 5


def test_a_session_that_comes_back_later_is_enough(box: Box) -> None:
    world = World([box])
    world.access.down = lambda _box: {"bgp 10.0.0.1", "bfd 10.0.0.1"} if 0 < world.clock.time < 20 else set()
    world.access.after = _moving_once(world)
    assert world.outcomes() == ["done"]


def test_a_session_that_the_plan_removes_need_not_be_up(box: Box) -> None:
    world = World([box])
    after = tuple(line for line in world.plan.devices[0].after if "10.0.0.3" not in line)
    (device,) = world.plan.devices
    lines = ("router bgp 64601", " no neighbor 10.0.0.3", *device.steps[-1 if isinstance(box, IosBox) else 2].lines[1:])
    steps = tuple(step.model_copy(update={"lines": lines}) if step.kind == "configure" else step for step in device.steps)
    device = device.model_copy(update={"steps": steps, "after": after, "desired": digest_of(after)})
    world.plan = NetworkPlan(devices=(device,), unknown=(), digest=plan_digest([device]))
    world.access.down = lambda one: {"bgp 10.0.0.3"} if "10.0.0.3" not in "".join(one.lines()) else set()
    assert world.outcomes() == ["done"]


def test_a_flow_that_no_longer_answers_takes_the_change_back(box: Box) -> None:
    world = World([box])

    def flows(_device: object) -> set[str]:
        return {"anim/1"} if world.is_after(box) else {"anim/1", "chl/2"}

    (device,) = world.push(checks={"flows": flows}).devices
    assert device.outcome == "rolled-back"
    assert "flows lost: chl/2" in device.detail
    assert world.is_before(box)


def test_a_check_that_cannot_be_made_stops_it_before_anything_is_sent(box: Box) -> None:
    def paths(_device: object) -> set[str]:
        raise LuxopsError("no probe can be reached")

    world = World([box])
    assert world.outcomes(checks={"paths": paths}) == ["refused"]
    assert world.journal.intents == []


def test_another_admin_who_changes_it_meanwhile_is_seen(box: Box) -> None:
    world = World([box])
    world.access.after = _once_done(box, lambda: _by_hand(box, "description meanwhile"))
    (device,) = world.push().devices
    assert device.outcome == "rolled-back"
    assert "meanwhile" in device.detail
    assert world.is_before(box)


def test_another_admin_who_changes_it_after_it_was_saved_is_told(box: Box) -> None:
    world = World([box])
    world.access.after = _at("main save", "delete /force", then=lambda: _by_hand(box, "description later"))
    assert world.outcomes() == ["incomplete"]


def test_a_device_that_somebody_holds_is_refused(box: Box) -> None:
    world = World([box])
    world.fences.held.add(box.name)
    (device,) = world.push().devices
    assert device.outcome == "refused"
    assert "anna@ops1" in device.detail


def test_a_right_that_is_lost_halfway_leaves_the_device_to_its_timer(box: Box) -> None:
    world = World([box])

    def check() -> None:
        if any("sending" in told for told in world.told):
            raise LuxopsError("the right was lost")

    world.fences.check = check
    (device,) = world.push().devices
    assert device.outcome == "rolled-back"
    assert "by its dead-man timer" in device.detail
    assert world.is_before(box)


def test_a_timer_of_another_change_is_left_alone(box: Box) -> None:
    other = World([box])
    other.access.before = _killing("main configure", "network")
    with pytest.raises(Killed):
        other.push()
    world = World([box])
    world.plan = other.plan
    world.fences.last = 7
    import tests.support.pushing as support  # noqa: PLC0415

    change, support.CHANGE = support.CHANGE, ChangeId("20261125T210000Z-0000ffff")
    try:
        (device,) = world.push().devices
    finally:
        support.CHANGE = change
    assert device.outcome == "refused"
    assert str(CHANGE) in device.detail
    assert len(box.timers()) == 1


def test_what_a_killed_run_left_armed_goes_back_first_and_is_then_done_once(box: Box) -> None:
    world = World([box])
    world.access.before = _killing("main confirm", "configure confirm")
    with pytest.raises(Killed):
        world.push()
    assert world.is_after(box)
    assert len(box.timers()) == 1
    world.access.before = lambda _d, _w: None
    assert world.outcomes() == ["done"]
    assert any("ended halfway" in told for told in world.told)
    assert world.is_after(box)
    assert world.journal.intents == [(box.name, f"{CHANGE}.1"), (box.name, f"{CHANGE}.2")]


def test_what_a_killed_run_had_confirmed_is_saved_and_sent_no_second_time(box: Box) -> None:
    world = World([box])
    world.access.before = _killing("main save", "write memory")
    with pytest.raises(Killed):
        world.push()
    assert not box.saved()
    sent = (box.log() if isinstance(box, FrrBox) else box.log).count("armed")
    world.access.before = lambda _d, _w: None
    assert world.outcomes() == ["already-done"]
    assert box.saved()
    assert (box.log() if isinstance(box, FrrBox) else box.log).count("armed") == sent


def test_interrupted_by_hand_it_goes_back_at_once(box: Box) -> None:
    world = World([box, ios_box("z-edge1")])

    def interrupt(_device: str, what: str) -> None:
        if what.startswith(("main configure", "router bgp")):
            world.access.before = lambda _d, _w: None
            raise KeyboardInterrupt

    world.access.before = interrupt
    assert world.outcomes() == ["rolled-back", "not-begun"]
    assert world.is_before(box)
    assert box.timers() == []


def test_a_secret_that_is_not_given_is_missed_before_anything_is_sent(box: Box) -> None:
    world = World([box])
    assert secrets_named(world.plan) == {"bgp"}
    (device,) = world.plan.devices
    steps = (Step(title="x", kind="configure", lines=(" key <secret:other>",)), *device.steps)
    world.plan = world.plan.model_copy(update={"devices": (device.model_copy(update={"steps": steps}),)})
    assert world.outcomes() == ["refused"]
    assert world.journal.intents == []


def test_a_masked_secret_is_never_sent(box: Box) -> None:
    world = World([box])
    (device,) = world.plan.devices
    steps = (Step(title="x", kind="configure", lines=(" neighbor 10.0.0.1 password <secret>",)), *device.steps)
    world.plan = world.plan.model_copy(update={"devices": (device.model_copy(update={"steps": steps}),)})
    assert world.outcomes() == ["refused"]


def test_limits_that_leave_no_time_are_refused(box: Box) -> None:
    with pytest.raises(UsageError, match="no time"):
        World([box]).push(limits=Limits(dead_man=30, margin=60))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(kills=st.lists(st.integers(0, 40), min_size=1, max_size=4))
def test_killed_anywhere_and_any_number_of_times_it_is_done_once_or_as_before(kills: list[int]) -> None:
    box = ios_box()
    world = World([box])
    for kill in kills:
        world.access.before = _killing_at(kill)
        try:
            world.push()
        except Killed:
            world.clock.sleep(0)
    world.access.before = lambda _d, _w: None
    assert world.outcomes()[0] in {"done", "already-done"}
    assert world.is_after(box)
    assert box.saved()
    assert box.timers() == []
    assert box.log.count("confirmed") == 1


class Killed(BaseException):
    """The process is gone."""


def _by_hand(box: Box, line: str) -> None:
    if isinstance(box, FrrBox):
        box.running.write_text(f"{box.running.read_text()}{line}\n")
    else:
        box.running.append(line)


def _once(*parts: str, then: Callable[[], None] = lambda: None) -> Callable[[str, str], None]:
    done: list[str] = []

    def fault(device: str, what: str) -> None:
        if not done and what.startswith(parts):
            done.append(what)
            then()
            raise lost(device, what)

    return fault


def _at(*parts: str, then: Callable[[], None]) -> Callable[[str, str], None]:
    seen: list[str] = []

    def act(_device: str, what: str) -> None:
        if what.startswith(parts):
            seen.append(what)
            if len(seen) == 1:
                then()

    return act


def _once_done(box: Box, then: Callable[[], None]) -> Callable[[str, str], None]:
    done: list[str] = []

    def act(_device: str, what: str) -> None:
        last = what.startswith("main configure") if isinstance(box, FrrBox) else what == "end"
        if last and not done:
            done.append(what)
            then()

    return act


def _moving_once(world: World) -> Callable[[str, str], None]:
    def move(_device: str, what: str) -> None:
        if what.startswith("main configure") or what == "end":
            world.clock.sleep(1)

    return move


def _killing(*parts: str) -> Callable[[str, str], None]:
    def kill(_device: str, what: str) -> None:
        if what.strip().startswith(parts):
            raise Killed

    return kill


def _killing_at(number: int) -> Callable[[str, str], None]:
    left = [number]

    def kill(_device: str, _what: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    return kill


def _with_filters(plan: NetworkPlan, word: str) -> NetworkPlan:
    (device,) = plan.devices

    def changed(step: Step) -> Step:
        if step.kind != "file":
            return step
        return step.model_copy(update={"lines": tuple(line.replace("dport 22", f"dport {word}") for line in step.lines)})

    after = tuple(line.replace("dport 22", f"dport {word}") for line in device.after)
    steps = tuple(map(changed, device.steps))
    device = device.model_copy(update={"steps": steps, "after": after, "desired": digest_of(after)})
    return plan.model_copy(update={"devices": (device,)})
