"""Where one router stands: its links, its neighbours, and which prefixes are whose."""

from __future__ import annotations

from functools import cached_property
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from luxops.federation import Federation
from luxops.federation.schema import RouterDeclaration
from luxops.model import Frozen


class Adjacency(Frozen):
    """One link, seen from one of its ends."""

    link: str
    interface: str
    local: IPv4Interface
    remote: IPv4Address
    router: RouterDeclaration
    """At the other end."""


class Topology:
    """The federation as one router sees it."""

    def __init__(self, federation: Federation, router: RouterDeclaration) -> None:
        self.federation = federation
        self.router = router

    @cached_property
    def adjacencies(self) -> tuple[Adjacency, ...]:
        """The router's links, in declared order. End `a` has the lower address of the /31, `b` the higher."""
        found = []
        for link in self.federation.links_of(self.router.id):
            lower, higher = link.prefix[0], link.prefix[1]
            ends = ((link.a, lower, link.b, higher), (link.b, higher, link.a, lower))
            for here, local, there, remote in ends:
                if here.router == self.router.id:
                    found.append(
                        Adjacency(
                            link=link.id,
                            interface=here.interface,
                            local=IPv4Interface((local, link.prefix.prefixlen)),
                            remote=remote,
                            router=self.federation.routers[there.router],
                        )
                    )
        return tuple(found)

    @cached_property
    def adjacent_hospitals(self) -> tuple[str, ...]:
        """Hospitals whose edge routers this one has links to, each once, in declared order."""
        return tuple(dict.fromkeys(a.router.hospital for a in self.adjacencies if a.router.hospital is not None))

    @cached_property
    def datacentre_prefixes(self) -> tuple[IPv4Network, ...]:
        """What stands in the router's datacentre: the VPC subnets of all hospitals and the shared services' subnets."""
        return self._placed(f"{self.router.datacentre}")

    @cached_property
    def own_prefixes(self) -> tuple[IPv4Network, ...]:
        """Every subnet that the federation declares: campuses, VPCs, shared services."""
        campuses = [prefix for hospital in self.federation.hospitals for prefix in self.campus_prefixes(hospital)]
        places = [prefix for datacentre in self.federation.file.datacentres for prefix in self._placed(datacentre.id)]
        return tuple(sorted({*campuses, *places}))

    @cached_property
    def peer_prefixes(self) -> tuple[IPv4Network, ...]:
        """What external peers may announce."""
        return tuple(sorted({prefix for peer in self.federation.file.peers for prefix in peer.prefixes}))

    def _placed(self, place: str) -> tuple[IPv4Network, ...]:
        zones = [zone for hospital in self.federation.hospitals.values() for zone in hospital.zones.values()]
        vpcs = [prefix for zone in zones for at, prefix in zone.prefixes.items() if at == place]
        services = [prefix for s in self.federation.services.values() if (prefix := getattr(s.hosted_in, place, None))]
        return tuple(sorted({*vpcs, *services}))

    def campus_prefixes(self, hospital: str) -> tuple[IPv4Network, ...]:
        """The hospital's subnets on its own campus."""
        zones = self.federation.hospitals[hospital].zones.values()
        return tuple(sorted(zone.campus for zone in zones if zone.campus is not None))

    def consumed_prefixes(self, hospital: str) -> tuple[IPv4Network, ...]:
        """What the hospital's campus may know a route to: its own VPC, and the other ends of its campus's flows."""
        vpc = {
            prefix
            for zone in self.federation.hospitals[hospital].zones.values()
            for place, prefix in zone.prefixes.items()
            if place != "campus"
        }
        for flow in self.federation.flows:
            for ours, theirs in ((flow.sources, flow.destinations), (flow.destinations, flow.sources)):
                if any(end.owner == hospital and end.place == "campus" for end in ours):
                    vpc.update(end.prefix for end in theirs if not (end.owner == hospital and end.place == "campus"))
        return tuple(sorted(vpc))

    def talking_to(self, peer: str) -> tuple[IPv4Network, ...]:
        """What has a declared flow with the external peer: all that it may know a route to."""
        found: set[IPv4Network] = set()
        for flow in self.federation.flows:
            for theirs, ours in ((flow.sources, flow.destinations), (flow.destinations, flow.sources)):
                if any(end.owner == peer for end in theirs):
                    found.update(end.prefix for end in ours if end.owner != peer)
        return tuple(sorted(found))

    def zone_of(self, address: IPv4Interface) -> str:
        """The zone of the router's hospital whose campus subnet holds the address; empty where none does."""
        zones = self.federation.hospitals[f"{self.router.hospital}"].zones
        return next((name for name, zone in zones.items() if zone.campus is not None and address.ip in zone.campus), "")

    @cached_property
    def preference(self) -> int:
        """Place among its hospital's edge routers, 0 first: answers then take the way the questions took."""
        hospital = self.federation.hospitals[f"{self.router.hospital}"]
        order = [router for site in hospital.sites for router in site.routers]
        return order.index(self.router.id) if self.router.id in order else len(order)
