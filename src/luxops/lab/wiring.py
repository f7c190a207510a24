"""Which namespaces the lab has and how they are joined, planned from the federation; then laid with `ip`.

luxops-mgmt           bridge of the management network, with the bastions' addresses: the only way in
luxops-fibre          a bridge a link between routers: cutting a fibre takes both ends' light away
luxops-campus-ID      a bridge a campus zone of hospital ID: its edge routers and campus hosts
luxops-cloud-DC       stands for the cloud in datacentre DC: a bridge a subnet, routed towards the core
luxops-TARGET         one an instance, interfaces named as declared
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from luxops.errors import UsageError
from luxops.federation import Federation
from luxops.federation.schema import HostDeclaration, LinkDeclaration, RouterDeclaration
from luxops.lab.instance import namespace_of
from luxops.lab.running import MANAGEMENT
from luxops.lab.shell import LabError, run
from luxops.model import Frozen

FIBRE = namespace_of("fibre")
MANAGEMENT_NIC = "mgmt0"
ZONE_NIC = "eth0"
BRIDGE = "br-mgmt"
NAME_MAX = 15


class Port(Frozen):
    """One end of a cable: an interface in a namespace."""

    namespace: str
    interface: str
    bridge: str = ""
    """The bridge of the same namespace that it is part of."""
    addresses: tuple[IPv4Interface, ...] = ()


class Cable(Frozen):
    """A veth pair."""

    a: Port
    b: Port


class Bridge(Frozen):
    namespace: str
    name: str
    addresses: tuple[IPv4Interface, ...] = ()


class Route(Frozen):
    namespace: str
    destination: IPv4Network
    via: IPv4Address
    metric: int = 0


class Wiring(Frozen):
    """Everything to be laid. Order does not matter."""

    namespaces: tuple[str, ...]
    bridges: tuple[Bridge, ...]
    cables: tuple[Cable, ...]
    routes: tuple[Route, ...]
    forwarding: tuple[str, ...]
    """Namespaces that pass packets on."""
    fibres: Mapping[str, tuple[str, ...]]
    """Link → its ports in the fibre namespace."""


DEFAULT = IPv4Network("0.0.0.0/0")


def plan(federation: Federation, hosts: Sequence[str], routers: Sequence[str]) -> Wiring:
    """The wiring for these hosts and routers of the federation. Pure."""
    return _Planner(federation).plan(hosts, routers)


def host_of(federation: Federation, host_id: str) -> HostDeclaration:
    """Raises UsageError for an unknown host."""
    for file in federation.hosts.values():
        for group in file.groups:
            for host in group.hosts:
                if host.id == host_id:
                    return host
    raise UsageError(f"There is no host `{host_id}`")


def clocks_of(federation: Federation) -> list[IPv4Address]:
    """The declared time servers that stand in the management network, where the lab can answer for them."""
    return [address for address in federation.file.ntp if address in federation.file.management.prefix]


class _Planner:
    def __init__(self, federation: Federation) -> None:
        self.federation = federation
        self.bridges: dict[tuple[str, str], Bridge] = {}
        self.cables: list[Cable] = []
        self.routes: list[Route] = []
        self.fibres: dict[str, tuple[str, ...]] = {}
        self.forwarding: set[str] = set()
        self.namespaces: dict[str, None] = {MANAGEMENT: None}
        self.management = federation.file.management.prefix.prefixlen

    def plan(self, hosts: Sequence[str], routers: Sequence[str]) -> Wiring:
        bastions = [IPv4Interface((b.address, self.management)) for b in self.federation.file.management.bastions]
        clocks = [IPv4Interface((address, self.management)) for address in clocks_of(self.federation)]
        self._bridge(MANAGEMENT, BRIDGE, *bastions, *clocks)
        for router in (self.federation.routers[name] for name in routers):
            self._attach_management(router.id, router.management)
            self._router(router)
        for host in (host_of(self.federation, name) for name in hosts):
            self._attach_management(host.id, host.management)
            self._host(host)
        for number, link in enumerate(self.federation.links):
            if {link.a.router, link.b.router} <= set(routers):
                self._link(number, link)
        return Wiring(
            namespaces=tuple(self.namespaces),
            bridges=tuple(self.bridges.values()),
            cables=tuple(self.cables),
            routes=tuple(self.routes),
            forwarding=tuple(sorted(self.forwarding)),
            fibres=self.fibres,
        )

    def _attach_management(self, name: str, address: IPv4Address) -> None:
        nic = Port(
            namespace=self._space(name), interface=MANAGEMENT_NIC, addresses=(IPv4Interface((address, self.management)),)
        )
        self._plug(nic, MANAGEMENT, BRIDGE)

    def _router(self, router: RouterDeclaration) -> None:
        space = self._space(router.id)
        self.forwarding.add(space)
        for interface, address in router.lan.items():
            campus, bridge = self._campus(f"{router.hospital}", address.ip)
            self._plug(Port(namespace=space, interface=interface, addresses=(address,)), campus, bridge)
        for interface, address in router.transit.items():
            cloud, bridge = self._transit(f"{router.datacentre}")
            self._plug(Port(namespace=space, interface=interface, addresses=(address,)), cloud, bridge)
            self._cloud_default(cloud, address.ip)

    def _host(self, host: HostDeclaration) -> None:
        if host.address is None:
            return
        space = self._space(host.id)
        subnet, owner = self._subnet(host.address)
        if host.place == "campus":
            campus, bridge = self._campus(owner, host.address)
            gateways = self._campus_gateways(owner, subnet)
        else:
            campus, bridge = self._cloud(host.place, subnet)
            gateways = [subnet[1]]
        nic = Port(namespace=space, interface=ZONE_NIC, addresses=(IPv4Interface((host.address, subnet.prefixlen)),))
        self._plug(nic, campus, bridge)
        for metric, gateway in enumerate(gateways, start=1):
            self.routes.append(Route(namespace=space, destination=DEFAULT, via=gateway, metric=100 * metric))

    def _link(self, number: int, link: LinkDeclaration) -> None:
        bridge = f"f{number}"
        self._bridge(FIBRE, bridge)
        ports = []
        for end, address, side in ((link.a, link.prefix[0], "a"), (link.b, link.prefix[1], "b")):
            local = IPv4Interface((address, link.prefix.prefixlen))
            nic = Port(namespace=self._space(end.router), interface=end.interface, addresses=(local,))
            port = Port(namespace=FIBRE, interface=f"{bridge}{side}", bridge=bridge)
            self.cables.append(Cable(a=nic, b=port))
            ports.append(port.interface)
        self.fibres[link.id] = tuple(ports)

    def _campus(self, hospital: str, address: IPv4Address) -> tuple[str, str]:
        """Namespace and bridge of the campus zone that the address is in."""
        zones = self.federation.hospitals[hospital].zones
        for number, zone in enumerate(zones.values()):
            if zone.campus is not None and address in zone.campus:
                space = self._space(f"campus-{hospital}")
                self._bridge(space, f"zone{number}")
                return space, f"zone{number}"
        raise LabError(f"{address} is in no campus subnet of {hospital}", why="the lab has nowhere to plug it in")

    def _campus_gateways(self, hospital: str, subnet: IPv4Network) -> list[IPv4Address]:
        sites = self.federation.hospitals[hospital].sites
        order = [self.federation.routers[name] for site in sites for name in site.routers if name in self.federation.routers]
        return [address.ip for router in order for address in router.lan.values() if address.ip in subnet]

    def _transit(self, datacentre: str) -> tuple[str, str]:
        declared = next(known for known in self.federation.file.datacentres if known.id == datacentre)
        cloud = self._space(f"cloud-{datacentre}")
        self.forwarding.add(cloud)
        self._bridge(cloud, "transit", IPv4Interface((declared.gateway, declared.transit.prefixlen)))
        return cloud, "transit"

    def _cloud(self, datacentre: str, subnet: IPv4Network) -> tuple[str, str]:
        """A subnet's bridge in a datacentre; its first address is the subnet's gateway."""
        cloud, _ = self._transit(datacentre)
        known = sorted(bridge for space, bridge in self.bridges if space == cloud and bridge != "transit")
        for name in known:
            if subnet[1] in [address.ip for address in self.bridges[cloud, name].addresses]:
                return cloud, name
        name = f"net{len(known)}"
        self._bridge(cloud, name, IPv4Interface((subnet[1], subnet.prefixlen)))
        return cloud, name

    def _cloud_default(self, cloud: str, via: IPv4Address) -> None:
        taken = sum(route.namespace == cloud for route in self.routes)
        self.routes.append(Route(namespace=cloud, destination=DEFAULT, via=via, metric=100 * (taken + 1)))

    def _subnet(self, address: IPv4Address) -> tuple[IPv4Network, str]:
        """The declared subnet that holds the address, and whose it is."""
        for hospital in self.federation.hospitals.values():
            for zone in hospital.zones.values():
                for prefix in zone.prefixes.values():
                    if address in prefix:
                        return prefix, hospital.id
        for service in self.federation.services.values():
            for found in (service.hosted_in.dc1, service.hosted_in.dc2):
                if found is not None and address in found:
                    return found, service.provider
        raise LabError(f"{address} is in no declared subnet", why="the lab has nowhere to plug it in")

    def _plug(self, nic: Port, space: str, bridge: str) -> None:
        number = sum(port.namespace == space for cable in self.cables for port in (cable.a, cable.b))
        owner = nic.namespace.removeprefix(namespace_of(""))
        name = f"p{number}-{owner}"[:NAME_MAX]
        self.cables.append(Cable(a=nic, b=Port(namespace=space, interface=name, bridge=bridge)))

    def _bridge(self, space: str, name: str, *addresses: IPv4Interface) -> None:
        self.namespaces[space] = None
        self.bridges.setdefault((space, name), Bridge(namespace=space, name=name, addresses=addresses))

    def _space(self, name: str) -> str:
        space = namespace_of(name)
        self.namespaces[space] = None
        return space


def lay(wiring: Wiring) -> None:
    """Make everything of the plan; none of its namespaces exists yet."""
    for namespace in wiring.namespaces:
        run("ip", "netns", "add", namespace)
    for namespace, lines in _grouped(_creations(wiring)):
        run("ip", "-n", namespace, "-batch", "-", stdin=lines)
    for namespace in wiring.forwarding:
        run("ip", "netns", "exec", namespace, "tee", "/proc/sys/net/ipv4/ip_forward", stdin="1\n")
    for namespace, lines in _grouped(_settings(wiring)):
        run("ip", "-n", namespace, "-batch", "-", stdin=lines)


def existing() -> list[str]:
    """Every namespace of any lab on this machine."""
    listing = run("ip", "netns", "list").splitlines()
    return sorted(name for line in listing if (name := line.split(" ")[0]).startswith(namespace_of("")))


def remove(namespaces: Sequence[str]) -> None:
    """Delete namespaces, and with them every cable that ends in them."""
    for namespace in namespaces:
        run("ip", "netns", "delete", namespace)


def set_fibre(ports: Sequence[str], *, lit: bool) -> None:
    """Cut or join a link between routers: both ends lose or find their carrier."""
    word = "up" if lit else "down"
    run("ip", "-n", FIBRE, "-batch", "-", stdin="".join(f"link set {port} {word}\n" for port in ports))


def _creations(wiring: Wiring) -> Iterator[tuple[str, str]]:
    for bridge in wiring.bridges:
        yield bridge.namespace, f"link add {bridge.name} type bridge mcast_snooping 0 forward_delay 0"
    for cable in wiring.cables:
        a, b = cable.a, cable.b
        yield a.namespace, f"link add {a.interface} type veth peer name {b.interface} netns {b.namespace}"


def _settings(wiring: Wiring) -> Iterator[tuple[str, str]]:
    for namespace in wiring.namespaces:
        yield namespace, "link set lo up"
    for bridge in wiring.bridges:
        for address in bridge.addresses:
            yield bridge.namespace, f"addr add {address} dev {bridge.name}"
        yield bridge.namespace, f"link set {bridge.name} up"
    for port in (port for cable in wiring.cables for port in (cable.a, cable.b)):
        if port.bridge:
            yield port.namespace, f"link set {port.interface} master {port.bridge}"
        for address in port.addresses:
            yield port.namespace, f"addr add {address} dev {port.interface}"
        yield port.namespace, f"link set {port.interface} up"
    for route in wiring.routes:
        yield route.namespace, f"route add {route.destination} via {route.via} metric {route.metric}"


def _grouped(lines: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    batches: dict[str, list[str]] = {}
    for namespace, line in lines:
        batches.setdefault(namespace, []).append(line)
    for namespace, batch in batches.items():
        yield namespace, "\n".join(batch) + "\n"
