"""The dead-man timer of an FRR router's host: luxops' own script, run by a real shell."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.frr_box import FrrBox
from tests.support.pushing import FILTERS, NEW_FILTERS, SECRET, BoxDialogue, World, fine, frr_box, frr_steps

from luxops.domains.network.planning.nouns import Step
from luxops.domains.network.platforms.changing import Refused, TimerFired, Token
from luxops.domains.network.platforms.frr.changing import FrrChanging
from luxops.model import ChangeId

pytestmark = pytest.mark.slow

FRR = FrrChanging()
TOKEN = Token(change=ChangeId("20261125T200000Z-1a2b3c4d"), fence=3)
FILE, LOAD, BGP, _ = frr_steps(NEW_FILTERS, ("router bgp 64601", f" neighbor 10.0.0.1 password {SECRET}", "exit"))


@pytest.fixture
def box(tmp_path: Path) -> FrrBox:
    return frr_box(tmp_path)


def session(box: FrrBox) -> BoxDialogue:
    return BoxDialogue(box, World([box]).clock, fine, fine)


def armed(box: FrrBox, *steps: Step) -> BoxDialogue:
    dialogue = session(box)
    FRR.arm(dialogue, TOKEN, 600, (FILE, LOAD, BGP, *steps))
    return dialogue


def sent(box: FrrBox) -> BoxDialogue:
    dialogue = armed(box)
    for step in (FILE, LOAD, BGP):
        FRR.send(dialogue, TOKEN, step)
    return dialogue


def test_the_state_on_the_router_is_root_s_alone_and_holds_the_way_back(box: FrrBox) -> None:
    armed(box)
    folder = box.root / f"var/lib/luxops/change-{TOKEN}"
    assert folder.stat().st_mode & 0o777 == 0o700
    (kept,) = (folder / "files").rglob("nftables.conf")
    assert kept.read_text() == FILTERS
    assert "router bgp 64601" in (folder / "running.conf").read_text()
    assert (folder / "ruleset.nft").read_text().startswith("flush ruleset\ntable inet luxops")
    assert box.timers() == [600]


def test_when_the_timer_runs_out_files_ruleset_and_frr_are_as_before(box: FrrBox) -> None:
    before = box.lines()
    sent(box)
    assert box.lines() != before
    assert box.fire() == 1
    assert box.lines() == before
    assert "frr-reload" in box.log()
    assert FRR.standing(session(box)).attempts == ()
    folder = box.root / f"var/lib/luxops/change-{TOKEN}"
    assert (folder / "fired").exists()
    assert (folder / "restored").exists()
    assert not (folder / "files").exists()
    assert not list((box.root / "etc/systemd/system/sysinit.target.wants").iterdir())


def test_the_configuration_that_ran_comes_back_though_it_was_never_saved(box: FrrBox) -> None:
    box.running.write_text(box.running.read_text() + "ip route 10.9.0.0/16 blackhole\n")
    before, file = box.lines(), box.text("/etc/frr/frr.conf")
    sent(box)
    box.fire()
    assert box.lines() == before
    assert box.text("/etc/frr/frr.conf") == file


def test_without_a_working_frr_reload_frr_is_started_again(box: FrrBox) -> None:
    box.fault("no-reload")
    before, file = box.lines(), box.text("/etc/frr/frr.conf")
    sent(box)
    box.fire()
    assert box.lines() == before
    assert box.text("/etc/frr/frr.conf") == file
    assert "restart frr.service" in box.log()


def test_a_router_that_restarts_before_it_was_confirmed_starts_as_before(box: FrrBox) -> None:
    before = box.lines()
    sent(box)
    box.reboot()
    assert box.lines() == before
    assert box.timers() == []
    assert FRR.standing(session(box)).attempts == ()


def test_a_router_that_restarts_after_it_was_saved_starts_as_planned(box: FrrBox) -> None:
    dialogue = sent(box)
    FRR.confirm(dialogue, TOKEN)
    FRR.save(dialogue, TOKEN)
    after = box.lines()
    box.reboot()
    assert box.lines() == after


def test_a_router_that_restarts_between_confirmation_and_saving_is_as_before_as_a_whole(box: FrrBox) -> None:
    before = box.lines()
    FRR.confirm(sent(box), TOKEN)
    box.reboot()
    assert box.lines() == before


def test_programs_whose_files_come_back_are_told(box: FrrBox) -> None:
    step = Step(title="log", kind="file", lines=("*.* @@10.255.0.99:514",), path="/etc/rsyslog.d/luxops.conf")
    FRR.send(armed(box, step), TOKEN, step)
    assert box.text("/etc/rsyslog.d/luxops.conf") == "*.* @@10.255.0.99:514\n"
    box.fire()
    assert "restart rsyslog.service" in box.log()
    assert not (box.root / "etc/rsyslog.d/luxops.conf").exists()


def test_a_timer_that_does_not_run_is_noticed_and_leaves_nothing(box: FrrBox) -> None:
    box.fault("no-timer")
    with pytest.raises(Refused, match="Access denied"):
        armed(box)
    assert not list((box.root / "var/lib/luxops").glob("change-*"))


def test_a_configuration_that_cannot_be_saved_arms_nothing(box: FrrBox) -> None:
    box.running.write_text("")
    (box.root / "bin/vtysh").write_text("#!/bin/sh\necho 'failed to connect to any daemons.'\nexit 1\n")
    with pytest.raises(Refused, match="cannot be saved"):
        armed(box)
    assert box.timers() == []


def test_a_file_that_was_not_saved_before_is_not_written(box: FrrBox) -> None:
    other = Step(title="x", kind="file", lines=("x",), path="/etc/motd")
    with pytest.raises(Refused, match="no way back"):
        FRR.send(armed(box), TOKEN, other)
    assert not (box.root / "etc/motd").exists()


def test_a_line_that_frr_does_not_know_is_found_before_any_is_sent(box: FrrBox) -> None:
    dialogue = armed(box)
    running = box.running.read_text()
    with pytest.raises(Refused, match="Unknown command") as refused:
        FRR.send(
            dialogue, TOKEN, BGP.model_copy(update={"lines": ("router bgp 64601", " network 10.0.0.0/8", "nonsense here")})
        )
    assert refused.value.line == "nonsense here"
    assert box.running.read_text() == running


def test_whatever_frr_answers_to_a_line_is_an_error(box: FrrBox) -> None:
    dialogue = armed(box)
    box.fault("vtysh-says", "% Peer-group not configured")
    with pytest.raises(Refused, match="Peer-group"):
        FRR.send(dialogue, TOKEN, BGP)


def test_a_command_that_fails_stops_and_one_that_says_something_warns(box: FrrBox) -> None:
    dialogue = armed(box)
    bad = Step(title="x", kind="file", lines=("SYNTAX",), path="/etc/nftables.conf")
    FRR.send(dialogue, TOKEN, bad)
    with pytest.raises(Refused, match="syntax error") as refused:
        FRR.send(dialogue, TOKEN, LOAD)
    assert refused.value.line == "nft -c -f /etc/nftables.conf"
    talks = Step(title="x", kind="command", lines=("echo careful >&2",))
    assert FRR.send(dialogue, TOKEN, talks) == ("echo careful >&2: careful",)


def test_nothing_is_sent_and_nothing_confirmed_after_the_timer(box: FrrBox) -> None:
    dialogue = sent(box)
    box.fire()
    for act in (lambda: FRR.send(dialogue, TOKEN, BGP), lambda: FRR.confirm(dialogue, TOKEN)):
        with pytest.raises(TimerFired):
            act()


def test_a_timer_that_was_confirmed_does_nothing_even_where_it_could_not_be_stopped(box: FrrBox) -> None:
    dialogue = sent(box)
    after = box.lines()
    timer = next((box.root / "timers").iterdir())
    text = timer.read_text()
    FRR.confirm(dialogue, TOKEN)
    timer.write_text(text)
    box.fire()
    assert box.lines() == after


def test_an_older_holder_is_refused_by_the_router_itself(box: FrrBox) -> None:
    old = armed(box)
    FRR.revert(session(box), TOKEN, fence=9)
    with pytest.raises(Refused, match="holder 9 came after 3"):
        FRR.send(old, TOKEN, BGP)
    with pytest.raises(Refused, match="holder 9"):
        FRR.arm(old, TOKEN.model_copy(update={"fence": 8}), 600, ())
    assert FRR.standing(session(box)).fence == 9


def test_a_second_timer_is_refused_while_one_runs(box: FrrBox) -> None:
    armed(box)
    with pytest.raises(Refused, match="runs"):
        FRR.arm(session(box), TOKEN.model_copy(update={"fence": 4}), 600, ())


def test_a_password_is_in_no_command_line_and_in_no_file_that_others_read(box: FrrBox) -> None:
    dialogue = sent(box)
    FRR.confirm(dialogue, TOKEN)
    FRR.save(dialogue, TOKEN)
    for place in (box.root / "var/lib/luxops").rglob("*"):
        assert SECRET not in (place.read_text() if place.is_file() else "")
    assert SECRET not in "".join(box.log())


@pytest.mark.parametrize("path", ["etc/x", "/etc/../x", "/etc/x y", "/etc/$(id)", ""])
def test_a_path_that_is_none_is_refused_before_anything_is_sent(path: str) -> None:
    assert FRR.unfit([Step(title="x", kind="file", lines=("x",), path=path)])


def test_an_answer_that_ends_early_is_no_success(box: FrrBox) -> None:
    class Cut(BoxDialogue):
        def run(self, command: str, stdin: bytes = b""):  # type: ignore[no-untyped-def]  # noqa: ANN202
            ended = super().run(command, stdin)
            return ended._replace(output=ended.output.replace("luxops-done", ""))

    with pytest.raises(Refused, match="did not come to its end"):
        FRR.standing(Cut(box, World([box]).clock, fine, fine))
