"""A dialogue that says nothing any more once it is too late: after its timer, a router must not be sent half of a change."""

from __future__ import annotations

from collections.abc import Callable

from luxops.domains.network.platforms.changing import Refused
from luxops.transports.dialogue import Dialogue, Ran, Said


class Late(Refused):
    """The dead-man timer is about to run out."""


class Watched:
    """A Dialogue. `in_time` raises Late."""

    def __init__(self, dialogue: Dialogue, in_time: Callable[[], None]) -> None:
        self._dialogue = dialogue
        self._in_time = in_time

    @property
    def prompt(self) -> str:
        return self._dialogue.prompt

    def say(self, line: str, expect: str) -> Said:
        self._in_time()
        return self._dialogue.say(line, expect)

    def run(self, command: str, stdin: bytes = b"") -> Ran:
        self._in_time()
        return self._dialogue.run(command, stdin)
