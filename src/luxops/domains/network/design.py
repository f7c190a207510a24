"""From the federation to one router's desired state. Pure: the same inventory gives the same design."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Interface

from luxops.domains.network.acls import Side, compile_acl
from luxops.domains.network.nouns import Acl, InterfaceDesign, ManagementDesign, RouterDesign, StaticRoute
from luxops.domains.network.routing import design_routing
from luxops.domains.network.secrets import ACCOUNT_SECRET
from luxops.domains.network.topology import Adjacency, Topology
from luxops.errors import UsageError, did_you_mean
from luxops.federation import Federation, FlowEnd
from luxops.federation.schema import RouterDeclaration
from luxops.model import TargetId

BANNER = "Authorised use only. Sessions are recorded."


def design_router(federation: Federation, router_id: str) -> RouterDesign:
    """Everything that is decided about the router. Raises UsageError for an unknown id."""
    if router_id not in federation.routers:
        near = did_you_mean(router_id, list(federation.routers))
        raise UsageError(f"There is no router `{router_id}`{near}", why="known: " + ", ".join(federation.routers))
    router = federation.routers[router_id]
    topology = Topology(federation, router)
    routing = design_routing(topology)
    return RouterDesign(
        hostname=TargetId(router.id),
        platform=router.platform,
        role=router.role,
        management=_management(federation, router),
        interfaces=tuple(_interfaces(topology)),
        bgp=routing.bgp,
        prefix_lists=routing.prefix_lists,
        route_maps=routing.route_maps,
        acls=tuple(_acls(topology)),
        static_routes=tuple(_static_routes(topology)),
        syslog=federation.file.syslog,
        ntp=federation.file.ntp,
        banner=BANNER,
    )


def _management(federation: Federation, router: RouterDeclaration) -> ManagementDesign:
    management = federation.file.management
    return ManagementDesign(
        address=IPv4Interface((router.management, management.prefix.prefixlen)),
        bastions=tuple(bastion.address for bastion in management.bastions),
        user=management.user,
        account=ACCOUNT_SECRET in management.secrets,
    )


def _interfaces(topology: Topology) -> Iterable[InterfaceDesign]:
    router = topology.router
    yield InterfaceDesign(name="lo", kind="loopback", address=IPv4Interface(router.loopback), description="router id")
    for adjacency in topology.adjacencies:
        acl_in, acl_out = _link_acls(topology, adjacency)
        yield InterfaceDesign(
            name=adjacency.interface,
            kind="link",
            address=adjacency.local,
            description=f"link {adjacency.link} to {adjacency.router.id}",
            acl_in=acl_in,
            acl_out=acl_out,
        )
    for name, address in router.lan.items():
        zone = topology.zone_of(address)
        yield InterfaceDesign(name=name, kind="lan", address=address, description=f"campus {zone}", acl_in="CAMPUS-IN")
    for name, address in router.transit.items():
        yield InterfaceDesign(
            name=name, kind="transit", address=address, description=f"datacentre {router.datacentre}", acl_in="TRANSIT-IN"
        )
    for attachment in router.peers:
        word = attachment.peer.upper()
        yield InterfaceDesign(
            name=attachment.interface,
            kind="peer",
            address=attachment.address,
            description=f"peer {attachment.peer}",
            acl_in=f"PEER-{word}-IN",
            acl_out=f"PEER-{word}-OUT",
        )


def _link_acls(topology: Topology, adjacency: Adjacency) -> tuple[str, str]:
    if topology.router.role == "edge":
        return "FIBRE-IN", "FIBRE-OUT"
    if adjacency.router.role == "edge":
        word = f"{adjacency.router.hospital}".upper()
        return f"FIBRE-{word}-IN", f"FIBRE-{word}-OUT"
    return "", ""


def _static_routes(topology: Topology) -> Iterable[StaticRoute]:
    """A core reaches what stands in its datacentre through the cloud's address on the transit network."""
    if topology.router.transit:
        gateway = next(d.gateway for d in topology.federation.file.datacentres if d.id == topology.router.datacentre)
        for prefix in topology.datacentre_prefixes:
            yield StaticRoute(prefix=prefix, next_hop=gateway)


def _acls(topology: Topology) -> Iterable[Acl]:
    """An edge guards its campus; a core guards each hospital's fibre, each peer, and what leaves its datacentre.

    Questions and answers take the same edge router as long as it is up, but may take different cores.
    """
    flows, router = topology.federation.flows, topology.router
    if router.role == "edge":
        inside, outside = campus_of(f"{router.hospital}"), _not(campus_of(f"{router.hospital}"))
        yield compile_acl("FIBRE-IN", flows, source=outside, destination=inside, stateful=True)
        yield compile_acl("FIBRE-OUT", flows, source=inside, destination=outside, stateful=True)
        yield compile_acl("CAMPUS-IN", flows, source=inside, destination=_anyone, stateful=True)
        return
    for hospital in topology.adjacent_hospitals:
        inside, outside, word = campus_of(hospital), _not(campus_of(hospital)), hospital.upper()
        yield compile_acl(f"FIBRE-{word}-IN", flows, source=inside, destination=outside, stateful=False)
        yield compile_acl(f"FIBRE-{word}-OUT", flows, source=outside, destination=inside, stateful=False)
    for attachment in router.peers:
        inside, outside, word = owned_by(attachment.peer), _not(owned_by(attachment.peer)), attachment.peer.upper()
        yield compile_acl(f"PEER-{word}-IN", flows, source=inside, destination=outside, stateful=False)
        yield compile_acl(f"PEER-{word}-OUT", flows, source=outside, destination=inside, stateful=False)
    if router.transit:
        here = in_place(f"{router.datacentre}")
        yield compile_acl("TRANSIT-IN", flows, source=here, destination=_not(here), stateful=False)


def campus_of(hospital: str) -> Side:
    """Ends on the hospital's own campus."""
    return lambda end: end.owner == hospital and end.place == "campus"


def owned_by(owner: str) -> Side:
    """Ends of a hospital, a service or an external peer."""
    return lambda end: end.owner == owner


def in_place(place: str) -> Side:
    """Ends in a datacentre."""
    return lambda end: end.place == place


def _not(side: Side) -> Side:
    return lambda end: not side(end)


def _anyone(end: FlowEnd) -> bool:
    del end
    return True
