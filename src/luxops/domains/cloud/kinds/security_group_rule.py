"""Rules of security groups. Neutron changes none: a changed rule is one that is missing and one that nobody declared.

Neutron writes the same rule in several ways: no prefix is any address, no protocol all of them, and a number a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from luxops.domains.cloud.kinds.interface import Canonical, Change, Json, Properties, Property, Seen, text
from luxops.domains.cloud.kinds.neutron import neutron_kind, reads
from luxops.domains.cloud.kinds.security_group import DEFAULT
from luxops.domains.cloud.nouns import MARK, Live
from luxops.model import Severity

_NUMBERS = {
    "icmp": 1,
    "igmp": 2,
    "tcp": 6,
    "udp": 17,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "ipv6-icmp": 58,
    "vrrp": 112,
    "sctp": 132,
}
_NAMES = {"icmpv6": "ipv6-icmp"} | {str(number): name for name, number in _NUMBERS.items()}
_ALL_PORTS = 65536
_ANYWHERE = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}


def protocol(value: Any) -> str:  # noqa: ANN401 - as the API or a program writes it
    """One name for each protocol; nothing for all. Number 0 is not all: Neutron keeps such a rule beside one for all."""
    word = "" if value is None else str(value).lower()
    return "" if word == "any" else _NAMES.get(word, word)


@lru_cache(maxsize=1 << 16)  # a cloud has many rules, and few prefixes in them
def prefix(value: Any) -> str:  # noqa: ANN401 - as the API or a program writes it
    """The network's own address with its length; nothing for any address."""
    if not value:
        return ""
    written = str(ip_network(str(value), strict=False))
    return "" if written in _ANYWHERE.values() else written


def label(item: Json) -> str:
    """The rule as people write it: `ingress tcp 443 from 10.16.0.0/22`."""
    low, high = item.get("port_range_min"), item.get("port_range_max")
    ports = "-".join(dict.fromkeys(str(port) for port in (low, high) if port is not None)) or "all ports"
    word = protocol(item.get("protocol")) or "any protocol"
    word = f"protocol {word}" if word.isdecimal() else word
    if word in {"icmp", "ipv6-icmp"}:
        ports = "any type" if low is None else f"type {low}" + ("" if high is None else f" code {high}")
    far = (
        prefix(item.get("remote_ip_prefix"))
        or (item.get("remote_group_id") and f"group {item['remote_group_id']}")
        or (item.get("remote_address_group_id") and f"address group {item['remote_address_group_id']}")
        or f"anywhere ({item['ethertype']})"
    )
    return f"{item['direction']} {word} {ports} {'from' if item['direction'] == 'ingress' else 'to'} {far}"


def _anywhere(known: Properties) -> bool:
    """Whether the far side may be any address."""
    return not (prefix(known.get("remoteIpPrefix")) or known.get("remoteGroupId") or known.get("remoteAddressGroupId"))


def _prefix_length(known: Properties) -> int | None:
    """Of the far side, where it is a prefix."""
    written = known.get("remoteIpPrefix")
    return ip_network(str(written), strict=False).prefixlen if written else None


def _ports(known: Properties) -> int | None:
    """How many ports it opens; of every protocol but TCP and UDP, nothing can be said."""
    if protocol(known.get("protocol")) not in {"tcp", "udp"}:
        return None
    low, high = known.get("portRangeMin"), known.get("portRangeMax")
    return _ALL_PORTS if low is None else (low if high is None else high) - low + 1


_PROPERTIES = {
    "direction": "direction",
    "ethertype": "ethertype",
    "protocol": "protocol",
    "portRangeMin": "port_range_min",
    "portRangeMax": "port_range_max",
    "remoteIpPrefix": "remote_ip_prefix",
    "remoteGroupId": "remote_group_id",
    "remoteAddressGroupId": "remote_address_group_id",
}
_CANONICAL: Mapping[str, Canonical] = {
    "protocol": protocol,
    "remoteIpPrefix": prefix,
    "remoteGroupId": text,
    "remoteAddressGroupId": text,
}

_PLAIN = neutron_kind(
    "security_group_rule",
    "openstack:networking/secGroupRule:SecGroupRule",
    singular="security_group_rule",
    collection="security_group_rules",
    key=("securityGroupId", *_PROPERTIES),
    properties={
        "securityGroupId": Property(Change.REPLACE, api="security_group_id"),
        "tenantId": Property(Change.NEVER, api="project_id", why="a rule belongs to whoever owns its group"),
        "description": Property(Change.REPLACE, api="description", canonical=text),
        **{
            name: Property(Change.REPLACE, api=api, canonical=_CANONICAL.get(name, lambda value: value))
            for name, api in _PROPERTIES.items()
        },
    },
    label=lambda item: f"{item['security_group_id']}: {label(item)}",
    marks=lambda item: [word for word in (item.get("description") or "").split()[:1] if word.startswith(MARK)],
    unique=True,
    severity=Severity.HIGH,
    derived={
        "anywhere": _anywhere,
        "prefixLength": _prefix_length,
        "protocolName": lambda known: protocol(known.get("protocol")),
        "ports": _ports,
    },
)


def _read(seen: Seen) -> Iterator[Live]:
    """Those of default groups are read with these."""
    default = {group["id"] for group in seen["security_groups"] if group["name"] == DEFAULT}
    others = [rule for rule in seen["security_group_rules"] if rule["security_group_id"] not in default]
    return _PLAIN.read({"security_group_rules": others})


KIND = replace(_PLAIN, read=_read, reads=reads("security_group_rules", "security_groups"))
