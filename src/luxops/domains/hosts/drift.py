"""Sockets on which a host listens, beside those that the federation declares.

A flow to a host's subnet allows a listener on its ports; it does not demand one, because the zone's other hosts may serve
it. Only what a host group declares itself under `listeners` must be there. SSH for management is always allowed. Owners of
sockets explain a difference and never hide one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from luxops.domains.hosts.facts.sockets import Socket, Sockets
from luxops.model import Drift, DriftKind, Frozen, Severity, TargetId, Unreadable

if TYPE_CHECKING:
    from luxops.federation import Federation
    from luxops.federation.schema import HostDeclaration, HostGroup

_SSH = 22


class DeclaredSocket(Frozen):
    """A range of ports on which a host may listen."""

    protocol: Literal["tcp", "udp"]
    low: int
    high: int
    loopback_only: bool = False
    required: bool = False
    """It must listen there: its group declares it."""
    why: str

    def covers(self, socket: Socket) -> bool:
        return self.protocol == socket.protocol and self.low <= socket.port <= self.high


class DeclaredSockets(Frozen):
    sockets: tuple[DeclaredSocket, ...]


def declared_sockets(federation: Federation, owner: str, group: HostGroup, host: HostDeclaration) -> DeclaredSockets:
    """From the flows into the host's subnet, the group's listeners, and management."""
    zone_owner = group.service or owner
    found = [DeclaredSocket(protocol="tcp", low=_SSH, high=_SSH, why="management")]
    for flow in federation.flows:
        reaches = any(
            (end.owner, end.zone, end.place) == (zone_owner, group.zone, host.place)
            or (host.address is not None and host.address in end.prefix)
            for end in flow.destinations
        )
        if reaches and flow.protocol != "icmp":
            found += [
                DeclaredSocket(protocol=flow.protocol, low=low, high=high, why=f"flow {flow.id}: {flow.why}")
                for low, high in flow.ports
            ]
    found += [
        DeclaredSocket(
            protocol=listener.protocol, low=listener.port, high=listener.port, loopback_only=listener.loopback_only,
            required=True, why=listener.why,
        )
        for listener in group.listeners
    ]  # fmt: skip
    return DeclaredSockets(sockets=tuple(found))


def compare_sockets(domain: str, target: TargetId, declared: DeclaredSockets, seen: Sockets) -> Iterator[Drift]:
    """Undeclared listeners, listeners wider than declared, and required ones that are not there."""
    for socket in seen.listening:
        covering = [d for d in declared.sockets if d.covers(socket)]
        path = f"sockets/{socket.protocol}/{_place(socket)}"
        if not covering:
            severity = Severity.LOW if socket.loopback else Severity.HIGH
            yield Drift(
                target=target, domain=domain, path=path, kind=DriftKind.UNMANAGED, actual=_shown(socket), severity=severity
            )
        elif not socket.loopback and all(d.loopback_only for d in covering):
            yield Drift(
                target=target, domain=domain, path=path, kind=DriftKind.CHANGED, desired=f"loopback only: {covering[0].why}",
                actual=_shown(socket), severity=Severity.HIGH,
            )  # fmt: skip
    for wanted in declared.sockets:
        if wanted.required and not any(wanted.covers(socket) for socket in seen.listening):
            yield Drift(
                target=target, domain=domain, path=f"sockets/{wanted.protocol}/{wanted.low}", kind=DriftKind.MISSING,
                desired=wanted.why, severity=Severity.LOW if wanted.loopback_only else Severity.MEDIUM,
            )  # fmt: skip


def _place(socket: Socket) -> str:
    address = f"[{socket.address}]" if ":" in socket.address else socket.address
    return f"{address}%{socket.interface}:{socket.port}" if socket.interface else f"{address}:{socket.port}"


def _shown(socket: Socket) -> str:
    owner = "owner not readable" if isinstance(socket.processes, Unreadable) else ", ".join(socket.processes)
    return f"{_place(socket)} by {owner}, opened by {socket.user}"
