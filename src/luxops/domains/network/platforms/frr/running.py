"""FRR's `show running-config`, and the file it is rendered from, as one normal form."""

from __future__ import annotations

import re

from luxops.domains.network.blocks import Block, indented
from luxops.domains.network.config import SECRET
from luxops.domains.network.platforms.grammar import gathered, refuse_repeats
from luxops.domains.network.transcripts import ParseError

_CLOSING = {"!", "exit", "exit-address-family", "exit-vrf", "end", ""}
_DEFAULTS = {"ip forwarding", "service integrated-vtysh-config"}
"""Lines that FRR takes and never writes back, or writes back only to who may read its files."""
_PREAMBLE = re.compile(r"Building configuration\.\.\.\n\nCurrent configuration:\n")
_SECRETS = re.compile(
    r"^((?:enable )?password|neighbor \S+ password|.*\b(?:key-string|authentication-key|tcp-key|md5|clear|secret)) .*$"
)
_WORDS = frozenset({
    "access-list", "affinity-map", "agentx", "allow-external-route-update", "allow-reserved-ranges", "banner", "bfd", "bgp",
    "cts", "debug", "domainname", "dump", "enable", "evpn", "fpm", "frr", "hostname", "interface", "ip", "ipv6", "key",
    "l2vpn", "line", "log", "mac", "mpls", "nexthop-group", "no", "password", "pbr-map", "pseudowire", "route-map", "router",
    "rpki", "security", "segment-routing", "service", "snmp-server", "username", "vni", "vrf", "vrrp", "watchfrr", "zebra",
})  # fmt: skip
"""First words of FRR's top-level lines. Another one is garbage, and then nothing around it can be trusted."""


def normal_form(text: str) -> list[Block]:
    """Blocks of a configuration file or of the body of a running configuration: closing lines dropped, passwords masked.

    Prefix lists are gathered, one block a list. Raises ParseError where a line cannot be FRR's.
    """
    kept = (line for line in text.split("\n") if line.strip() not in _CLOSING and not line.strip().startswith("! "))
    blocks = indented(kept)
    for block in blocks:
        if block.words[0] not in _WORDS:
            raise ParseError(f"`{block.words[0][:40]}` begins no line of an FRR configuration")
        refuse_repeats(block)
        _mask(block)
    return list(gathered(block for block in blocks if block.text not in _DEFAULTS))


def running_body(output: str) -> str:
    """The configuration inside the answer to `show running-config`. Raises ParseError where it is not whole."""
    if not (match := _PREAMBLE.match(output)):
        raise ParseError("the running configuration does not begin as one")
    body = output[match.end() :].rstrip("\n")
    if not body.endswith("\nend"):
        raise ParseError("the running configuration does not end with `end`")
    if "\nend\n" in body:
        raise ParseError("the running configuration ends twice")
    return body


def masked(text: str) -> str:
    """The configuration line by line as it stands, passwords masked."""
    return "\n".join(" " * (len(line) - len(line.lstrip(" "))) + _masked(line.lstrip(" ")) for line in text.split("\n"))


def _masked(line: str) -> str:
    return _SECRETS.sub(rf"\1 {SECRET}", line)


def _mask(block: Block) -> None:
    block.text = _masked(block.text)
    for child in block.children:
        _mask(child)
