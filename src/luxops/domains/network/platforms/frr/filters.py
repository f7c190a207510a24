"""nftables enforces an FRR router's access lists: FRR itself filters no transit packets. Written as `nft list ruleset` writes.

Each access list is a chain. Two hooks dispatch to them, one by the interface a packet came in, one by the interface it leaves
through, because both a router's inbound and its outbound list must agree.
"""

from __future__ import annotations

from collections.abc import Iterable

from luxops.domains.network.config import ANYWHERE, AclEntry
from luxops.domains.network.entries import entries
from luxops.domains.network.nouns import Neighbour, RouterDesign

CONTROL_PLANE = "INPUT"
FORWARD_IN, FORWARD_OUT = "forward-in", "forward-out"
BGP_PORT, SSH_PORT = 179, 22
ICMP_TYPES = {"echo": "echo-request", "echo-reply": "echo-reply"}


def render_filters(design: RouterDesign) -> str:
    """`/etc/nftables.conf`."""
    chains = [_chain(CONTROL_PLANE, _control_plane(design), hook="input priority filter")]
    chains += [_chain(acl.name, [line_of(e, acl.name) for e in entries(acl, stateful=acl.stateful)]) for acl in design.acls]
    chains.append(_chain(FORWARD_IN, _dispatch_in(design), hook="forward priority filter"))
    chains.append(_chain(FORWARD_OUT, _dispatch_out(design), hook="forward priority filter + 10"))
    return "#!/usr/sbin/nft -f\nflush ruleset\n\ntable inet luxops {\n" + "\n".join(chains) + "}\n"


def line_of(entry: AclEntry, acl: str) -> str:
    """One rule in nft's own words."""
    parts = [f'iifname "{entry.interface}"'] if entry.interface else []
    if entry.established and entry.protocol == "ip":
        parts.append("ct state established,related")
    parts += [f"ip saddr {_address(entry.source)}"] if entry.source != ANYWHERE else []
    parts += [f"ip daddr {_address(entry.destination)}"] if entry.destination != ANYWHERE else []
    for word, ports in (("sport", entry.source_ports), ("dport", entry.destination_ports)):
        if ports is not None:
            parts.append(f"{entry.protocol} {word} {ports[0]}" + (f"-{ports[1]}" if ports[1] != ports[0] else ""))
    if entry.protocol == "tcp" and entry.established:
        parts.append("tcp flags rst,ack")
    if entry.icmp_type:
        parts.append(f"icmp type {ICMP_TYPES.get(entry.icmp_type, entry.icmp_type)}")
    parts += [f'log prefix "{acl} "'] if entry.log else []
    parts.append("accept" if entry.action == "permit" else "drop")
    parts += [f'comment "{entry.remark}"'] if entry.remark else []
    return " ".join(parts)


def _address(prefix: object) -> str:
    return f"{prefix}".removesuffix("/32")


def _chain(name: str, lines: Iterable[str], hook: str = "") -> str:
    head = [f"\t\ttype filter hook {hook}; policy drop;"] if hook else []
    return "\n".join([f"\tchain {name} {{", *head, *(f"\t\t{line}" for line in lines), "\t}", ""])


def _control_plane(design: RouterDesign) -> Iterable[str]:
    """Management from the bastions, BGP and BFD from the other ends of declared sessions, a little ICMP; no more."""
    yield 'iifname "lo" accept'
    yield "ct state established,related accept"
    for bastion in design.management.bastions:
        yield f'ip saddr {bastion} ip daddr {design.management.address.ip} tcp dport {SSH_PORT} accept comment "management"'
    for neighbour in design.bgp.neighbours:
        yield from _session(neighbour)
    for kind in ("destination-unreachable", "echo-request", "time-exceeded"):
        yield f"icmp type {kind} accept"
    yield f'log prefix "{CONTROL_PLANE} " drop'


def _session(neighbour: Neighbour) -> Iterable[str]:
    head = f'iifname "{neighbour.interface}" ip saddr {neighbour.address} ip daddr {neighbour.local}'
    yield f'{head} tcp dport {BGP_PORT} accept comment "bgp"'
    if neighbour.bfd:
        yield f'{head} ip ttl 255 udp dport {neighbour.bfd_port} accept comment "bfd"'


def _dispatch_in(design: RouterDesign) -> Iterable[str]:
    for interface in design.interfaces:
        if interface.kind != "loopback":
            yield f'iifname "{interface.name}" ' + (f"goto {interface.acl_in}" if interface.acl_in else "accept")


def _dispatch_out(design: RouterDesign) -> Iterable[str]:
    for interface in design.interfaces:
        if interface.kind != "loopback":
            yield f'oifname "{interface.name}" ' + (f"goto {interface.acl_out}" if interface.acl_out else "accept")
