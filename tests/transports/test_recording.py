"""Recordings: what was answered comes back the same, and what was not recorded is never an answer."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.site import Watcher

from luxops.errors import LuxopsError
from luxops.model import Failure, FailureReason, TargetId
from luxops.progress import Progress, Silent
from luxops.transports.interface import CommandReply, CommandRequest, DeviceReply, DeviceRequest, Endpoint
from luxops.transports.recording import (
    RecordingCommandRunner,
    RecordingDeviceRunner,
    ReplayCommandRunner,
    ReplayDeviceRunner,
)


def endpoint(name: str) -> Endpoint:
    return Endpoint(alias=name, address=IPv4Address("192.0.2.1"), user="luxops")


def command(name: str, stdin: bytes = b"") -> CommandRequest:
    return CommandRequest(target=TargetId(name), endpoint=endpoint(name), command="sh", stdin=stdin)


def device(name: str, *commands: str) -> DeviceRequest:
    return DeviceRequest(target=TargetId(name), endpoint=endpoint(name), device_type="linux", commands=commands)


class Fixed:
    """Answers what it was made with, last request first."""

    def __init__(self, *replies: CommandReply | DeviceReply) -> None:
        self._replies = {reply.target: reply for reply in replies}

    def run(self, requests: Iterable[CommandRequest], progress: Progress) -> Iterator[CommandReply]:
        del progress
        for request in reversed(list(requests)):
            reply = self._replies[request.target]
            assert isinstance(reply, CommandReply)
            yield reply

    def ask(self, requests: Iterable[DeviceRequest], progress: Progress) -> Iterator[DeviceReply]:
        del progress
        for request in requests:
            reply = self._replies[request.target]
            assert isinstance(reply, DeviceReply)
            yield reply


def record(folder: Path, *replies: CommandReply) -> list[CommandReply]:
    runner = RecordingCommandRunner(Fixed(*replies), folder, nonce_of=lambda request: request.stdin.decode())
    return list(runner.run([command(reply.target, f"nonce-{reply.target}".encode()) for reply in replies], Silent()))


@settings(deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=50), st.integers(0, 255))
def test_any_bytes_come_back_the_same(output: bytes, errors: bytes, status: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        reply = CommandReply(target=TargetId("chl-pacs1"), output=output, errors=errors, exit_status=status, seconds=0.25)
        assert record(Path(name), reply) == [reply]
        replay = ReplayCommandRunner(Path(name))
        assert list(replay.run([command("chl-pacs1")], Silent())) == [reply]
        assert replay.nonce(TargetId("chl-pacs1")) == "nonce-chl-pacs1"


def test_each_request_keeps_its_own_nonce_and_a_failure_stays_a_failure(tmp_path: Path) -> None:
    lost = Failure(reason=FailureReason.SESSION_LOST, detail="gone", retryable=True)
    replies = [
        CommandReply(target=TargetId("a"), exit_status=0),
        CommandReply(target=TargetId("b"), output=b"hal", failure=lost),
    ]
    record(tmp_path, *replies)
    replay = ReplayCommandRunner(tmp_path)
    watcher = Watcher()
    assert list(replay.run([command("a"), command("b")], watcher)) == replies
    assert [replay.nonce(TargetId(name)) for name in "ab"] == ["nonce-a", "nonce-b"]
    assert (watcher.begun, watcher.ended) == (["a", "b"], {"a": None, "b": lost})


def test_the_same_answers_give_the_same_bytes_that_only_their_owner_reads(tmp_path: Path) -> None:
    reply = CommandReply(target=TargetId("a"), output="é\n".encode(), exit_status=0, seconds=0.123456)
    record(tmp_path / "one", reply)
    record(tmp_path / "two", reply)
    one, two = (tmp_path / name / "a.command.json.gz" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes()[4:8] == bytes(4)  # no time in gzip's header
    assert one.stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in (tmp_path / "one").iterdir()) == ["a.command.json.gz"]


def test_what_was_not_recorded_is_unreachable(tmp_path: Path) -> None:
    replay = ReplayCommandRunner(tmp_path)
    (reply,) = replay.run([command("a")], Silent())
    assert (reply.failure, reply.exit_status) == (Failure(reason=FailureReason.UNREACHABLE, detail="no recording of a"), None)
    assert replay.nonce(TargetId("a")) is None
    with pytest.raises(LuxopsError, match="no recordings"):
        ReplayDeviceRunner(tmp_path / "none")


def test_a_recording_of_another_target_is_not_this_ones(tmp_path: Path) -> None:
    record(tmp_path, CommandReply(target=TargetId("a"), output=b"x", exit_status=0))
    (tmp_path / "a.command.json.gz").rename(tmp_path / "b.command.json.gz")
    (reply,) = ReplayCommandRunner(tmp_path).run([command("b")], Silent())
    assert reply.failure is not None
    assert (reply.failure.reason, reply.output) == (FailureReason.WRONG_TARGET, b"")
    assert ReplayCommandRunner(tmp_path).nonce(TargetId("b")) is None


def test_a_recording_cut_or_garbled_anywhere_is_malformed(tmp_path: Path) -> None:
    record(tmp_path, CommandReply(target=TargetId("a"), output=bytes(range(256)), exit_status=0))
    file = tmp_path / "a.command.json.gz"
    whole = file.read_bytes()
    for damaged in [whole[:at] for at in range(len(whole))] + [gzip.compress(b"[]"), gzip.compress(b"{}"), b"plain"]:
        file.write_bytes(damaged)
        (reply,) = ReplayCommandRunner(tmp_path).run([command("a")], Silent())
        assert reply.failure is not None
        assert reply.failure.reason is FailureReason.MALFORMED
        assert reply.output == b""


def test_device_transcripts_come_back_by_command(tmp_path: Path) -> None:
    kept = DeviceReply(target=TargetId("r"), transcripts={"show a": "show a\n1\nr# ", "show b": "show b\n2\nr# "}, seconds=1.5)
    assert list(RecordingDeviceRunner(Fixed(kept), tmp_path).ask([device("r", "show a", "show b")], Silent())) == [kept]
    replay = ReplayDeviceRunner(tmp_path)
    (whole,) = replay.ask([device("r", "show a", "show b")], Silent())
    assert whole == kept
    watcher = Watcher()
    (part,) = replay.ask([device("r", "show b", "show c")], watcher)
    assert dict(part.transcripts) == {"show b": kept.transcripts["show b"]}
    assert part.failure == Failure(reason=FailureReason.UNREACHABLE, detail="no recording of `show c`")
    assert watcher.ended == {"r": part.failure}
    (none,) = replay.ask([device("other", "show a")], Silent())
    assert none.failure is not None
    assert none.failure.reason is FailureReason.UNREACHABLE


@pytest.mark.parametrize("name", ["../escape", "a/b", "", ".hidden"])
def test_a_target_that_cannot_name_a_file_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(LuxopsError, match="cannot name a recording"):
        record(tmp_path, CommandReply(target=TargetId(name), exit_status=0))
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_json_that_people_can_read(tmp_path: Path) -> None:
    record(tmp_path, CommandReply(target=TargetId("a"), output=b"plain text", exit_status=0))
    kept = json.loads(gzip.decompress((tmp_path / "a.command.json.gz").read_bytes()))
    assert (kept["target"], kept["output"], kept["nonce"], kept["exit_status"]) == ("a", "plain text", "nonce-a", 0)
