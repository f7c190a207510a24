"""Device command lines by netmiko, over the same verified sessions as commands. Several commands in one session."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import paramiko

from luxops.errors import LuxopsError
from luxops.model import FailureReason
from luxops.progress import Progress
from luxops.settings import ConnectionSettings
from luxops.transports.failures import PEER_ERRORS, SessionError, classified
from luxops.transports.fanout import fan_out
from luxops.transports.interface import DeviceReply, DeviceRequest, Endpoint
from luxops.transports.session import Connector, Credentials
from luxops.transports.ssh import attempts
from luxops.transports.watchdog import Lease

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDTH = 32767
"""Columns of the terminal: no echo of a command wraps. Devices that set a width of their own do it by command."""

_TERMINALS = {"linux": "dumb"}
"""Kinds of terminal other than netmiko's: a shell adds no control sequences to its answers on a dumb one."""

_PROMPT_LOOKS = 4
"""How often the prompt is looked at until it has been the same twice."""


class NetmikoRunner:
    """DeviceRunner over netmiko. Raises LuxopsError when made where a configured key or file cannot be used."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._credentials = Credentials(settings)

    def ask(self, requests: Iterable[DeviceRequest], progress: Progress) -> Iterator[DeviceReply]:
        with self._credentials.connector() as connector:
            yield from fan_out(
                requests,
                partial(self._reply, connector),
                progress,
                concurrency=self._settings.concurrency,
                stop=connector.watchdog.stop,
            )

    def _reply(self, connector: Connector, request: DeviceRequest) -> DeviceReply:
        start = time.monotonic()
        transcripts: dict[str, str] = {}

        def attempt() -> None:
            with connector.session(request.endpoint) as (transport, lease):
                _converse(transport, lease, request, transcripts, self._settings)

        failed = attempts(attempt, self._settings.retries, connector.watchdog, started=lambda: bool(transcripts))
        return DeviceReply(
            target=request.target,
            transcripts=transcripts,
            seconds=time.monotonic() - start,
            failure=failed.failure if failed else None,
        )


def _converse(
    transport: paramiko.Transport,
    lease: Lease,
    request: DeviceRequest,
    transcripts: dict[str, str],
    settings: ConnectionSettings,
) -> None:
    """Ask every command, in order, and add each whole transcript to `transcripts`. Raises SessionError."""
    with command_line(transport, lease, request.endpoint, request.device_type, settings) as connection:
        with telling("opening the device's command line", lease):
            prompt = settled_prompt(connection, request.commands)
        for command in request.commands:
            with telling(f"`{command}`", lease):
                transcripts[command] = _asked(connection, command, prompt)


@contextmanager
def command_line(
    transport: paramiko.Transport, lease: Lease, endpoint: Endpoint, device_type: str, settings: ConnectionSettings
) -> Iterator[Any]:
    """A connection of netmiko over a session that is already open and verified, its terminal prepared. Raises SessionError."""
    build = _connection_class(device_type)
    connection = None
    try:
        with telling("opening the device's command line", lease):
            connection = build(
                device_type=device_type,
                host=str(endpoint.address),
                username=endpoint.user,
                auto_connect=False,
                read_timeout_override=settings.total_timeout,
            )
            connection.client = _Client(transport, _Meter(lease, settings), _TERMINALS.get(device_type))
            connection._open()  # noqa: SLF001 - what `auto_connect` calls, once our session is in place
        yield connection
    finally:
        if connection is not None:
            connection.disconnect()


@contextmanager
def telling(doing: str, lease: Lease) -> Iterator[None]:
    """Whatever netmiko, paramiko or the peer raises in the block is raised as a SessionError that says what was under way."""
    import netmiko  # noqa: PLC0415 - slow to import, and many commands of luxops need no device

    try:
        yield
    except (*PEER_ERRORS, netmiko.NetmikoBaseException) as error:
        lease.check()
        raise _failure(error, doing) from error


def _asked(connection: Any, command: str, prompt: str) -> str:  # noqa: ANN401 - netmiko is not typed
    # The whole prompt at the very end: part of it elsewhere (a hostname in a configuration) ends no answer.
    transcript = connection.send_command(
        command, expect_string=re.escape(prompt) + r"[ \t]*\Z", strip_prompt=False, strip_command=False
    )
    return str(transcript)


def settled_prompt(connection: Any, commands: Iterable[str]) -> str:  # noqa: ANN401 - see above
    """The device's whole prompt, seen twice alike. Under load an echoed command can stand where it should."""
    words = {word for command in commands for word in command.split()}
    last = ""
    for _ in range(_PROMPT_LOOKS):
        seen = connection.find_prompt().strip()
        if seen == last:
            if not re.search(r"\w", seen) or words & set(seen.split()) or len(seen.splitlines()) != 1:
                break
            return str(seen)
        last = seen
    raise SessionError(
        FailureReason.MALFORMED, f"no prompt that shows where an answer ends: {last[:80]!r} was seen", retryable=True
    )


def _failure(error: BaseException, doing: str) -> SessionError:
    import netmiko  # noqa: PLC0415 - see above

    if isinstance(error, netmiko.ReadTimeout):
        return SessionError(FailureReason.TIMEOUT, f"{doing}: the device's prompt did not come back")
    if isinstance(error, netmiko.NetmikoBaseException):
        return SessionError(FailureReason.SESSION_LOST, f"{doing}: {str(error).strip()[:200]}")
    if type(error) is ValueError:
        # netmiko's word for a prompt that is none.
        return SessionError(FailureReason.MALFORMED, f"{doing}: {str(error).strip()[:200]}", retryable=True)
    return classified(error, doing)


class _Meter:
    """Bounds on what one device may send, and when."""

    def __init__(self, lease: Lease, settings: ConnectionSettings) -> None:
        self._lease = lease
        self._limit = settings.max_answer_bytes
        self._silence = settings.read_timeout
        self._seen = 0
        self.heard()

    def heard(self, count: int = 0) -> None:
        self._last = time.monotonic()
        self._seen += count
        if self._seen > self._limit:
            raise SessionError(FailureReason.TOO_LARGE, f"it sent more than {self._limit} bytes")

    def answering(self, what: str) -> AbstractContextManager[None]:
        """The block must be answered before the silence is too long."""
        return self._lease.limit(self._silence, what)

    def silent(self) -> None:
        self._lease.check()
        if time.monotonic() - self._last > self._silence:
            raise SessionError(FailureReason.TIMEOUT, f"no byte came for {self._silence:g} s")


class _Channel:
    """What netmiko uses of a paramiko channel. netmiko itself notices neither a flood nor an end."""

    def __init__(self, channel: paramiko.Channel, meter: _Meter) -> None:
        self._channel = channel
        self._meter = meter
        self.transport = channel.transport

    def recv_ready(self) -> bool:
        if self._channel.recv_ready():
            return True
        if self._channel.closed or self._channel.eof_received:
            self._meter.silent()
            raise SessionError(FailureReason.SESSION_LOST, "the device closed the session")
        self._meter.silent()
        return False

    def recv(self, size: int) -> bytes:
        received = self._channel.recv(size)
        self._meter.heard(len(received))
        return received

    def sendall(self, data: bytes) -> None:
        self._meter.heard()
        self._channel.sendall(data)

    def settimeout(self, seconds: float | None) -> None:
        self._channel.settimeout(seconds)

    def close(self) -> None:
        self._channel.close()


class _Client:
    """Stands where netmiko expects a paramiko client, over a session that is already open and verified."""

    def __init__(self, transport: paramiko.Transport, meter: _Meter, terminal: str | None) -> None:
        self._transport = transport
        self._meter = meter
        self._terminal = terminal

    def connect(self, **_parameters: object) -> None:
        """Connected already: host key, account and time-outs are not netmiko's matter."""

    def invoke_shell(self, term: str, width: int, height: int) -> _Channel:
        with self._meter.answering("opening a terminal"):
            channel = self._transport.open_session()
            channel.get_pty(self._terminal or term, max(width, _WIDTH), height)
            channel.invoke_shell()
        return _Channel(channel, self._meter)

    def close(self) -> None:
        """The session is closed by whoever opened it."""


@lru_cache(maxsize=64)
def _connection_class(device_type: str) -> Callable[..., Any]:
    """The class of netmiko for the device type, made to use the session that it is given."""
    import netmiko  # noqa: PLC0415 - see above

    try:
        base: type = netmiko.ssh_dispatcher(device_type)
    except KeyError as error:
        raise LuxopsError(
            f"`{device_type}` is no kind of device that netmiko knows",
            why="a router platform names it as its device_type",
            remedy="`python -c 'import netmiko; print(netmiko.platforms)'` lists the kinds.",
        ) from error

    def build_client(self: Any) -> _Client:  # noqa: ANN401 - see above
        client: _Client = self.client
        return client

    def no_farewell(_self: object, _command: str = "") -> None:
        """Closing the session is enough: a device that was asked everything need not be asked to say goodbye."""

    return type(base.__name__, (base,), {"_build_ssh_client": build_client, "cleanup": no_farewell})
