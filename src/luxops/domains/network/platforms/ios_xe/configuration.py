"""From IOS-XE's `show running-config` to the router's configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from luxops.domains.network.blocks import Block, canonical, flattened, indented
from luxops.domains.network.config import ANYWHERE, SECRET, RouterConfig
from luxops.domains.network.platforms.grammar import (
    distinct,
    gathered,
    neighbours,
    prefix_lists,
    refuse_repeats,
    route_maps,
    value_of,
)
from luxops.domains.network.platforms.ios_xe.lists import binding, read_list, unnumbered
from luxops.domains.network.transcripts import ParseError
from luxops.federation.schema import Platform
from luxops.model import FailureReason, TargetId

_PREAMBLE = re.compile(r"Building configuration\.\.\.\n+Current configuration ?: ?\d* ?(?:bytes)?\n")
_BANNER = re.compile(r"^banner (\S+) (\^C|\x03)\n?(.*?)\n?\2$", re.MULTILINE | re.DOTALL)
_CLOSING = {"exit-address-family", "exit-vrf", "exit", "end", ""}
_FACTORY = re.compile(
    r"version \S+|boot-(?:start|end)-marker|ip forward-protocol nd|license .*|diagnostic bootup level \S+|memory free .*"
    r"|spanning-tree extend system-id|subscriber templating|multilink bundle-name authenticated|control-plane"
    r"|(?:no )?platform (?:punt-keepalive|hardware) .*"
)
"""Lines that every device of this kind carries and no design decides, where nothing stands below them."""
_FACTORY_BLOCKS = re.compile(r"redundancy|call-home|crypto pki (?:trustpoint|certificate chain) \S+")
"""Blocks of the same kind, with what is below them."""
_FACTORY_LINES = {"negotiation auto", "no mop enabled", "no mop sysid"}
_UNUSED = {"no ip address", "shutdown"}
_SECRETS = re.compile(
    r"^(neighbor \S+ password|username \S+ .*?(?:secret|password)|enable (?:secret|password)|password|key|key-string"
    r"|snmp-server community|tacacs-server key|radius-server key|ntp authentication-key \d+ md5|pac key"
    r"|(?:tacacs|radius)-server host .*? key|server-private .*? key|crypto isakmp key|pre-shared-key(?: (?:local|remote))?"
    r"|snmp-server host \S+.*?(?: version \S+(?: (?:auth|noauth|priv))?)?|snmp-server user \S+ \S+ .*?(?:auth|priv) \S+"
    r"|ip ospf (?:authentication-key|message-digest-key \d+ md5)|(?:ppp (?:chap|pap) .*?|isis |wpa-psk .*?)password"
    r"|(?:standby|vrrp|glbp) .*?authentication .*?)(?: \d+)? \S.*$"
)
_USER = re.compile(r"username (\S+)(?: .*)?")
_USER_SECRET = re.compile(r" (secret|password)(?: (\d+))? \S")
_STATIC = re.compile(r"ip route (?:vrf \S+ )?(\d[\d.]+) (\d[\d.]+) (\S+).*")
_STRONG = {"8", "9"}
_KEPT = {"0": "plain", "4": "weak", "5": "weak", "7": "weak"}


def running_body(output: str) -> str:
    """The configuration inside the answer. Raises ParseError where it is not whole."""
    if not (match := _PREAMBLE.match(output)):
        raise ParseError("the running configuration does not begin as one")
    body = output[match.end() :].rstrip("\n")
    if not body.endswith("\nend") or "\nend\n" in body:
        raise ParseError("the running configuration does not end with one `end`")
    return body


def configuration(body: str, target: TargetId) -> RouterConfig:
    """Raises ParseError, with WRONG_TARGET where the configuration is another router's."""
    text, banners = _without_banners(body)
    blocks = indented(line for line in text.split("\n") if line.strip() not in _CLOSING and not line.lstrip().startswith("!"))
    names = {block.text.removeprefix("hostname ") for block in blocks if block.text.startswith("hostname ")}
    if names != {target}:
        raise ParseError(f"this is the configuration of `{' '.join(names)}`, not of `{target}`", FailureReason.WRONG_TARGET)
    users = {match[1]: _account(block.text) for block in blocks if (match := _USER.fullmatch(block.text))}
    passwords = dict(_passwords(blocks))
    for block in blocks:
        refuse_repeats(block)
        _mask(block)
    version = value_of(blocks, "version")
    blocks = [block for block in gathered(blocks) if not _is_factory(block)]
    blocks = [_normal(block) for block in blocks]
    texts = [block.text for block in blocks]
    return RouterConfig.model_validate({
        "platform": Platform.IOS_XE, "hostname": target, "version": version,
        "interfaces": _interfaces(blocks), "bgp": _bgp(blocks),
        "prefix_lists": prefix_lists(blocks), "route_maps": route_maps(blocks), "acls": _lists(blocks), "control_plane_acl": "",
        "static_routes": [
            {"prefix": IPv4Network(f"{m[1]}/{m[2]}"), "next_hop": m[3]} for text in texts if (m := _STATIC.fullmatch(text))
        ],
        "users": users, "passwords": passwords, "management": _management(blocks),
        "logging_hosts": [text.split()[2] for text in texts if text.startswith("logging host ")],
        "logging_level": value_of(blocks, "logging trap") or "informational",
        "ntp_servers": [m[1] for text in texts if (m := re.fullmatch(r"ntp server (?:vrf \S+ )?([\d.]+).*", text))],
        "banner": banners.get("login", ""),
        "services": [text.removeprefix("service ") for text in texts if text.startswith("service ")],
        "lines": tuple(flattened(canonical([*filter(_says_something, blocks), *_banner_blocks(banners)]))),
    })  # fmt: skip


def _says_something(block: Block) -> bool:
    """False for what a device shows only because it has it: an unused interface that is shut, a terminal line as it came."""
    if block.text.startswith("interface "):
        lines = {child.text for child in block.children}
        return "shutdown" not in lines or not lines <= _UNUSED
    return bool(block.children) or not block.text.startswith("line ")


def _banner_blocks(banners: Mapping[str, str]) -> Iterator[Block]:
    return (Block(f"banner {kind} {line}") for kind, line in banners.items())


def _is_factory(block: Block) -> bool:
    pattern = _FACTORY_BLOCKS if block.children else _FACTORY
    return bool(pattern.fullmatch(block.text) or _FACTORY_BLOCKS.fullmatch(block.text))


def _without_banners(body: str) -> tuple[str, Mapping[str, str]]:
    banners = {match[1]: " ".join(match[3].split()) for match in _BANNER.finditer(body)}
    text = _BANNER.sub("", body)
    if re.search(r"^banner ", text, re.MULTILINE):
        raise ParseError("a banner does not end")
    return text, banners


def masked(body: str) -> str:
    """The configuration line by line as it stands, passwords masked. Banners are nobody's secret and stay as they are."""
    pieces, at = [], 0
    for match in _BANNER.finditer(body):
        pieces += [_masked_lines(body[at : match.start()]), match[0]]
        at = match.end()
    return "".join([*pieces, _masked_lines(body[at:])])


def _masked_lines(text: str) -> str:
    return "\n".join(" " * (len(line) - len(line.lstrip(" "))) + _masked(line.lstrip(" ")) for line in text.split("\n"))


def _masked(line: str) -> str:
    return _SECRETS.sub(rf"\1 {SECRET}", line)


def _mask(block: Block) -> None:
    block.text = _masked(block.text)
    for child in block.children:
        _mask(child)


def _account(line: str) -> str:
    match = _USER_SECRET.search(line)
    return _kept(match[1], match[2]) if match else "none"


def _kept(kind: str | None, number: str | None) -> str:
    """How a secret is kept: types 8 and 9 are strong; the others can be reversed or guessed."""
    if kind is None:
        return "none"
    if number in _STRONG:
        return "strong"
    return _KEPT.get(number or "0", "weak")


def _passwords(blocks: Iterable[Block]) -> Iterator[tuple[str, str]]:
    for block in blocks:
        if match := re.fullmatch(r"enable (secret|password)(?: (\d+))? \S+", block.text):
            yield f"enable {match[1]}", _kept(match[1], match[2])
        for child in block.children if block.text.startswith("line ") else ():
            if match := re.fullmatch(r"password(?: (\d+))? \S+", child.text):
                yield f"{block.text} password", _kept("password", match[1])


def _normal(block: Block) -> Block:
    kept = [_normal(child) for child in block.children if child.text not in _FACTORY_LINES]
    if block.text.startswith("ip access-list "):
        return distinct(unnumbered(Block(block.text, kept)))
    return Block(block.text, kept)


def _lists(blocks: Iterable[Block]) -> Mapping[str, Any]:
    return {
        block.words[3]: read_list(block) for block in blocks if re.match(r"ip access-list (standard|extended) \S", block.text)
    }


def _interfaces(blocks: Iterable[Block]) -> Mapping[str, dict[str, Any]]:
    found = {}
    for block in blocks:
        if block.text.startswith("interface "):
            lines = [child.text for child in block.children]
            addresses = [m for line in lines if (m := re.fullmatch(r"ip address ([\d.]+) ([\d.]+)(?: secondary)?", line))]
            loopback = block.words[1].startswith("Loopback")
            found[block.words[1]] = {
                "description": value_of(block.children, "description"),
                "addresses": [f"{match[1]}/{match[2]}" for match in addresses],
                "shutdown": "shutdown" in lines,
                "acl_in": binding(block.children, "in"),
                "acl_out": binding(block.children, "out"),
                "proxy_arp": bool(addresses) and not loopback and "no ip proxy-arp" not in lines,
                "redirects": bool(addresses) and not loopback and "no ip redirects" not in lines,
            }
    return found


def _bgp(blocks: Iterable[Block]) -> dict[str, Any] | None:
    block = next((b for b in blocks if re.fullmatch(r"router bgp \d+", b.text)), None)
    if block is None:
        return None
    family = next((b.children for b in block.children if re.fullmatch(r"address-family ipv4(?: unicast)?", b.text)), [])
    lines, family_lines = [b.text for b in block.children], [b.text for b in family]
    networks = [m for line in family_lines if (m := re.fullmatch(r"network ([\d.]+) mask ([\d.]+).*", line))]
    return {
        "as_number": int(block.words[2]),
        "router_id": value_of(block.children, "bgp router-id") or None,
        "log_neighbour_changes": "bgp log-neighbor-changes" in lines,
        "default_ipv4_unicast": "no bgp default ipv4-unicast" not in lines,
        "requires_policy": False,
        "networks": [f"{match[1]}/{match[2]}" for match in networks],
        "redistributed": [line.removeprefix("redistribute ") for line in family_lines if line.startswith("redistribute ")],
        "neighbours": neighbours((*lines, *family_lines)),
    }


def _management(blocks: Sequence[Block]) -> dict[str, Any]:
    """The terminals decide: without `transport input`, one takes whatever the device offers, telnet included."""
    texts = [block.text for block in blocks]
    terminals = [block for block in blocks if block.text.startswith("line vty ")]
    inputs = [value_of(block.children, "transport input").split() for block in terminals]
    idle = [_seconds(value_of(block.children, "exec-timeout")) for block in terminals]
    return {
        "ssh": any({"ssh", "all"} & set(words) or not words for words in inputs),
        "ssh_sources": sorted({source for terminal in terminals for source in _sources(blocks, terminal)}),
        "telnet": any({"telnet", "all"} & set(words) or not words for words in inputs),
        "http": bool({"ip http server", "ip http secure-server"} & set(texts)),
        "snmp": any(text.startswith(("snmp-server community ", "snmp-server host ", "snmp-server group ")) for text in texts),
        "idle_timeout": max((seconds for seconds in idle if seconds), default=None) if all(idle) else None,
    }


def _seconds(text: str) -> int:
    """Of `MINUTES SECONDS`; ten minutes where nothing is said; 0 is never."""
    minutes, _, seconds = text.partition(" ")
    return int(minutes) * 60 + int(seconds or 0) if text else 600


def _sources(blocks: Sequence[Block], terminal: Block) -> Iterator[IPv4Network]:
    match = next((m for c in terminal.children if (m := re.fullmatch(r"access-class (\S+) in(?: vrf-also)?", c.text))), None)
    known = _lists(blocks)
    if match is None or match[1] not in known:
        yield ANYWHERE
        return
    yield from (entry.source for entry in known[match[1]] if entry.action == "permit")
