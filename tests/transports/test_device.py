"""Device command lines: whole transcripts, and each way in which one device can fail alone."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import termios

import pytest
from tests.support.servers import Device, Handler, Process, new_key, public_line
from tests.support.site import Site

from luxops.errors import LuxopsError
from luxops.model import FailureReason, TargetId
from luxops.transports.device import NetmikoRunner, settled_prompt
from luxops.transports.failures import SessionError
from luxops.transports.interface import DeviceRequest

pytestmark = pytest.mark.slow

CONFIGURATION = "frr version 8.4.4\nhostname chl-edge1\n!\nrouter bgp 64601\n neighbor 10.0.0.1 remote-as 64512\n!\nend\n"
SHOW = 'vtysh -c "show running-config"'
VERSION = 'vtysh -c "show version"'


def serve(site: Site, device: Handler) -> int:
    return site.servers.ssh(device, host_keys=[site.host_key], clients=site.client)


def test_transcripts_hold_echo_answer_and_closing_prompt(site: Site) -> None:
    device = Device(answers={SHOW: CONFIGURATION, VERSION: "FRRouting 8.4.4\n"})
    reply = site.ask(serve(site, device), SHOW, VERSION)
    assert reply.failure is None
    assert reply.transcripts == {
        SHOW: f"{SHOW}\n{CONFIGURATION}{device.prompt}",
        VERSION: f"{VERSION}\nFRRouting 8.4.4\n{device.prompt}",
    }
    assert device.sessions == 1
    assert site.watcher.ended == {"chl-edge1": None}


def test_a_hostname_in_the_configuration_ends_no_answer(site: Site) -> None:
    configuration = "hostname chl-edge1\nchl-edge1# is no prompt here\n" + CONFIGURATION * 50
    device = Device(prompt="chl-edge1# ", answers={"show running-config": configuration}, chunk=997)
    reply = site.ask(serve(site, device), "show running-config", device_type="cisco_ios")
    assert reply.failure is None
    assert reply.transcripts["show running-config"] == f"show running-config\n{configuration}{device.prompt}"


def test_a_long_command_is_echoed_on_one_line(site: Site) -> None:
    command = "printf '%s' " + " ".join(f"word{number}" for number in range(600))
    assert len(command) > 4096
    device = Device(answers={command: "answer\n"})
    reply = site.ask(serve(site, device), command)
    assert reply.transcripts == {command: f"{command}\nanswer\n{device.prompt}"}
    assert min(device.widths) > len(command) + len(device.prompt)


def test_a_real_shell_with_its_own_line_editing(site: Site) -> None:
    async def shell(process: Process) -> None:
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(  # noqa: S606 - no shell between: this is the shell
                "/bin/bash",
                ["bash", "--norc", "-i"],
                {"PS1": r"\u@chl-edge1:\w\$ ", "TERM": process.term_type or "", "HOME": "/"},
            )
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", process.term_size[1], process.term_size[0], 0, 0))
        loop = asyncio.get_running_loop()

        def forward() -> None:
            try:
                process.stdout.write(os.read(terminal, 65536))
            except OSError:
                loop.remove_reader(terminal)

        loop.add_reader(terminal, forward)
        try:
            while received := await process.stdin.read(4096):
                os.write(terminal, received)
        finally:
            loop.remove_reader(terminal)
            os.close(terminal)
            os.waitpid(pid, 0)  # noqa: ASYNC222 - its terminal is closed: it ends at once

    long = "echo " + "x" * 1500
    reply = site.ask(serve(site, shell), "seq 3", long, "printf 'no newline'", "seq 20000", read_timeout=10)
    assert reply.failure is None
    lines = reply.transcripts["seq 3"].splitlines()
    assert lines[:4] == ["seq 3", "1", "2", "3"]
    assert lines[4].rstrip().endswith("#" if os.geteuid() == 0 else "$")
    assert reply.transcripts[long].splitlines()[:2] == [long, "x" * 1500]
    assert reply.transcripts["printf 'no newline'"].splitlines()[1].startswith("no newline")
    assert reply.transcripts["seq 20000"].splitlines()[1:-1] == [str(number) for number in range(1, 20001)]


def test_a_slow_device_is_waited_for(site: Site) -> None:
    device = Device(answers={VERSION: "slow\n"}, latency=1.2)
    reply = site.ask(serve(site, device), VERSION, SHOW, read_timeout=2)
    assert reply.failure is None
    assert list(reply.transcripts) == [VERSION, SHOW]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"closes_in": SHOW}, FailureReason.SESSION_LOST),
        ({"floods_in": SHOW}, FailureReason.TOO_LARGE),
        ({"silent_in": SHOW}, FailureReason.TIMEOUT),
        ({"prompt": ""}, FailureReason.TIMEOUT),
        ({"prompt": "$ "}, FailureReason.MALFORMED),
    ],
)
def test_each_failure_belongs_to_its_device_alone(site: Site, fault: dict[str, str], reason: FailureReason) -> None:
    answers = {VERSION: "FRRouting\n", SHOW: CONFIGURATION}
    bad = serve(site, Device(answers=answers, **fault))  # type: ignore[arg-type]  # names of its fields
    good = serve(site, Device(answers=answers))
    site.know("hrs-edge1")
    requests = [
        DeviceRequest(target=TargetId(name), endpoint=site.endpoint(name, port), device_type="linux", commands=(VERSION, SHOW))
        for name, port in (("chl-edge1", bad), ("hrs-edge1", good))
    ]
    settings = site.settings(read_timeout=2.5, total_timeout=15, max_answer_bytes=200_000)
    replies = {str(reply.target): reply for reply in NetmikoRunner(settings).ask(requests, site.watcher)}
    assert len(replies["hrs-edge1"].transcripts) == 2
    assert replies["hrs-edge1"].failure is None
    failure = replies["chl-edge1"].failure
    assert failure is not None
    assert failure.reason is reason
    # What the device could not answer is not there; a whole transcript before it may be.
    assert SHOW not in replies["chl-edge1"].transcripts
    assert site.watcher.ended[TargetId("chl-edge1")] == failure


def test_a_flood_ends_early(site: Site) -> None:
    device = Device(floods_in=SHOW)
    reply = site.ask(serve(site, device), SHOW, max_answer_bytes=100_000)
    assert reply.failure is not None
    assert reply.failure.reason is FailureReason.TOO_LARGE
    assert not reply.failure.retryable


def test_a_prompt_that_is_an_echo_is_not_taken_for_one_and_the_session_is_opened_again(site: Site) -> None:
    device = Device(prompt="chl-edge1# ", answers={"show version": "FRRouting\n"}, garbles=1)
    port = serve(site, device)
    reply = site.ask(port, "show version", device_type="linux", retries=1, read_timeout=2)
    assert reply.failure is None
    assert reply.transcripts == {"show version": f"show version\nFRRouting\n{device.prompt}"}
    assert device.sessions == 2


def test_a_prompt_that_is_always_an_echo_is_a_failure(site: Site) -> None:
    device = Device(prompt="chl-edge1# ", garbles=99)
    reply = site.ask(serve(site, device), "show version", retries=1, read_timeout=2)
    assert reply.transcripts == {}
    assert reply.failure is not None
    assert reply.failure.reason in {FailureReason.MALFORMED, FailureReason.TIMEOUT}


class Prompts:
    """A connection that finds these prompts, one after the other."""

    def __init__(self, *found: str) -> None:
        self._found = iter(found)

    def find_prompt(self) -> str:
        return next(self._found)


@pytest.mark.parametrize(
    "found",
    [["r1# show version"] * 4, ["$"] * 4, ["r1#", "r2#", "r1#", "r2#"], ["r1#\nr1#"] * 4],
    ids=["echo", "bare", "new", "two"],
)
def test_what_is_no_prompt_is_not_taken_for_one(found: list[str]) -> None:
    with pytest.raises(SessionError, match="no prompt") as error:
        settled_prompt(Prompts(*found), ("show version",))
    assert error.value.failure.retryable


def test_a_prompt_seen_twice_alike_is_taken() -> None:
    assert settled_prompt(Prompts("r1# show version", "r1# ", "r1#"), ("show version",)) == "r1#"


def test_host_keys_and_accounts_are_checked_as_for_commands(site: Site) -> None:
    unknown = site.ask(serve(site, Device()), VERSION, target="stranger")
    changed = site.ask(site.servers.ssh(Device(), host_keys=[new_key()], clients=site.client), VERSION)
    refused = site.ask(site.servers.ssh(Device(), host_keys=[site.host_key], clients=public_line(new_key())), VERSION)
    reasons = [reply.failure.reason if reply.failure else None for reply in (unknown, changed, refused)]
    assert reasons == [FailureReason.HOST_KEY_UNKNOWN, FailureReason.HOST_KEY_CHANGED, FailureReason.AUTHENTICATION]
    assert [reply.transcripts for reply in (unknown, changed, refused)] == [{}, {}, {}]


def test_a_device_behind_a_bastion(site: Site) -> None:
    key = new_key()
    port = site.servers.bastion(host_keys=[key], clients=site.client)
    site.know(f"[127.0.0.1]:{port}", key)
    reply = site.ask(serve(site, Device(answers={VERSION: "ok\n"})), VERSION, jump=f"ops@127.0.0.1:{port}")
    assert reply.failure is None
    assert "ok" in reply.transcripts[VERSION]


def test_a_kind_of_device_that_netmiko_does_not_know_is_an_error_of_the_program(site: Site) -> None:
    with pytest.raises(LuxopsError, match="no kind of device"):
        site.ask(serve(site, Device()), VERSION, device_type="abacus")


def test_netmiko_keeps_nothing_of_sessions_that_have_ended(site: Site) -> None:
    import logging  # noqa: PLC0415 - here alone

    port = serve(site, Device(answers={VERSION: "ok\n"}))
    site.ask(port, VERSION)
    site.ask(site.servers.ssh(Device(prompt=""), host_keys=[site.host_key], clients=site.client), VERSION, read_timeout=1)
    assert logging.getLogger("netmiko").filters == []
