"""BGP of one router: sessions, and what each may carry in either direction."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network

from luxops.domains.network.config import ANYWHERE
from luxops.domains.network.nouns import Bgp, Neighbour, PrefixList, PrefixRule, RouteMap, RouteMapEntry
from luxops.domains.network.topology import Adjacency, Topology
from luxops.federation.schema import PeerAttachment
from luxops.model import Frozen

LINK_PREFIXES = 500
"""A hospital's or the federation's own network announces far less; more is a leak."""
CORE_PREFIXES = 2000
NEAR, FAR, STEP = 50, 100, 10
"""MED of what a core has in its own datacentre, of all else, and between a hospital's edge routers."""
LONGEST = 24
"""No route longer than /24 is taken from an external peer."""


class Routing(Frozen):
    bgp: Bgp
    prefix_lists: tuple[PrefixList, ...]
    route_maps: tuple[RouteMap, ...]


def design_routing(topology: Topology) -> Routing:
    """Sessions over every link and to every attached peer, with a prefix list and a route map for each direction."""
    edge = topology.router.role == "edge"
    router, password = topology.router, "bgp" in topology.federation.file.management.secrets
    hospital = topology.federation.hospitals[f"{router.hospital}"] if edge else None
    neighbours = [
        *(_over_link(topology, adjacency, password=password) for adjacency in topology.adjacencies),
        *(_with_peer(topology, attachment, password=False) for attachment in router.peers),
    ]
    lists = _edge_lists(topology) if edge else _core_lists(topology)
    return Routing(
        bgp=Bgp(
            as_number=hospital.as_number if hospital else topology.federation.file.as_number,
            router_id=router.loopback,
            networks=_campus(topology) if edge else topology.datacentre_prefixes,
            neighbours=tuple(neighbours),
        ),
        prefix_lists=tuple(lists),
        route_maps=tuple(_edge_maps(topology) if edge else _core_maps(topology)),
    )


def _campus(topology: Topology) -> tuple[IPv4Network, ...]:
    return topology.campus_prefixes(f"{topology.router.hospital}")


def _over_link(topology: Topology, adjacency: Adjacency, *, password: bool) -> Neighbour:
    other = adjacency.router
    if topology.router.role == "edge" or other.role == "edge":
        word = "CORE" if topology.router.role == "edge" else f"{other.hospital}".upper()
        maps = f"{word}-IN", f"{word}-OUT"
        kind = "link"
    else:
        maps, kind = ("IBGP-IN", "IBGP-OUT"), "core"
    hospitals, own = topology.federation.hospitals, topology.federation.file.as_number
    return Neighbour(
        address=adjacency.remote,
        local=adjacency.local.ip,
        interface=adjacency.interface,
        remote_as=hospitals[f"{other.hospital}"].as_number if other.role == "edge" else own,
        description=f"{other.id} {adjacency.link}",
        kind="link" if kind == "link" else "core",
        password=password,
        maximum_prefixes=LINK_PREFIXES if kind == "link" else CORE_PREFIXES,
        import_map=maps[0],
        export_map=maps[1],
    )


def _with_peer(topology: Topology, attachment: PeerAttachment, *, password: bool) -> Neighbour:
    peer = next(peer for peer in topology.federation.file.peers if peer.id == attachment.peer)
    return Neighbour(
        address=attachment.neighbor,
        local=attachment.address.ip,
        interface=attachment.interface,
        remote_as=peer.as_number,
        description=f"peer {peer.id}",
        kind="peer",
        password=password,
        maximum_prefixes=peer.max_prefixes,
        import_map=f"PEER-{peer.id.upper()}-IN",
        export_map=f"PEER-{peer.id.upper()}-OUT",
    )


def _edge_lists(topology: Topology) -> Iterable[PrefixList]:
    yield _exactly("CAMPUS", _campus(topology))
    yield _exactly("CONSUMED", topology.consumed_prefixes(f"{topology.router.hospital}"))


def _edge_maps(topology: Topology) -> Iterable[RouteMap]:
    yield _permit("CORE-IN", "CONSUMED")
    yield _permit("CORE-OUT", "CAMPUS", metric=NEAR + STEP * topology.preference)


def _core_lists(topology: Topology) -> Iterable[PrefixList]:
    yield _within("FEDERATION", topology.own_prefixes, topology.peer_prefixes)
    for hospital in topology.adjacent_hospitals:
        yield _exactly(f"{hospital.upper()}-CAMPUS", topology.campus_prefixes(hospital))
        consumed = topology.consumed_prefixes(hospital)
        here = set(topology.datacentre_prefixes)
        yield _exactly(f"{hospital.upper()}-NEAR", [prefix for prefix in consumed if prefix in here])
        yield _exactly(f"{hospital.upper()}-FAR", [prefix for prefix in consumed if prefix not in here])
    for attachment in topology.router.peers:
        peer = next(peer for peer in topology.federation.file.peers if peer.id == attachment.peer)
        yield _within(f"PEER-{peer.id.upper()}-IN", (), peer.prefixes)
        yield _exactly(f"PEER-{peer.id.upper()}-OUT", topology.talking_to(peer.id))


def _core_maps(topology: Topology) -> Iterable[RouteMap]:
    yield _permit("IBGP-IN", "FEDERATION")
    yield _permit("IBGP-OUT", "FEDERATION")
    for hospital in topology.adjacent_hospitals:
        word = hospital.upper()
        yield _permit(f"{word}-IN", f"{word}-CAMPUS")
        yield RouteMap(
            name=f"{word}-OUT",
            entries=(
                RouteMapEntry(sequence=10, action="permit", prefix_list=f"{word}-NEAR", metric=NEAR),
                RouteMapEntry(sequence=20, action="permit", prefix_list=f"{word}-FAR", metric=FAR),
            ),
        )
    for attachment in topology.router.peers:
        for way in ("IN", "OUT"):
            name = f"PEER-{attachment.peer.upper()}-{way}"
            yield _permit(name, name)


def _permit(name: str, prefix_list: str, metric: int | None = None) -> RouteMap:
    return RouteMap(name=name, entries=(RouteMapEntry(sequence=10, action="permit", prefix_list=prefix_list, metric=metric),))


def _exactly(name: str, prefixes: Iterable[IPv4Network]) -> PrefixList:
    return _within(name, prefixes, ())


def _within(name: str, exact: Iterable[IPv4Network], aggregates: Iterable[IPv4Network]) -> PrefixList:
    """Permits the exact prefixes, and the aggregates with what lies inside them. Nothing at all: one rule that denies all.

    A route map that names a prefix list which does not exist permits every route on some platforms: no list stays empty.
    """
    wanted = [*((prefix, False) for prefix in exact), *((prefix, True) for prefix in aggregates)]
    rules = [
        PrefixRule(
            sequence=5 * place,
            action="permit",
            prefix=prefix,
            le=LONGEST if inside and prefix.prefixlen < LONGEST else None,
        )
        for place, (prefix, inside) in enumerate(wanted, 1)
    ]
    return PrefixList(name=name, rules=tuple(rules) or (PrefixRule(sequence=5, action="deny", prefix=ANYWHERE, le=32),))
