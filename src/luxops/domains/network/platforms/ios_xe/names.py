"""How IOS-XE writes ports, prefixes and protocols."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from types import MappingProxyType

from luxops.domains.network.config import ANYWHERE

TCP_NAMES = MappingProxyType({
    7: "echo", 9: "discard", 13: "daytime", 19: "chargen", 20: "ftp-data", 21: "ftp", 23: "telnet", 25: "smtp", 37: "time",
    43: "whois", 49: "tacacs", 53: "domain", 70: "gopher", 79: "finger", 80: "www", 101: "hostname", 109: "pop2", 110: "pop3",
    111: "sunrpc", 113: "ident", 119: "nntp", 179: "bgp", 194: "irc", 496: "pim-auto-rp", 512: "exec", 513: "login", 514: "cmd",
    515: "lpd", 517: "talk", 540: "uucp", 543: "klogin", 544: "kshell",
})  # fmt: skip
UDP_NAMES = MappingProxyType({
    7: "echo", 9: "discard", 37: "time", 42: "nameserver", 49: "tacacs", 53: "domain", 67: "bootps", 68: "bootpc", 69: "tftp",
    111: "sunrpc", 123: "ntp", 137: "netbios-ns", 138: "netbios-dgm", 139: "netbios-ss", 161: "snmp", 162: "snmptrap",
    177: "xdmcp", 195: "dnsix", 434: "mobile-ip", 496: "pim-auto-rp", 500: "isakmp", 512: "biff", 513: "who", 514: "syslog",
    517: "talk", 520: "rip", 4500: "non500-isakmp",
})  # fmt: skip
NAMES = MappingProxyType({"tcp": TCP_NAMES, "udp": UDP_NAMES})
NUMBERS = MappingProxyType({protocol: {name: port for port, name in names.items()} for protocol, names in NAMES.items()})
PORT_MAX = 65535


def written_prefix(prefix: IPv4Network) -> str:
    """`any`, `host A` or address and wildcard."""
    if prefix == ANYWHERE:
        return "any"
    if prefix.prefixlen == prefix.max_prefixlen:
        return f"host {prefix.network_address}"
    return f"{prefix.network_address} {prefix.hostmask}"


def written_ports(protocol: str, ports: tuple[int, int] | None) -> str:
    """Empty, or ` eq N` or ` range N M`."""
    if ports is None:
        return ""
    low, high = (NAMES[protocol].get(port, f"{port}") for port in ports)
    return f" eq {low}" if ports[0] == ports[1] else f" range {low} {high}"


def take_prefix(words: list[str]) -> IPv4Network:
    """Takes a prefix off the front of `words`. Raises ValueError where there is none."""
    first = words.pop(0)
    if first == "any":
        return ANYWHERE
    if first == "host":
        return IPv4Network(words.pop(0))
    wildcard = int(IPv4Address(words.pop(0)))
    if wildcard & (wildcard + 1):
        raise ValueError("a wildcard with holes is no prefix")
    return IPv4Network((IPv4Address(first), ANYWHERE.max_prefixlen - wildcard.bit_length()), strict=False)


def take_ports(words: list[str], protocol: str) -> tuple[int, int] | None:
    """Takes a port condition off the front of `words`, where there is one. Raises ValueError for one that is garbled."""
    if not words or words[0] not in {"eq", "range", "gt", "lt"}:
        return None
    kind = words.pop(0)
    first = _number(words.pop(0), protocol)
    match kind:
        case "eq":
            return first, first
        case "gt":
            return first + 1, PORT_MAX
        case "lt":
            return 0, first - 1
        case _:
            return first, _number(words.pop(0), protocol)


def _number(word: str, protocol: str) -> int:
    port = int(word) if word.isdecimal() else NUMBERS.get(protocol, {}).get(word, -1)
    if not 0 <= port <= PORT_MAX:
        raise ValueError(f"`{word}` is no port")
    return port
