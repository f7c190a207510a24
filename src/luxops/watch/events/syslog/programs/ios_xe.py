"""IOS and IOS-XE: `%SYS-5-CONFIG_I` when someone leaves configuration mode, and its kind."""

from __future__ import annotations

import re

from luxops.watch.events.syslog.message import SyslogMessage
from luxops.watch.events.syslog.programs.interface import WHO, Told

_BY_HAND = re.compile(r"%SYS-5-CONFIG_I: Configured from (\S{1,64}) by (\S{1,128})(?: on (\S{1,32}))?(?: \(([\w.:-]{1,64})\))?")
_BY_INTERFACE = re.compile(r"%DMI-5-CONFIG_I: .{0,64}?Configured from (\S{1,32}) by ([^\s,]{1,128})")
_BY_PROCESS = re.compile(
    r"%SYS-5-CONFIG_P: Configured programmatically by process (\S{1,64}) from (\S{1,64})(?: as (\S{1,64}))?"
)
_LINE = re.compile(r"%PARSER-5-CFGLOG_LOGGEDCMD: User:(\S{1,128}) ")
_RESTART = re.compile(r"%SYS-5-(?:RESTART|RELOAD): ")
_NOBODY = {"console", "unknown", ""}


class IosXe:
    name = "ios-xe"

    def told(self, message: SyslogMessage) -> Told | None:
        text = message.text
        if "%" not in text[:128]:
            return None
        if found := _BY_HAND.search(text, 0, 600):
            place = found[4] or found[3] or found[1]
            return Told(f"configured from {place}", _who(found[2]))
        if found := _BY_INTERFACE.search(text, 0, 600):
            return Told(f"configured over {found[1]}", _who(found[2]))
        if found := _BY_PROCESS.search(text, 0, 600):
            return Told(f"configured by the process {found[1]}", _who(found[3] or ""))
        if found := _LINE.search(text, 0, 600):
            return Told("a line was given in configuration mode", _who(found[1]))
        return Told("restarted") if _RESTART.search(text, 0, 600) else None


def _who(name: str) -> str:
    return "" if name in _NOBODY else name[:WHO]
