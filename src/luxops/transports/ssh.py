"""Commands over SSH, to many targets at once. Each failure is typed and belongs to its target alone."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import paramiko

from luxops.model import FailureReason
from luxops.progress import Progress
from luxops.settings import ConnectionSettings
from luxops.transports.failures import PEER_ERRORS, SessionError, classified
from luxops.transports.fanout import fan_out
from luxops.transports.interface import CommandReply, CommandRequest
from luxops.transports.session import Connector, Credentials
from luxops.transports.watchdog import Lease, Watchdog

_CHUNK = 64 * 1024
_ERRORS_KEPT = 64 * 1024
"""Bytes of standard error in a reply."""

_POLL = 0.1
"""Seconds after which a silent session is looked at again."""

_BACKOFF = 0.3
"""Seconds before the first further attempt, doubled for each one after it; up to as much again is added at random."""


class SshRunner:
    """CommandRunner over paramiko. Raises LuxopsError when made where a configured key or file cannot be used."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._credentials = Credentials(settings)

    def run(self, requests: Iterable[CommandRequest], progress: Progress) -> Iterator[CommandReply]:
        with self._credentials.connector() as connector:
            yield from fan_out(
                requests,
                partial(self._reply, connector),
                progress,
                concurrency=self._settings.concurrency,
                stop=connector.watchdog.stop,
            )

    def _reply(self, connector: Connector, request: CommandRequest) -> CommandReply:
        start = time.monotonic()
        answer = Answer(self._settings.max_answer_bytes, self._settings.read_timeout)

        def attempt() -> None:
            with connector.session(request.endpoint) as (transport, lease):
                answer.take(transport, lease, request.command, request.stdin)

        failed = attempts(attempt, self._settings.retries, connector.watchdog, started=lambda: answer.began)
        return CommandReply(
            target=request.target,
            output=bytes(answer.output),
            errors=bytes(answer.errors),
            exit_status=answer.exit_status,
            seconds=time.monotonic() - start,
            failure=failed.failure if failed else None,
        )


def attempts(
    attempt: Callable[[], None], retries: int, watchdog: Watchdog, *, started: Callable[[], bool]
) -> SessionError | None:
    """Try, and again where the failure may be gone a moment later and nothing of the answer had come. None: it worked."""
    failed: SessionError | None = None
    for number in range(retries + 1):
        try:
            if number:
                watchdog.pause(_BACKOFF * 2 ** (number - 1) * (1 + random.random()))  # noqa: S311 - spreads load, hides nothing
            attempt()
        except SessionError as error:
            failed = error
        except PEER_ERRORS as error:
            failed = classified(error, "the session")
        else:
            return None
        if not failed.failure.retryable or failed.failure.reason is FailureReason.INTERRUPTED or started():
            break
    return failed


class Answer:
    """What one command answered, up to `limit` bytes. `silence`: seconds without a byte after which it is given up."""

    def __init__(self, limit: int, silence: float) -> None:
        self._limit = limit
        self._silence = silence
        self._last = 0.0
        self._errors_seen = 0
        self.output = bytearray()
        self.errors = bytearray()
        self.exit_status: int | None = None

    @property
    def began(self) -> bool:
        return bool(self.output or self.errors or self.exit_status is not None)

    def take(self, transport: paramiko.Transport, lease: Lease, command: str, stdin: bytes) -> None:
        """Run the command and take its answer to the end. Raises SessionError; what had come by then is kept."""
        doing = "starting the command"
        try:
            with lease.limit(self._silence, doing):
                channel = transport.open_session()
                self._start(transport, channel, command)
            doing = "reading the answer"
            channel.settimeout(_POLL)
            self._last = time.monotonic()
            self._exchange(channel, stdin)
            self._wait_for_status(transport, channel)
        except PEER_ERRORS as error:
            lease.check()
            raise classified(transport.get_exception() or error, doing) from error

    def _start(self, transport: paramiko.Transport, channel: paramiko.Channel, command: str) -> None:
        try:
            channel.exec_command(command)
        except paramiko.SSHException as error:
            if transport.is_active():
                raise SessionError(FailureReason.REFUSED, "the server does not let this account run the command") from error
            raise

    def _exchange(self, channel: paramiko.Channel, stdin: bytes) -> None:
        unsent = memoryview(stdin)
        sending = True
        while True:
            if sending:
                unsent, sending = _sent(channel, unsent)
            self._take_errors(channel)
            try:
                received = channel.recv(_CHUNK)
            except TimeoutError:
                self._check_silence()
                continue
            if not received:
                break
            self._last = time.monotonic()
            self.output += received
            self._check_size(len(self.output), "its answer")
        self._take_errors(channel)

    def _take_errors(self, channel: paramiko.Channel) -> None:
        while channel.recv_stderr_ready():
            received = channel.recv_stderr(_CHUNK)
            self._last = time.monotonic()
            self._errors_seen += len(received)
            self.errors += received[: max(0, _ERRORS_KEPT - len(self.errors))]
            self._check_size(self._errors_seen, "what it writes to standard error")

    def _check_size(self, size: int, what: str) -> None:
        if size > self._limit:
            # What had come is of no use, and kept for many targets it would fill the memory.
            del self.output[:]
            raise SessionError(FailureReason.TOO_LARGE, f"{what} is longer than {self._limit} bytes")

    def _check_silence(self) -> None:
        if time.monotonic() - self._last > self._silence:
            raise SessionError(FailureReason.TIMEOUT, f"no byte of answer came for {self._silence:g} s")

    def _wait_for_status(self, transport: paramiko.Transport, channel: paramiko.Channel) -> None:
        while not channel.status_event.wait(_POLL):
            self._check_silence()
        status = channel.exit_status
        if status < 0:
            raise (
                classified(transport.get_exception(), "reading the answer")
                if not transport.is_active()
                else SessionError(FailureReason.SESSION_LOST, "the command ended without an exit status: something killed it")
            )
        self.exit_status = status


def _sent(channel: paramiko.Channel, unsent: memoryview) -> tuple[memoryview, bool]:
    """As much as the other side takes now. A command may end before it has read everything: its status then tells why."""
    try:
        while unsent and channel.send_ready():
            unsent = unsent[channel.send(bytes(unsent[:_CHUNK])) :]
        if unsent:
            return unsent, True
        channel.shutdown_write()
    except OSError:
        return unsent[:0], False
    return unsent, False
