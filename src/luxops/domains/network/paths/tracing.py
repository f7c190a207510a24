"""From routes to paths: where packets of one flow go, there and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from luxops.domains.network.paths.decision import Rib, Session, UnsettledError
from luxops.domains.network.paths.network import Network, Traced
from luxops.domains.network.paths.nouns import Element, Path
from luxops.federation import Federation, FlowEnd

MOST = 16
"""Paths told of routes that are equal; more are as many as anybody reads."""


class End(NamedTuple):
    """A subnet at one end of a flow, as the network sees it. Subnets that it cannot tell apart are equal."""

    place: str
    kind: str
    """`campus`, `datacentre` or `peer`."""
    gateways: tuple[str, ...]
    """Routers (or the peer) that its packets may leave through, the one first that is meant to have them."""
    klass: int


class Ways(NamedTuple):
    """All that one pair of ends uses. Both directions, or `broken`: why there is none."""

    paths: tuple[Path, ...] = ()
    back: tuple[Path, ...] = ()
    broken: str = ""
    known: bool = True
    """False where it cannot be told."""


def place_of(end: FlowEnd) -> str:
    """`chl campus`, `dc1`, or the peer's id: where a flow meets the fibre network."""
    return {"campus": f"{end.owner} campus", "external": end.owner}.get(end.place, end.place)


def end_of(network: Network, end: FlowEnd) -> End:
    """The end as the network sees it."""
    kind = {"campus": "campus", "external": "peer"}.get(end.place, "datacentre")
    return End(place_of(end), kind, _gateways(network.federation, end), network.class_of(end.prefix))


def gateways_of(network: Network, place: str) -> frozenset[str]:
    """Routers where a place meets the network, and that are up, over an attachment that is up where it is a peer."""
    found = set()
    for router in network.federation.routers.values():
        met = {f"{attached.peer}@{router.id}" for attached in router.peers if attached.peer == place}
        attached = any(("attachment", name) not in network.out for name in met)
        if (attached or place in {router.datacentre, f"{router.hospital} campus"}) and ("router", router.id) not in network.out:
            found.add(router.id)
    return frozenset(found)


def _gateways(federation: Federation, end: FlowEnd) -> tuple[str, ...]:
    if end.place == "external":
        return (end.owner,)
    routers = federation.routers
    if end.place == "campus":
        order = [name for site in federation.hospitals[end.owner].sites for name in site.routers if name in routers]
        serving = [name for name in order if any(lan.network == end.prefix for lan in routers[name].lan.values())]
        return tuple(serving)
    return tuple(router.id for router in routers.values() if router.datacentre == end.place)


def ways(network: Network, source: End, destination: End) -> Ways:
    """What packets and answers between two ends use. An edge router that never saw a session drops its answers."""
    try:
        paths, why = _one_way(network, source, destination)
        back, why_back = _one_way(network, destination, source)
    except UnsettledError:
        return Ways(broken="routing does not settle", known=False)
    if not paths or not back:
        return Ways(broken=why or f"no way for answers: {why_back}")
    for end, out, home in ((source, paths, back), (destination, back, paths)):
        left, entered = {path.routers[0] for path in out}, {path.routers[-1] for path in home}
        if end.kind == "campus" and (left != entered or len(left) > 1):
            return Ways(broken=torn(end.place, left, entered))
    return Ways(paths, back)


def torn(place: str, left: Iterable[str], entered: Iterable[str]) -> str:
    """Why a session does not come about that one edge router sees begin and another one answered."""
    ways_out, ways_in = ", ".join(sorted(left)), ", ".join(sorted(entered))
    return f"packets leave {place} by {ways_out}, answers come in by {ways_in}, which drops them"


def _one_way(network: Network, source: End, destination: End) -> Traced:
    for end in (source, destination):
        if ("datacentre", end.place) in network.out:
            return (), f"{end.place} is out"
    settled = network.routes(destination.klass)
    up = tuple(name for name in source.gateways if ("router", name) not in network.out)
    key = id(settled), up, source.place, destination.place, destination.gateways
    traced = network.known.traced
    if key not in traced:
        traced[key] = _traced(network, settled.rib, up, source, destination)
    return traced[key]


def _traced(network: Network, rib: Rib, up: tuple[str, ...], source: End, destination: End) -> Traced:
    if not up:
        return (), f"no router of {source.place} is up" if source.gateways else f"no router serves {source.place}"
    # A campus turns to the first edge router that has a route, a datacentre to the core that holds the shared address.
    ready = [name for name in up if name in rib]
    gateway = ready[0] if source.kind == "campus" and ready else up[0]
    found = tuple(_follow(network, rib, gateway, destination))
    if not found or None in found:
        return (), f"{gateway} has no route to {destination.place}"
    return tuple(path for path in found if path is not None), ""


def _follow(network: Network, rib: Rib, start: str, destination: End) -> Iterator[Path | None]:
    """Every path from a router, the best first; None for one that leads nowhere or round in a circle."""
    told = 0
    waiting: list[tuple[str, tuple[Session, ...]]] = [(start, ())]
    while waiting and told < MOST:
        here, taken = waiting.pop()
        if here not in rib or len(taken) > len(network.speakers):
            yield None
        elif not rib[here]:
            yield _path(network, start, taken) if here in destination.gateways else None
        else:
            waiting += [(session.sender, (*taken, session)) for session in reversed(rib[here])]
            continue
        told += 1


def _path(network: Network, start: str, taken: tuple[Session, ...]) -> Path:
    key = start, *map(id, taken)
    if key not in network.known.paths:
        network.known.paths[key] = _new_path(network, start, taken)
    return network.known.paths[key]


def _new_path(network: Network, start: str, taken: tuple[Session, ...]) -> Path:
    links = tuple(session.over[1] for session in taken if session.over[0] == "link")
    return Path(
        routers=tuple(name for name in (start, *(session.sender for session in taken)) if name not in network.peers),
        links=links,
        attachments=tuple(session.over[1] for session in taken if session.over[0] == "attachment"),
        risks=tuple(sorted({risk for link in links for risk in network.risks[link]})),
    )


def stands_out(network: Network, end: End) -> bool:
    """Whether the place itself is out: a datacentre, or all its core routers."""
    return end.kind == "datacentre" and (
        ("datacentre", end.place) in network.out or all(("router", name) in network.out for name in end.gateways)
    )


def unavoidable(*ends: End) -> frozenset[Element]:
    """The only core router of a datacentre where a flow ends: it is the datacentre, and no path can do without."""
    return frozenset(
        Element(kind="router", id=end.gateways[0]) for end in ends if end.kind == "datacentre" and len(end.gateways) == 1
    )
