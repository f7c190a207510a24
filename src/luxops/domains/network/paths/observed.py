"""What routers say at the moment: which sessions are up, and where packets really go, hop by hop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from ipaddress import IPv4Network
from typing import NamedTuple, TypeVar

from luxops.domains.network.operational import Bfd, Bgp, Interfaces, Route, Routes
from luxops.domains.network.paths.network import Network
from luxops.domains.network.paths.nouns import Now, Path
from luxops.domains.network.paths.survey import Pair
from luxops.domains.network.paths.tracing import place_of, torn
from luxops.domains.network.platforms.interface import BFD, BGP, INTERFACES, ROUTES
from luxops.federation import Federation, FlowEnd
from luxops.federation.checks.paths import Point
from luxops.model import FactName, FactValue, Failure, Observation

F = TypeVar("F", bound=FactValue)


class Wire(NamedTuple):
    """One end of a link or attachment."""

    point: Point
    router: str
    interface: str
    neighbour: str
    """Address at the other end."""
    other: str
    """Router or peer there."""


class _Unknown(Exception):  # noqa: N818 - not an error: an answer
    """It cannot be told."""


class _Down(Exception):  # noqa: N818 - same
    """It does not work."""


class Look:
    """Facts of routers, put to use. Made of observations; asks nobody."""

    def __init__(self, federation: Federation, observations: Iterable[Observation]) -> None:
        self._federation = federation
        self._facts = {(str(o.target), o.fact): o for o in observations}

    def fact(self, router: str, name: FactName, shape: type[F]) -> F | Failure | None:
        """None: the router was not asked."""
        observation = self._facts.get((router, name))
        if observation is None:
            return None
        return observation.value if isinstance(observation.value, shape) else observation.failure

    @cached_property
    def wires(self) -> tuple[Wire, ...]:
        """Both ends of every link, the one end of every attachment."""
        found = []
        for link in self._federation.links:
            ends = (link.a, link.prefix[1], link.b), (link.b, link.prefix[0], link.a)
            found += [Wire(("link", link.id), a.router, a.interface, f"{address}", b.router) for a, address, b in ends]
        for router in self._federation.routers.values():
            for met in router.peers:
                point = "attachment", f"{met.peer}@{router.id}"
                found.append(Wire(point, router.id, met.interface, f"{met.neighbor}", met.peer))
        return tuple(found)

    def session(self, point: Point) -> tuple[bool | None, str]:
        """Whether BGP runs over a link or attachment, and why not, or why that is not known. One end that tells is enough."""
        silent = []
        established = False
        for wire in (wire for wire in self.wires if wire.point == point):
            try:
                self._established(wire)
                established = True
            except _Down as down:
                return False, str(down)
            except _Unknown as unknown:
                silent.append(str(unknown))
        return (True, "") if established else (None, silent[0] if silent else f"{point[1]} is not declared")

    def _established(self, wire: Wire) -> None:
        bgp = self._told(wire.router, BGP, Bgp)
        session = bgp.neighbours.get(wire.neighbour)
        if session is None or session.state != "Established":
            raise _Down(f"{wire.router} has no session with {wire.other}: {session.state if session else 'not configured'}")
        interfaces = self.fact(wire.router, INTERFACES, Interfaces)
        if isinstance(interfaces, Interfaces):
            state = interfaces.interfaces.get(wire.interface)
            if state is not None and state.operational != "up":
                raise _Down(f"{wire.interface} of {wire.router} is down")
        bfd = self.fact(wire.router, BFD, Bfd)
        if isinstance(bfd, Bfd) and bfd.peers.get(wire.neighbour, "up") != "up":
            raise _Down(f"BFD from {wire.router} to {wire.other} is {bfd.peers[wire.neighbour]}")

    def _told(self, router: str, name: FactName, shape: type[F]) -> F:
        found = self.fact(router, name, shape)
        if found is None:
            raise _Unknown(f"{router} was not asked")
        if isinstance(found, Failure):
            raise _Unknown(f"{router}: {found}")
        return found

    def spare_now(self, path: Path) -> Now:
        """Whether every session of a path that stands by is up."""
        unknown = ""
        for point in [("link", name) for name in path.links] + [("attachment", name) for name in path.attachments]:
            up, why = self.session(point)
            if up is False:
                return Now(state="down", reason=why)
            unknown = unknown or ("" if up else why)
        return Now(state="unknown", reason=unknown) if unknown else Now(state="up", paths=(path,))

    def now(self, pair: Pair) -> Now:
        """Where packets and answers of one flow go, by the routes in force on each router that they meet."""
        paths: list[tuple[Path, ...]] = []
        unknown = ""
        for source, destination, word in ((pair.source, pair.destination, ""), (pair.destination, pair.source, "answers: ")):
            try:
                paths.append(tuple(self._trace(source, destination)))
            except _Down as down:
                return Now(state="down", reason=f"{word}{down}")
            except _Unknown as no:
                unknown = unknown or f"{word}{no}"
        if unknown:
            return Now(state="unknown", reason=unknown)
        there, back = paths
        for end, out, home in ((pair.source, there, back), (pair.destination, back, there)):
            left, entered = {path.routers[0] for path in out}, {path.routers[-1] for path in home}
            if end.place == "campus" and (left != entered or len(left) > 1):
                return Now(state="down", paths=there, reason=torn(place_of(end), left, entered))
        return Now(state="up", paths=there)

    def _trace(self, source: FlowEnd, destination: FlowEnd) -> Iterator[Path]:
        start, taken = self._start(source, destination)
        waiting: list[tuple[str, tuple[Wire, ...]]] = [(start, taken)]
        while waiting:
            here, taken = waiting.pop()
            if len(taken) > len(self._federation.routers):
                raise _Down(f"packets to {destination.prefix} go round in a circle at {here}")
            route = self._route(here, destination.prefix)
            if self._delivers(here, route, destination):
                yield self._path(start, taken)
                continue
            hops = [self._hop(here, hop.address, destination.prefix) for hop in route.next_hops]
            if not hops:
                raise _Down(f"{here} discards packets to {destination.prefix}")
            for wire in reversed(hops):
                if wire.other in self._peers:
                    if wire.other != destination.owner:
                        raise _Down(f"{here} sends packets to {destination.prefix} to {wire.other}")
                    yield self._path(start, (*taken, wire))
                else:
                    waiting.append((wire.other, (*taken, wire)))

    @cached_property
    def _peers(self) -> frozenset[str]:
        return frozenset(peer.id for peer in self._federation.file.peers)

    def _start(self, source: FlowEnd, destination: FlowEnd) -> tuple[str, tuple[Wire, ...]]:
        """The router that packets of the source meet first. As in the declaration, but by what is seen."""
        routers = self._federation.routers
        if source.place == "external":
            met = [wire for wire in self.wires if wire.other == source.owner]
            for wire in met:
                up, why = self.session(wire.point)
                if up is None:
                    raise _Unknown(why)
                if up:
                    return wire.router, (wire,)
            raise _Down(f"no session with {source.owner} is up")
        if source.place == "campus":
            order = [name for site in self._federation.hospitals[source.owner].sites for name in site.routers]
            serving = [name for name in order if any(lan.network == source.prefix for lan in routers[name].lan.values())]
            for name in serving:
                try:
                    self._route(name, destination.prefix)
                except _Down:
                    continue
                return name, ()
            raise _Down(f"no edge router of {source.owner} has a route to {destination.prefix}")
        return self._core(source.place), ()

    def _core(self, datacentre: str) -> str:
        """The core that holds the address shared there; where none is seen with it, the first that is declared."""
        shared = next(dc.cores for dc in self._federation.file.datacentres if dc.id == datacentre)
        cores = [router.id for router in self._federation.routers.values() if router.datacentre == datacentre]
        for name in cores:
            seen = self.fact(name, INTERFACES, Interfaces)
            if isinstance(seen, Interfaces) and any(
                shared in {address.ip for address in state.addresses} and state.operational == "up"
                for state in seen.interfaces.values()
            ):
                return name
        if not cores:
            raise _Down(f"no core router stands in {datacentre}")
        return cores[0]

    def _route(self, router: str, prefix: IPv4Network) -> Route:
        """The most specific route in force that holds all of the prefix."""
        known = self._tables.get(router)
        if known is None:
            known = self._tables[router] = _by_prefix(self._told(router, ROUTES, Routes))
        for length in range(prefix.prefixlen, -1, -1):
            route = known.get(prefix.supernet(new_prefix=length))
            if route is not None:
                if not route.installed:
                    raise _Down(f"{router} has not put its route to {prefix} in force")
                return route
        raise _Down(f"{router} has no route to {prefix}")

    @cached_property
    def _tables(self) -> dict[str, Mapping[IPv4Network, Route]]:
        return {}

    def _delivers(self, router: str, route: Route, destination: FlowEnd) -> bool:
        declared = self._federation.routers[router]
        if destination.place == "campus":
            serves = any(lan.network == destination.prefix for lan in declared.lan.values())
            return declared.hospital == destination.owner and serves and route.protocol == "connected"
        if declared.datacentre != destination.place:
            return False
        gateway = next(dc.gateway for dc in self._federation.file.datacentres if dc.id == destination.place)
        return any(hop.address == f"{gateway}" for hop in route.next_hops)

    def _hop(self, router: str, address: str, prefix: IPv4Network) -> Wire:
        wire = next((wire for wire in self.wires if (wire.router, wire.neighbour) == (router, address)), None)
        if wire is None:
            where = f"to {address}, which is no neighbour" if address else "into a network that is not where they belong"
            raise _Down(f"{router} sends packets to {prefix} {where}")
        return wire

    def _path(self, start: str, taken: Sequence[Wire]) -> Path:
        links = tuple(wire.point[1] for wire in taken if wire.point[0] == "link")
        risks = {risk for link in self._federation.links if link.id in links for risk in link.shared_risks}
        last = [wire.other for wire in taken if wire.point[0] == "link"]
        return Path(
            routers=(start, *last),
            links=links,
            attachments=tuple(wire.point[1] for wire in taken if wire.point[0] == "attachment"),
            risks=tuple(sorted(risks)),
        )


def _by_prefix(routes: Routes) -> Mapping[IPv4Network, Route]:
    return {IPv4Network(text): route for text, route in routes.routes.items()}


def as_seen(network: Network, look: Look) -> Network:
    """The network with every session out that is seen not to run. What no end of it tells is `unsure`."""
    states = {point: look.session(point) for point in {wire.point for wire in look.wires}}
    down = [point for point, (up, _) in states.items() if up is False]
    unsure = {point: why for point, (up, why) in sorted(states.items()) if up is None}
    return replace(network.lacking(down), unsure={**network.unsure, **unsure})


def routers_needed(federation: Federation, pairs: Iterable[Pair]) -> frozenset[str]:
    """Whom to ask about these flows: every core router, and the edge routers of the campuses at their ends."""
    owners = {end.owner for pair in pairs for end in (pair.source, pair.destination) if end.place == "campus"}
    return frozenset(r.id for r in federation.routers.values() if r.role == "core" or r.hospital in owners)
