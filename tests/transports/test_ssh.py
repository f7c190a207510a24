"""Commands over SSH: answers, and each way in which one target can fail alone."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import asyncssh
import pytest
from tests.support.servers import Handler, Process, Reader, Writer, echo, new_key, public_line
from tests.support.site import Site

from luxops.model import FailureReason
from luxops.transports.interface import CommandRequest
from luxops.transports.ssh import SshRunner

pytestmark = pytest.mark.slow


async def silence(reader: Reader, writer: Writer) -> None:
    del writer
    await reader.read()
    await asyncio.sleep(3600)


async def hang_up(reader: Reader, writer: Writer) -> None:
    del reader
    writer.close()


def closed_port(site: Site) -> int:
    """A port on which nothing listens any more."""
    import socket  # noqa: PLC0415 - here alone

    del site
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def serve(site: Site, handler: Handler | None = echo, **options: Any) -> int:  # noqa: ANN401 - asyncssh's own
    return site.servers.ssh(handler, host_keys=[site.host_key], clients=site.client, **options)


def test_answer_errors_and_status_come_back(site: Site) -> None:
    async def handler(process: Process) -> None:
        process.stdout.write(b"got " + await process.stdin.read())
        process.stderr.write(b"a warning")
        process.exit(3)

    reply = site.run(site.request(serve(site, handler), stdin=b"script"))["chl-pacs1"]
    assert (reply.output, reply.errors, reply.exit_status, reply.failure) == (b"got script", b"a warning", 3, None)
    assert site.watcher.begun == ["chl-pacs1"]
    assert site.watcher.ended == {"chl-pacs1": None}


def test_much_input_and_much_output_at_once_do_not_block_each_other(site: Site) -> None:
    async def mirror(process: Process) -> None:
        while received := await process.stdin.read(65536):
            process.stdout.write(received * 2)
            await process.stdout.drain()
        process.exit(0)

    sent = bytes(range(256)) * 12_000
    reply = site.run(site.request(serve(site, mirror), stdin=sent))["chl-pacs1"]
    assert reply.failure is None
    assert len(reply.output) == 2 * len(sent)


def test_a_command_that_ends_before_it_reads_its_input_still_gives_its_status(site: Site) -> None:
    async def handler(process: Process) -> None:
        process.stderr.write(b"sudo: a password is required\n")
        process.exit(1)

    reply = site.run(site.request(serve(site, handler), stdin=b"x" * 8_000_000))["chl-pacs1"]
    assert (reply.exit_status, reply.failure) == (1, None)
    assert reply.errors == b"sudo: a password is required\n"


def test_each_failure_belongs_to_its_target_alone(site: Site) -> None:
    async def garbage(reader: Reader, writer: Writer) -> None:
        del reader
        writer.write(b"220 mail.example ESMTP\r\n" * 200)
        await writer.drain()

    good = serve(site)
    other = site.servers.ssh(echo, host_keys=[new_key()], clients=site.client)
    stranger = site.servers.ssh(echo, host_keys=[site.host_key], clients=public_line(new_key()))
    requests = {
        "chl-pacs1": (good, None),
        "chl-web1": (good, None),
        "down": (closed_port(site), FailureReason.UNREACHABLE),
        "silent": (site.servers.raw(silence), FailureReason.TIMEOUT),
        "garbage": (site.servers.raw(garbage), FailureReason.MALFORMED),
        "leaves": (site.servers.raw(hang_up), FailureReason.SESSION_LOST),
        "unlisted": (good, FailureReason.HOST_KEY_UNKNOWN),
        "replaced": (other, FailureReason.HOST_KEY_CHANGED),
        "locked": (stranger, FailureReason.AUTHENTICATION),
    }
    site.know("replaced,locked")
    replies = site.run(*(site.request(port, name) for name, (port, _) in requests.items()), connect_timeout=2.5)
    reasons = {name: reply.failure.reason if reply.failure else None for name, reply in replies.items()}
    assert reasons == {name: reason for name, (_, reason) in requests.items()}
    assert {n: f.reason if f else None for n, f in site.watcher.ended.items()} == reasons
    retryable = {name for name, reply in replies.items() if reply.failure and reply.failure.retryable}
    assert retryable == {"down", "silent", "leaves"}


def test_a_greeting_without_end_is_cut_off(site: Site) -> None:
    async def babble(reader: Reader, writer: Writer) -> None:
        del reader
        while True:
            writer.write(b"x" * 4096)
            await writer.drain()

    assert site.reason(site.request(site.servers.raw(babble)), connect_timeout=20) is FailureReason.MALFORMED


def test_a_greeting_that_drips_ends_at_the_time_limit(site: Site) -> None:
    async def drip(reader: Reader, writer: Writer) -> None:
        del reader
        for letter in b"SSH-2.0-slow" * 1000:
            writer.write(bytes([letter]))
            await writer.drain()
            await asyncio.sleep(0.2)

    assert site.reason(site.request(site.servers.raw(drip)), connect_timeout=1) is FailureReason.TIMEOUT


@pytest.mark.parametrize(
    "after", [b"", b"\x00\x00\x00\x0c\x0a\x14" + b"\x00" * 10, b"\xff" * 4096], ids=["mute", "bad", "noise"]
)
def test_nonsense_after_a_good_greeting_is_typed(site: Site, after: bytes) -> None:
    async def handler(reader: Reader, writer: Writer) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n" + after)
        await writer.drain()
        await reader.read(100_000)
        await asyncio.sleep(0.3)

    expected = {FailureReason.SESSION_LOST, FailureReason.MALFORMED, FailureReason.UNSUPPORTED}
    assert site.reason(site.request(site.servers.raw(handler)), connect_timeout=5) in expected


def test_a_server_without_a_common_cipher_is_unsupported(site: Site) -> None:
    port = serve(site, encryption_algs=["aes128-cbc"])
    assert site.reason(site.request(port)) is FailureReason.UNSUPPORTED


def test_an_answer_that_breaks_off_is_lost_and_not_asked_for_twice(site: Site) -> None:
    sessions = []

    async def handler(process: Process) -> None:
        sessions.append(process)
        process.stdout.write(b"half of it")
        await process.stdout.drain()
        await asyncio.sleep(0.2)
        process.channel.get_connection().abort()

    reply = site.run(site.request(serve(site, handler)), retries=3)["chl-pacs1"]
    assert reply.failure is not None
    assert reply.failure.reason is FailureReason.SESSION_LOST
    assert (reply.output, reply.exit_status, len(sessions)) == (b"half of it", None, 1)


def test_an_answer_without_an_exit_status_is_not_whole(site: Site) -> None:
    async def handler(process: Process) -> None:
        process.stdout.write(b"all of it?")
        process.channel.close()
        await process.wait_closed()

    assert site.reason(site.request(serve(site, handler))) is FailureReason.SESSION_LOST


def test_a_command_that_a_signal_ended_is_not_whole(site: Site) -> None:
    async def handler(process: Process) -> None:
        process.stdout.write(b"all of it?")
        process.exit_with_signal("KILL")

    assert site.reason(site.request(serve(site, handler))) is FailureReason.SESSION_LOST


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_flood_is_cut_off(site: Site, stream: str) -> None:
    written = 0

    async def handler(process: Process) -> None:
        nonlocal written
        while True:
            getattr(process, stream).write(b"x" * 65536)
            written += 65536
            await getattr(process, stream).drain()

    reply = site.run(site.request(serve(site, handler)), max_answer_bytes=1_000_000)["chl-pacs1"]
    assert reply.failure is not None
    assert reply.failure.reason is FailureReason.TOO_LARGE
    assert not reply.failure.retryable
    assert len(reply.output) + len(reply.errors) <= 65536
    assert written < 64 * 2**20


def test_much_on_standard_error_is_kept_in_part(site: Site) -> None:
    async def handler(process: Process) -> None:
        process.stderr.write(b"e" * 300_000)
        await process.stderr.drain()
        process.stdout.write(b"fine")
        process.exit(0)

    reply = site.run(site.request(serve(site, handler)))["chl-pacs1"]
    assert (reply.output, reply.exit_status, len(reply.errors)) == (b"fine", 0, 65536)


def test_silence_after_the_command_times_out_and_keeps_what_came(site: Site) -> None:
    async def handler(process: Process) -> None:
        process.stdout.write(b"begun")
        await asyncio.sleep(3600)

    reply = site.run(site.request(serve(site, handler)), read_timeout=0.5)["chl-pacs1"]
    assert reply.failure is not None
    assert reply.failure.reason is FailureReason.TIMEOUT
    assert "0.5 s" in reply.failure.detail
    assert (reply.output, reply.exit_status) == (b"begun", None)


def test_output_that_drips_for_ever_ends_at_the_total_limit(site: Site) -> None:
    async def handler(process: Process) -> None:
        while True:
            process.stdout.write(b".")
            await process.stdout.drain()
            await asyncio.sleep(0.1)

    reply = site.run(site.request(serve(site, handler)), total_timeout=1)["chl-pacs1"]
    assert reply.failure is not None
    assert reply.failure.reason is FailureReason.TIMEOUT
    assert "whole session" in reply.failure.detail


def test_a_server_that_runs_nothing_refuses(site: Site) -> None:
    class Closed(asyncssh.SSHServerSession[bytes]):
        def exec_requested(self, command: str) -> bool:
            del command
            return False

    class Server(asyncssh.SSHServer):
        def session_requested(self) -> Closed:
            return Closed()

    port = serve(site, None, server_factory=Server)
    assert site.reason(site.request(port)) is FailureReason.REFUSED


def test_a_server_that_wants_more_than_a_key_is_an_authentication_failure(site: Site) -> None:
    class Server(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            del username
            return True

        def public_key_auth_supported(self) -> bool:
            return False

        def password_auth_supported(self) -> bool:
            return True

    port = site.servers.ssh(echo, host_keys=[site.host_key], clients="", server_factory=Server)
    reply = site.run(site.request(port))["chl-pacs1"]
    assert reply.failure is not None
    assert reply.failure.reason is FailureReason.AUTHENTICATION
    assert "password" in reply.failure.detail


def test_a_lost_connection_is_tried_again_and_a_refused_key_is_not(site: Site) -> None:
    good = serve(site)

    async def flaky(reader: Reader, writer: Writer) -> None:
        if site.servers.accepted <= 2:
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", good)

        async def pump(source: Reader, sink: Writer) -> None:
            while received := await source.read(65536):
                sink.write(received)
            sink.close()

        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    port = site.servers.raw(flaky)
    reply = site.run(site.request(port, stdin=b"again"), retries=2)["chl-pacs1"]
    assert (reply.output, reply.failure) == (b"facts: again", None)
    assert site.servers.accepted == 3

    refusals = []

    class Server(asyncssh.SSHServer):
        def connection_made(self, conn: object) -> None:
            refusals.append(conn)

    port = site.servers.ssh(echo, host_keys=[site.host_key], clients=public_line(new_key()), server_factory=Server)
    assert site.reason(site.request(port), retries=3) is FailureReason.AUTHENTICATION
    assert len(refusals) == 1


def test_requests_are_taken_only_as_fast_as_sessions_are_free(site: Site) -> None:
    port = serve(site)
    taken = []

    def requests() -> Iterator[CommandRequest]:
        for number in range(12):
            taken.append(number)
            yield site.request(port)

    replies = SshRunner(site.settings(concurrency=3)).run(requests(), site.watcher)
    next(replies)
    assert len(taken) <= 4
    assert len(list(replies)) == 11


def test_leaving_early_ends_sessions_and_threads(site: Site) -> None:
    async def handler(process: Process) -> None:
        if process.get_extra_info("username") == "luxops" and process.command == "facts":
            received = await process.stdin.read()
            if received == b"wait":
                await asyncio.sleep(3600)
        process.exit(0)

    port = serve(site, handler)
    endless = (site.request(port, stdin=b"" if number == 0 else b"wait") for number in range(1000))
    replies = SshRunner(site.settings(concurrency=4, read_timeout=600, total_timeout=600)).run(endless, site.watcher)
    assert next(replies).failure is None
    replies.close()  # type: ignore[attr-defined]  # a generator
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("luxops")]
    assert left == []


def test_ctrl_c_while_every_session_waits_ends_the_program_at_once(site: Site) -> None:
    async def handler(process: Process) -> None:
        process.stdout.write(b"begun")
        await asyncio.sleep(3600)

    port = serve(site, handler)
    program = f"""
import threading
import time
from ipaddress import IPv4Address
from pathlib import Path
from luxops.model import TargetId
from luxops.settings import ConnectionSettings
from luxops.transports.interface import CommandRequest, Endpoint
from luxops.transports.ssh import SshRunner
class Told:
    def observing(self, target): print(target, flush=True)
    def observed(self, target, seconds, failure): print("observed", failure, flush=True)
settings = ConnectionSettings(keys=(Path({str(site.folder / "id")!r}),), agent=False,
    known_hosts=Path({str(site.folder / "known_hosts")!r}), ssh_config=Path("none"), read_timeout=600, total_timeout=600)
endpoint = Endpoint(alias="chl-pacs1", address=IPv4Address("127.0.0.1"), port={port}, user="luxops")
try:
    list(SshRunner(settings).run([CommandRequest(target=TargetId("chl-pacs1"), endpoint=endpoint, command="x")] * 3, Told()))
except KeyboardInterrupt:
    print("left", [t.name for t in threading.enumerate() if t is not threading.main_thread()], flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert [child.stdout.readline() for _ in range(3)] == ["chl-pacs1\n"] * 3
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        out, errors = child.communicate(timeout=20)
    assert out.splitlines()[-1] == "left []"
    assert out.count("interrupted") == 3
    assert "Traceback" not in errors
    assert child.returncode == 0


@pytest.mark.parametrize("where", ["channel", "command"])
def test_a_server_that_never_says_whether_it_runs_the_command_times_out(site: Site, where: str) -> None:
    class Stuck(asyncssh.SSHServerSession[bytes]):
        def exec_requested(self, command: str) -> bool:
            del command
            threading.Event().wait(2.5)
            return True

    class Server(asyncssh.SSHServer):
        def session_requested(self) -> Stuck:
            if where == "channel":
                threading.Event().wait(2.5)
            return Stuck()

    port = serve(site, None, server_factory=Server)
    reply = site.run(site.request(port), read_timeout=0.5)["chl-pacs1"]
    assert reply.failure is not None
    assert reply.failure.reason is FailureReason.TIMEOUT
    assert "starting the command" in reply.failure.detail
