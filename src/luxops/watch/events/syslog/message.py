"""One syslog message: RFC 5424, RFC 3164, and what devices really send in its place. Nothing in it is trusted."""

from __future__ import annotations

import re
from typing import NamedTuple

LIMIT = 65536
"""Bytes of one message; a longer one is malformed."""
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_PRI = re.compile(rb"<(0|[1-9]\d{0,2})>")
_HIGHEST = 191
_MODERN = re.compile(
    r"1 (?P<time>\S{1,64}) (?P<host>\S{1,255}) (?P<app>\S{1,48}) (?P<process>\S{1,128}) (?P<id>\S{1,32}) ?(?P<rest>.*)",
    re.DOTALL,
)
_ELEMENT = re.compile(r'\[[^\s=\]"]{1,32}(?: [^\s=\]"]{1,32}="(?:[^"\\\]]|\\.)*")*\]', re.DOTALL)
_CLASSIC = re.compile(
    rf"(?:(?:{_MONTHS}) [ \d]\d \d\d:\d\d:\d\d|\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\S{{0,20}}) (?P<host>[\w.:-]{{1,255}}) "
    r"(?P<app>[^\s:\[]{1,64})(?:\[[^\]\s]{0,64}\])?:? ?(?P<text>.*)",
    re.DOTALL,
)
_DEVICE = re.compile(
    rf"(?:\d{{1,12}}: )?(?:(?P<host>[A-Za-z][\w.-]{{0,254}}): )?(?:\d{{1,12}}: )?"
    rf"[*.]?(?:(?:{_MONTHS}) [ \d]\d (?:\d{{4}} )?\d\d:\d\d:\d\d(?:\.\d{{1,9}})?(?: [A-Z]{{1,5}})?|\S{{1,20}}): (?P<text>%.*)",
    re.DOTALL,
)
"""IOS: sequence number, origin id, time stamp, then `%FACILITY-SEVERITY-MNEMONIC: …`."""


class MalformedError(Exception):
    """Bytes that are no message."""


class SyslogMessage(NamedTuple):
    """What a message says of itself. Every text is printable, a control character shown as `?`."""

    facility: int
    severity: int
    """0, emergency, to 7, debug."""
    host: str
    """In lower case; empty where it names none."""
    program: str
    text: str


def parse_message(data: bytes) -> SyslogMessage:
    """Raises MalformedError for what is too long, has no priority, or breaks RFC 5424 where it says that it follows it."""
    if len(data) > LIMIT:
        raise MalformedError("too long")
    match = _PRI.match(data)
    if not match or int(match[1]) > _HIGHEST:
        raise MalformedError("no priority")
    facility, severity = divmod(int(match[1]), 8)
    body = data[match.end() :].decode("utf-8", "replace").rstrip("\r\n\0")
    return SyslogMessage(facility, severity, *_body(body))


def _body(body: str) -> tuple[str, str, str]:
    if body.startswith("1 ") and (modern := _MODERN.fullmatch(body)):
        host, app = ("" if modern[name] == "-" else modern[name] for name in ("host", "app"))
        return _host(host), printable(app), printable(_without_data(modern["rest"]))
    if re.match(r"\d ", body):
        raise MalformedError("not as RFC 5424 says")
    if classic := _CLASSIC.fullmatch(body):
        return _host(classic["host"]), printable(classic["app"]), printable(classic["text"])
    if device := _DEVICE.fullmatch(body):
        return _host(device["host"] or ""), "", printable(device["text"])
    return "", "", printable(body)


def _without_data(rest: str) -> str:
    """The message behind the structured data."""
    if rest.startswith("-"):
        end = 1
    else:
        end = 0
        while element := _ELEMENT.match(rest, end):
            end = element.end()
        if not end:
            raise MalformedError("its structured data is garbled")
    if rest[end : end + 1] not in {"", " "}:
        raise MalformedError("its structured data is garbled")
    return rest[end + 1 :].removeprefix("\ufeff")


def _host(name: str) -> str:
    return printable(name).lower()


def printable(text: str) -> str:
    """Control characters, and what is no text, as `?`."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
