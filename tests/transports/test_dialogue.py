"""Sessions in which devices are changed, over SSH: whole answers, and each way in which they end early."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.pushing import frr_box, ios_box
from tests.support.served import ServedIos, ServedRouter
from tests.support.servers import Handler, new_key
from tests.support.site import Site

from luxops.model import FailureReason
from luxops.transports.dialogue import SshDialogues, _answer
from luxops.transports.failures import SessionError

pytestmark = pytest.mark.slow

ANY = r"hrs-edge2(\([\w-]+\))?#"


def serve(site: Site, device: Handler) -> int:
    site.know("hrs-edge2")
    return site.servers.ssh(device, host_keys=[site.host_key], clients=site.client)


def say(site: Site, device: Handler, *lines: str, **more: object) -> list[tuple[str, str, str]]:
    port = serve(site, device)
    with SshDialogues(site.settings(**more)).open(site.endpoint("hrs-edge2", port), "cisco_xe") as dialogue:
        assert dialogue.prompt == "hrs-edge2#"
        return [tuple(dialogue.say(line, ANY)) for line in lines]  # type: ignore[misc]  # a NamedTuple of three


def reason(site: Site, device: Handler, *lines: str, **more: object) -> FailureReason:
    with pytest.raises(SessionError) as error:
        say(site, device, *lines, **more)
    return error.value.failure.reason


def test_one_line_and_its_answer_at_a_time(site: Site) -> None:
    device = ServedIos(ios_box())
    answers = say(site, device, "show archive config rollback timer", "configure terminal", "router bgp 1", "nonsense", "end")
    assert answers[0] == ("", "%No Rollback Confirmed Change pending", "hrs-edge2#")
    assert answers[1][2] == "hrs-edge2(config)#"
    assert answers[2] == ("", "", "hrs-edge2(config-router)#")
    assert "% Invalid input" in answers[3][1]
    assert answers[4] == ("", "", "hrs-edge2#")
    assert device.lines.count("router bgp 1") == 1


def test_what_comes_late_is_told_apart_from_the_answer(site: Site) -> None:
    device = ServedIos(ios_box(late={"router bgp 1": "% BGP is already running"}))
    answers = say(site, device, "configure terminal", "router bgp 1", "!")
    assert answers[1][:2] == ("", "")
    assert answers[2][:2] == ("% BGP is already running", "")


def test_a_banner_that_looks_like_a_prompt_is_none(site: Site) -> None:
    device = ServedIos(ios_box(), banner="Authorised use only.\nhrs-edge2# is watched\nhrs-edge2#\n")
    answers = say(site, device, "show archive config rollback timer", "configure terminal")
    assert answers[0][1] == "%No Rollback Confirmed Change pending"
    assert answers[1][2] == "hrs-edge2(config)#"


def test_a_device_that_answers_slowly_is_waited_for(site: Site) -> None:
    answers = say(site, ServedIos(ios_box(), slow=0.4), "configure terminal", read_timeout=1.5)
    assert answers[0][2] == "hrs-edge2(config)#"


def test_a_prompt_that_never_comes_is_a_timeout(site: Site) -> None:
    device = ServedIos(ios_box(silent="router bgp"))
    assert reason(site, device, "configure terminal", "router bgp 1", read_timeout=1) is FailureReason.TIMEOUT
    assert device.lines.count("router bgp 1") == 1


def test_another_prompt_than_the_expected_is_no_end(site: Site) -> None:
    port = serve(site, ServedIos(ios_box()))
    with (
        pytest.raises(SessionError) as error,
        SshDialogues(site.settings(read_timeout=1)).open(site.endpoint("hrs-edge2", port), "cisco_xe") as dialogue,
    ):
        dialogue.say("configure terminal", "hrs-edge2#")
    assert error.value.failure.reason is FailureReason.TIMEOUT


def test_a_session_that_the_device_closes_is_lost_and_the_line_is_not_sent_again(site: Site) -> None:
    device = ServedIos(ios_box(), closes_in="router bgp")
    found = reason(site, device, "configure terminal", "router bgp 1", retries=3)
    assert found is FailureReason.SESSION_LOST
    assert device.lines.count("router bgp 1") == 1


def test_a_changed_host_key_is_refused(site: Site) -> None:
    site.know("hrs-edge2")
    port = site.servers.ssh(ServedIos(ios_box()), host_keys=[new_key()], clients=site.client)
    with (
        pytest.raises(SessionError) as error,
        SshDialogues(site.settings()).open(site.endpoint("hrs-edge2", port), "cisco_xe"),
    ):
        pass
    assert error.value.failure.reason is FailureReason.HOST_KEY_CHANGED


def test_a_command_with_its_input_and_its_exit_status(site: Site, tmp_path: Path) -> None:
    device = ServedRouter(frr_box(tmp_path))
    port = serve(site, device)
    with SshDialogues(site.settings()).open(site.endpoint("hrs-edge2", port), "linux") as dialogue:
        assert dialogue.run("sudo -n /bin/sh -s", b"cat; exit 3\nsecond\n") == (3, "", "")
        assert dialogue.run("sudo -n /bin/sh -s", b"echo out; echo err >&2\n") == (0, "out\n", "err\n")


@pytest.mark.parametrize(
    ("seen", "whole"),
    [
        ("", False),
        ("show x\n", False),
        ("show x\nr1#", True),
        ("r1#show x\nr1#", True),
        ("show x\nr1# is no prompt\n", False),
        ("show x\nanswer\nr2#", False),
        ("show x\nanswer\nr1#", True),
        ("other\nr1#", False),
    ],
)
def test_an_answer_is_whole_only_after_its_echo_and_with_its_prompt(seen: str, *, whole: bool) -> None:
    assert (_answer(seen, "show x", re.compile("r1#")) is not None) is whole
