"""A session in which a device is changed: one line and its answer at a time, or one command with its input and exit status.

The host key is checked and the account authenticated as for every other session. Nothing in here is ever sent twice.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from luxops.model import FailureReason
from luxops.transports.device import command_line, settled_prompt, telling
from luxops.transports.failures import SessionError
from luxops.transports.session import Credentials
from luxops.transports.ssh import Answer

if TYPE_CHECKING:
    import paramiko

    from luxops.settings import ConnectionSettings
    from luxops.transports.interface import Endpoint
    from luxops.transports.watchdog import Lease

_POLL = 0.01
"""Seconds between two looks at a terminal on which nothing has come."""

_SETTLE = 0.03
"""Seconds in which nothing more may come after a prompt: what looks like one in the middle of an answer ends none."""

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\x07")


class Said(NamedTuple):
    """What came back for one line."""

    late: str
    """What had come since the last prompt, before the line was echoed: of an earlier line, or of the device on its own."""
    text: str
    """The answer, without echo and prompt; empty where there was none."""
    prompt: str
    """The prompt that stands after it, without blanks around it."""


class Ran(NamedTuple):
    """How a command ended."""

    status: int
    output: str
    errors: str


class Dialogue(Protocol):
    """One open session to one device. Every method raises SessionError where it ends before the answer has."""

    @property
    def prompt(self) -> str:
        """The device's prompt as the session began."""
        ...

    def say(self, line: str, expect: str) -> Said:
        """Send a line, and take everything until a last line that is the prompt `expect` (a regular expression, whole)."""
        ...

    def run(self, command: str, stdin: bytes = b"") -> Ran:
        """Run a command beside the command line, on a host that has a shell. `command`: as that shell reads it."""
        ...


class Dialogues(Protocol):
    """Opens sessions in which devices are changed."""

    def open(self, endpoint: Endpoint, device_type: str) -> AbstractContextManager[Dialogue]:
        """Open as long as the block. Raises SessionError where there is none to be had. `device_type`: netmiko's name."""
        ...


class SshDialogues:
    """Dialogues over SSH. Raises LuxopsError when made where a configured key or file cannot be used."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._credentials = Credentials(settings)

    @contextmanager
    def open(self, endpoint: Endpoint, device_type: str) -> Iterator[Dialogue]:
        with (
            self._credentials.connector() as connector,
            connector.session(endpoint) as (transport, lease),
            ExitStack() as opened,
        ):
            yield SshDialogue(transport, lease, endpoint, device_type, self._settings, opened)


class SshDialogue:
    """See Dialogue. The terminal is opened with the first line that is said."""

    def __init__(
        self,
        transport: paramiko.Transport,
        lease: Lease,
        endpoint: Endpoint,
        device_type: str,
        settings: ConnectionSettings,
        opened: ExitStack,
    ) -> None:
        self._transport = transport
        self._lease = lease
        self._endpoint = endpoint
        self._device_type = device_type
        self._settings = settings
        self._opened = opened
        self._connection: Any = None
        self._prompt = ""

    @property
    def prompt(self) -> str:
        self._terminal()
        return self._prompt

    def say(self, line: str, expect: str) -> Said:
        connection = self._terminal()
        with telling("sending a line", self._lease):
            connection.write_channel(line + str(connection.RETURN))
        pattern = re.compile(expect)
        seen = ""
        with telling("waiting for the answer to a line", self._lease):
            while True:
                more = connection.read_channel()
                seen += _CONTROL.sub("", more)
                if more:
                    continue
                if (said := _answer(seen, line, pattern)) is not None:
                    time.sleep(_SETTLE)
                    if not (more := connection.read_channel()):
                        return said
                    seen += _CONTROL.sub("", more)
                time.sleep(_POLL)

    def run(self, command: str, stdin: bytes = b"") -> Ran:
        answer = Answer(self._settings.max_answer_bytes, self._settings.read_timeout)
        answer.take(self._transport, self._lease, command, stdin)
        if answer.exit_status is None:
            raise SessionError(FailureReason.SESSION_LOST, "the command ended without an exit status")
        return Ran(answer.exit_status, answer.output.decode(errors="replace"), answer.errors.decode(errors="replace"))

    def _terminal(self) -> Any:  # noqa: ANN401 - netmiko is not typed
        if self._connection is None:
            line = command_line(self._transport, self._lease, self._endpoint, self._device_type, self._settings)
            connection = self._opened.enter_context(line)
            with telling("opening the device's command line", self._lease):
                self._prompt = settled_prompt(connection, ())
            self._connection = connection
        return self._connection


def _answer(seen: str, line: str, prompt: re.Pattern[str]) -> Said | None:
    """The answer in what was seen, where it is whole: the line's echo, and a last line that is a prompt."""
    lines = seen.split("\n")
    echo = next((place for place, text in enumerate(lines) if _echoes(text, line)), None)
    if echo is None or echo == len(lines) - 1 or not prompt.fullmatch(lines[-1].strip()):
        return None
    before = lines[echo].removesuffix(line).strip() if line else ""
    late = _joined([*lines[:echo], *([before] if before and not prompt.fullmatch(before) else [])], prompt)
    return Said(late, _joined(lines[echo + 1 : -1], prompt), lines[-1].strip())


def _echoes(text: str, line: str) -> bool:
    return text.rstrip(" ").endswith(line.rstrip(" "))


def _joined(lines: Sequence[str], prompt: re.Pattern[str]) -> str:
    """Without empty lines at either end, and without prompts that the device has drawn again."""
    return "\n".join(text for text in lines if not prompt.fullmatch(text.strip())).strip("\n")
