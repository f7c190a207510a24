"""Flows guessed from security groups: each incoming rule that a project's subnet explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, collapse_addresses, ip_network
from typing import TYPE_CHECKING, Any

from luxops.domains.cloud.drafting import REVIEW, FoundZone, Tenant, quoted
from luxops.domains.cloud.kinds.security_group_rule import label, protocol
from luxops.domains.cloud.nouns import MARK

if TYPE_CHECKING:
    from luxops.domains.cloud.sweep import Sweep

Json = Any
_WHY_MAX = 200
_ALL_PORTS = (1, 65535)


def flow_lines(seen: Sweep, tenants: Sequence[Tenant], tenant: Tenant) -> Iterator[str]:
    """`flows:` of one owner: what may come into its zones. What leaves is said by whoever it comes to."""
    groups = {g["id"]: g for g in seen.seen["security_groups"] if g["project_id"] == tenant.project["id"]}
    rules = [r for r in seen.seen["security_group_rules"] if r["security_group_id"] in groups and r["direction"] == "ingress"]
    lines: dict[str, None] = {}
    doubts: dict[str, None] = {}
    for rule in sorted(rules, key=lambda r: (groups[r["security_group_id"]]["name"], label(r), r["id"])):
        group = groups[rule["security_group_id"]]
        zones, guessed = _zones_of(seen, tenant, group)
        said, doubt = _flows(seen, tenants, tenant, zones, rule)
        if not zones:
            said, doubt = [], "no port is in the group, and its name is no subnet's"
        for line in said:
            lines.setdefault(line + (f"  {REVIEW} {guessed}" if guessed else ""))
        if doubt:
            doubts.setdefault(f"  {REVIEW} group {quoted(group['name'])}: {_safe(label(rule))}: {doubt}")
    yield "flows:" if lines else "flows: []"
    yield from lines
    yield from doubts


def _safe(text: str) -> str:
    return quoted(text)[1:-1]


def _zones_of(seen: Sweep, tenant: Tenant, group: Json) -> tuple[list[FoundZone], str]:
    """Where the group counts: the zones of the ports in it, else the one whose subnet has its name."""
    ports = [port for port in seen.seen["ports"] if group["id"] in (port.get("security_groups") or ())]
    zones = {ip["subnet_id"]: tenant.at(ip["subnet_id"]) for port in ports for ip in port["fixed_ips"]}
    found = [zone for _, zone in sorted(zones.items()) if zone is not None]
    if found or ports:
        return found, ""
    named = {subnet["id"] for subnet in seen.seen["subnets"] if subnet["name"] and subnet["name"] == group["name"]}
    found = [zone for zone in tenant.zones if zone.subnet in named]
    return found, "no port is in the group: its zone is guessed from its name" if found else ""


def _flows(
    seen: Sweep, tenants: Sequence[Tenant], tenant: Tenant, zones: Sequence[FoundZone], rule: Json
) -> tuple[list[str], str]:
    """The flows that one rule lets in, and what of it they do not say."""
    packets, doubt = _packets(rule)
    if not packets:
        return [], doubt
    sources, open_ = _sources(seen, tenants, tenant, rule)
    why = quoted(_why(rule))
    lines = [
        f"  - {{from: {source}, to: {zone.zone}@{zone.place}, {packets}, why: {why}}}"
        for zone in zones
        for source, prefix in sources
        if prefix != zone.prefix
    ]
    return lines, "; ".join(filter(None, (doubt, open_)))


def _why(rule: Json) -> str:
    words = (rule.get("description") or "").split()
    text = " ".join(words[1:] if words and words[0].startswith(MARK) else words)[:_WHY_MAX]
    return text if len(text) >= 3 else "found in the cloud; nobody has said why"  # noqa: PLR2004 - as the schema asks


def _packets(rule: Json) -> tuple[str, str]:
    """Protocol and ports as a flow says them, and what is left unsaid. No protocol at all where a flow cannot say it."""
    word = protocol(rule.get("protocol"))
    low, high = rule.get("port_range_min"), rule.get("port_range_max")
    if rule["ethertype"] != "IPv4":
        return "", "an inventory has IPv4 alone"
    if word == "icmp":
        return "protocol: icmp", "" if (low, high) == (8, 0) else "a flow of icmp is echo alone"
    if word not in {"tcp", "udp"}:
        return "", "a flow names tcp, udp or icmp"
    if low is None:
        low, high = _ALL_PORTS
    ports = str(low) if low == high else f'"{low}-{high}"'
    return f"protocol: {word}, ports: [{ports}]", "all ports" if (low, high) == _ALL_PORTS else ""


def _sources(seen: Sweep, tenants: Sequence[Tenant], tenant: Tenant, rule: Json) -> tuple[list[tuple[str, IPv4Network]], str]:
    """Whose subnets the far end is, each as a flow names it with its prefix, and what of it is nobody's."""
    if rule.get("remote_group_id"):
        return _members(seen, tenants, tenant, rule["remote_group_id"])
    if not rule.get("remote_ip_prefix"):
        return [], "from anywhere at all" if not rule.get("remote_address_group_id") else "from an address group"
    far = ip_network(rule["remote_ip_prefix"], strict=False)
    if not isinstance(far, IPv4Network) or not far.prefixlen:
        return [], "from anywhere at all"
    found = [
        (_named(tenant, other, zone), zone.prefix) for other in tenants for zone in other.zones if zone.prefix.overlaps(far)
    ]
    inside = [prefix for _, prefix in found if prefix.subnet_of(far)]
    if narrower := [name for name, prefix in found if not prefix.subnet_of(far)]:
        return found, f"only from {far}, which is a part of {', '.join(narrower)}"
    if not inside:
        return [], f"{far} is no project's subnet: a campus, an external peer, or nobody"
    covered = sum(prefix.num_addresses for prefix in collapse_addresses(inside))
    return found, "" if covered >= far.num_addresses else f"some of {far} is no project's subnet"


def _members(seen: Sweep, tenants: Sequence[Tenant], tenant: Tenant, group: str) -> tuple[list[tuple[str, IPv4Network]], str]:
    subnets = {
        ip["subnet_id"]
        for port in seen.seen["ports"]
        if group in (port.get("security_groups") or ())
        for ip in port["fixed_ips"]
    }
    found = [(_named(tenant, o, zone), zone.prefix) for o in tenants for zone in o.zones if zone.subnet in subnets]
    return found, "only from members of a group, which a flow cannot say" if found else "from a group that no port is in"


def _named(tenant: Tenant, other: Tenant, zone: FoundZone) -> str:
    own = f"{zone.zone}@{zone.place}"
    return own if other.id == tenant.id else f"{other.id}.{own}"
