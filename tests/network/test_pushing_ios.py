"""IOS-XE's own timer, and how its answers are read: errors, late errors, warnings, log lines."""

from __future__ import annotations

import pytest
from tests.support.ios_box import IosBox
from tests.support.pushing import BoxDialogue, World, fine, ios_box

from luxops.domains.network.planning.nouns import Step
from luxops.domains.network.platforms.changing import Refused, Token
from luxops.domains.network.platforms.ios_xe.changing import IosXeChanging
from luxops.model import ChangeId

IOS = IosXeChanging()
TOKEN = Token(change=ChangeId("20261125T200000Z-1a2b3c4d"), fence=3)


def step(*lines: str, kind: str = "configure") -> Step:
    return Step.model_validate({"title": "x", "kind": kind, "lines": lines})


def session(box: IosBox) -> BoxDialogue:
    return BoxDialogue(box, World([box]).clock, fine, fine)


def armed(box: IosBox, seconds: int = 90) -> BoxDialogue:
    dialogue = session(box)
    IOS.arm(dialogue, TOKEN, seconds, ())
    return dialogue


def test_the_timer_is_the_device_s_own_and_bears_the_token_beside_the_archive() -> None:
    box = ios_box()
    armed(box)
    assert box.minutes == 2
    assert f"luxops-{TOKEN}" in box.files
    (attempt,) = IOS.standing(session(box)).attempts
    assert (attempt.token, attempt.armed) == (TOKEN, True)
    assert IOS.standing(session(box)).fence == 3


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        ("", "no `path`"),
        ("archive\n log config\n  logging enable\n  hidekeys", "no `path`"),
        ("archive\n path tftp://10.0.0.9/x", "not on the device"),
        ("archive\n path scp://a@10.0.0.9/x", "not on the device"),
    ],
)
def test_a_device_without_an_archive_of_its_own_is_refused_with_the_reason(archive: str, reason: str) -> None:
    world = World([box := ios_box(archive=archive)])
    (device,) = world.push().devices
    assert device.outcome == "refused"
    assert reason in device.detail
    assert box.log == []


def test_overridden_it_is_changed_without_a_timer_and_the_reason_stands_in_the_report() -> None:
    world = World([box := ios_box(archive="")])
    (device,) = world.push(unguarded="the archive is on order").devices
    assert device.outcome == "done"
    assert "the archive is on order" in device.warnings[0]
    assert box.log[-1] == "saved"
    assert "armed" not in box.log


def test_overridden_a_failure_is_taken_back_by_the_plan_s_own_rollback() -> None:
    world = World([box := ios_box(archive="")])
    world.access.down = lambda one: {"bgp 10.0.0.3"} if world.is_after(one) else set()
    (device,) = world.push(unguarded="the archive is on order").devices
    assert device.outcome == "rolled-back"
    assert "by the plan's own rollback" in device.detail
    assert world.is_before(box)


def test_a_timer_that_somebody_started_by_hand_is_left_alone() -> None:
    box = ios_box()
    box.session().say("configure terminal revert timer 7")
    (device,) = World([box]).push().devices
    assert device.outcome == "refused"
    assert "Timer value: 7 min" in device.detail
    assert box.timers() == [420]


def test_storage_that_is_full_arms_nothing() -> None:
    box = ios_box(no_file=True)
    assert World([box]).outcomes() == ["refused"]
    assert box.log == []


def test_an_older_holder_is_refused() -> None:
    box = ios_box()
    armed(box)
    box.fire()
    with pytest.raises(Refused, match="holder 3 came after 2"):
        IOS.arm(session(box), TOKEN.model_copy(update={"fence": 2}), 90, ())


@pytest.mark.parametrize("seconds", [0, 120 * 60 + 1])
def test_a_timer_that_the_device_does_not_have_is_refused(seconds: int) -> None:
    with pytest.raises(Refused, match="1 to 120"):
        armed(ios_box(), seconds)


@pytest.mark.parametrize(
    "said",
    [
        "% Invalid input detected at '^' marker.",
        "% Incomplete command.",
        '% Ambiguous command:  "net"',
        "%Error: something",
        "% BGP: AS number mismatch",
        "ERROR: cannot",
        "This operation is not allowed",
    ],
)
def test_anything_that_is_not_known_to_be_harmless_is_an_error(said: str) -> None:
    box = ios_box(errors={"network": said})
    with pytest.raises(Refused) as refused:
        IOS.send(armed(box), TOKEN, step("router bgp 1", " network 10.0.0.0"))
    assert refused.value.line == " network 10.0.0.0"
    assert refused.value.said == " ".join(said.split())


@pytest.mark.parametrize("last", [False, True])
def test_an_error_that_comes_late_is_one(last: bool) -> None:  # noqa: FBT001 - a case
    world = World([box := ios_box(late={"exit" if last else "network 10.16.9": "% BGP: late: not possible"})])
    (device,) = world.push().devices
    assert device.outcome == "rolled-back"
    assert "late: not possible" in device.detail
    assert world.is_before(box)


@pytest.mark.parametrize(
    "said",
    [
        "*Nov 25 20:00:00.123: %BGP-5-ADJCHANGE: neighbor 10.0.0.1 Down",
        "%SYS-5-CONFIG_I: Configured from console by luxops on vty0",
        "000123: *Nov 25 20:00:00.123 CET: %SYS-5-CONFIG_I: Configured",
        "Rollback Confirmed Change: Rollback will begin in one minute.",
        'Enter "configure confirm" if you wish to keep what you\'ve configured',
    ],
)
def test_a_line_of_the_log_is_none(said: str) -> None:
    box = ios_box(late={"router": said})
    assert IOS.send(armed(box), TOKEN, step("router bgp 1", " network 10.0.0.0")) == []


def test_a_warning_is_told_and_stops_nothing() -> None:
    world = World([ios_box(late={"network": "%Warning: the network is not in the table"})])
    (device,) = world.push().devices
    assert device.outcome == "done"
    assert len(device.warnings) == 1
    assert "the network is not in the table" in device.warnings[0]


def test_a_prompt_that_never_comes_takes_everything_back() -> None:
    world = World([box := ios_box(silent="network 10.16.9")])
    assert world.outcomes() == ["rolled-back"]
    assert world.is_before(box)


@pytest.mark.parametrize(
    "line", [" description caf\xe9", " description what?", " description a\tb", "end", "do reload", " description " + "x" * 400]
)
def test_what_cannot_be_typed_is_refused_before_anything_is_sent(line: str) -> None:
    assert IOS.unfit([step("interface Loopback0", line)])


def test_a_file_is_nothing_for_ios() -> None:
    assert "takes lines" in IOS.unfit([step("x", kind="file")])


def test_saving_is_kept_back_until_it_is_confirmed() -> None:
    assert IOS.is_save(step("write memory", kind="command"))
    assert not IOS.is_save(step("reload", kind="command"))


def test_a_banner_is_typed_with_a_delimiter_that_does_not_break_it_off() -> None:
    box = ios_box()
    IOS.send(armed(box), TOKEN, step("banner login ^CAuthorised # use only.^C"))
    assert "banner login $Authorised # use only.$" in box.running


def test_an_account_that_may_not_configure_is_refused() -> None:
    class User(BoxDialogue):
        @property
        def prompt(self) -> str:
            return "hrs-edge2>"

    box = ios_box()
    assert "no right" in IOS.standing(User(box, World([box]).clock, fine, fine)).refusal
