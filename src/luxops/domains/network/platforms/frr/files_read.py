"""The files around FRR and the listening sockets, read back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, ip_address

from luxops.domains.network.blocks import Block
from luxops.domains.network.config import ManagementConfig
from luxops.domains.network.platforms.frr.files import BANNER, LINES_SHOWN, LOG, SSH, TIME
from luxops.domains.network.transcripts import ParseError
from luxops.model import FailureReason

_HEADER = re.compile(r"^==> (/\S+) <==$", re.MULTILINE)
_ABSENT = re.compile(r"^head: cannot open '(/[^']+)' for reading: (.+)$", re.MULTILINE)
_SOCKET = re.compile(r"(tcp|udp) +(?:LISTEN|UNCONN) +\d+ +\d+ +(\S+):(\d+) +\S+ *")
_VTY_PORTS = range(2600, 2625)
"""Command lines of FRR's daemons: unencrypted, and without accounts."""
Socket = tuple[str, str, int]
"""Protocol, address, port."""
FILES_READ = (TIME, LOG, SSH, BANNER)


def file_texts(output: str) -> Mapping[str, str]:
    """Path → text for each file that exists. Raises ParseError where one is neither shown nor said to be absent."""
    for path, why in _ABSENT.findall(output):
        if why != "No such file or directory":
            raise ParseError(f"{path} could not be read: {why}", FailureReason.REFUSED)
    absent = {path for path, _ in _ABSENT.findall(output)}
    parts = _HEADER.split(_ABSENT.sub("", output))
    if parts[0].strip():
        raise ParseError("the answer does not begin with a file")
    if any(text.count("\n") >= LINES_SHOWN for text in parts[2::2]):
        raise ParseError("a file has more lines than are shown")
    texts = {path: text.strip("\n") for path, text in zip(parts[1::2], parts[2::2], strict=True)}
    if len(texts) != len(parts) // 2 or set(FILES_READ) != texts.keys() | absent or texts.keys() & absent:
        raise ParseError("the answer does not show each file once")
    return texts


def file_blocks(texts: Mapping[str, str]) -> Iterator[Block]:
    """A block a file, with its lines: what comparison sees of it. Comments and empty lines do not count."""
    for path, text in sorted(texts.items()):
        lines = list(_lines(text))
        if len(set(lines)) != len(lines):
            raise ParseError(f"a line of {path} stands there twice")
        yield Block(f"file {path}", [Block(line) for line in lines])


def _lines(text: str) -> Iterator[str]:
    return (stripped for line in text.split("\n") if (stripped := line.strip()) and not stripped.startswith("#"))


def ntp_servers(texts: Mapping[str, str]) -> tuple[IPv4Address, ...]:
    """Of systemd-timesyncd."""
    settings = dict(line.split("=", 1) for line in _lines(texts.get(TIME, "")) if "=" in line)
    return _addresses(settings.get("NTP", "").split())


def logging_hosts(texts: Mapping[str, str]) -> tuple[IPv4Address, ...]:
    """To which rsyslog sends everything."""
    found = (re.fullmatch(r"\*\.\* @@?([\d.]+)(?::\d+)?", line) for line in _lines(texts.get(LOG, "")))
    return _addresses([match[1] for match in found if match])


def _addresses(words: Sequence[str]) -> tuple[IPv4Address, ...]:
    return tuple(IPv4Address(word) for word in words if re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", word))


def ssh_settings(texts: Mapping[str, str]) -> Mapping[str, str]:
    """Keyword in lower case → value, of luxops's own part of the SSH server's configuration."""
    pairs = (line.partition(" ") for line in _lines(texts.get(SSH, "")))
    return {keyword.lower(): value.strip() for keyword, _, value in pairs}


def listening(output: str) -> list[Socket]:
    """Each socket. Raises ParseError for a line that is none."""
    found = []
    for line in output.splitlines():
        if line.strip():
            if not (match := _SOCKET.fullmatch(line)):
                raise ParseError("a line of the listening sockets is garbled")
            found.append((match[1], match[2].strip("[]").partition("%")[0], int(match[3])))
    if not found:
        raise ParseError("not one socket is listening, yet this session runs over one")
    return found


def management(sockets: Sequence[Socket], settings: Mapping[str, str], sources: tuple[str, ...]) -> ManagementConfig:
    """Over what the router can be managed, from what listens on other addresses than the loopback."""
    outside = {(protocol, port) for protocol, address, port in sockets if not _loopback(address)}
    interval, count = settings.get("clientaliveinterval", ""), settings.get("clientalivecountmax", "")
    idle = int(interval) * int(count) if interval.isdecimal() and count.isdecimal() else None
    return ManagementConfig.model_validate(
        {
            "ssh": ("tcp", 22) in outside,
            "ssh_sources": sources,
            "telnet": ("tcp", 23) in outside or any(("tcp", port) in outside for port in _VTY_PORTS),
            "http": any(("tcp", port) in outside for port in (80, 443, 8080, 8443)),
            "snmp": ("udp", 161) in outside,
            "idle_timeout": idle or None,
        }
    )


def _loopback(address: str) -> bool:
    return address != "*" and ip_address(address).is_loopback
