"""How a message is told to be about a change of configuration. A new program is one more member of `programs.PROGRAMS`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from luxops.watch.events.syslog.message import SyslogMessage

WHO = 64
"""Characters of a name."""


class Told(NamedTuple):
    """A change of configuration, or what may be one."""

    what: str
    """In luxops's own words. Never what was typed: a password can stand in it."""
    who: str = ""
    """Empty where the message does not say."""


class Program(Protocol):
    """One program or device. What only reads must be told apart from what changes: luxops reads too."""

    @property
    def name(self) -> str: ...

    def told(self, message: SyslogMessage) -> Told | None:
        """None where the message is another program's, or tells of no change. Raises nothing."""
        ...
