"""Small federations made of a list of fibres, and what their routers would answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, NamedTuple

from luxops.domains.network.operational import Bfd, Bgp, Interfaces, InterfaceState, NextHop, Route, Routes, SessionState
from luxops.domains.network.paths import Network
from luxops.domains.network.platforms.interface import BFD, BGP, INTERFACES, ROUTES
from luxops.federation import Federation, Flow, FlowEnd
from luxops.federation.schema import FederationFile, HospitalFile, LinkDeclaration, RouterDeclaration
from luxops.model import Digest, Failure, FailureReason, Observation, TargetId, utc_now

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFJeeueh3cBlRqAQDTjyGbvZ6u/bIEmZ1W+yLKNy97hW"
QUOTA = {"cores": 4, "ram_gib": 16, "volumes_gib": 100}
HOSPITALS = {"chl": 16, "hrs": 32, "lns": 48}
PEER = "healthnet"
LOST = Failure(reason=FailureReason.UNREACHABLE, detail="connection refused", retryable=True)


class Fibre(NamedTuple):
    a: str
    b: str
    risks: tuple[str, ...] = ()
    carrier: str = ""


def core(datacentre: str, number: int = 1) -> str:
    return f"{datacentre}-core{number}"


def federation_of(
    fibres: Iterable[Fibre], *, attached: Sequence[str] = (), platforms: Mapping[str, str] | None = None, campuses: bool = False
) -> Federation:
    """Routers are those that fibres name: `dc1-core2`, `hrs-edge1`. `attached`: cores that meet the external peer.

    Each hospital's campus talks to its own cloud in both datacentres, dc1 to dc2, and `campuses` to the next hospital's campus.
    """
    cables = list(fibres)
    names = list(dict.fromkeys([*(end for fibre in cables for end in (fibre.a, fibre.b)), *attached]))
    owners = [name for name in HOSPITALS if any(router.startswith(f"{name}-") for router in names)]
    routers = [_router(name, n, attached, (platforms or {}).get(name, "frr")) for n, name in enumerate(names, 1)]
    hospitals = {name: _hospital(name, [router for router in names if router.startswith(f"{name}-")]) for name in owners}
    return Federation(
        file=_file(peer=bool(attached)), hospitals=hospitals, services={}, links=tuple(_links(cables)),
        routers={router.id: router for router in routers}, hosts={},
        flows=tuple(_flows(owners, peer=bool(attached), campuses=campuses)), digest=Digest("sha256:" + "0" * 64),
    )  # fmt: skip


def _links(fibres: Sequence[Fibre]) -> Iterable[LinkDeclaration]:
    for n, fibre in enumerate(fibres):
        yield LinkDeclaration.model_validate({
            "id": f"f{n}", "a": {"router": fibre.a, "interface": f"if{n}"}, "b": {"router": fibre.b, "interface": f"if{n}"},
            "prefix": f"10.250.0.{2 * n}/31", "shared_risks": fibre.risks, "carrier": fibre.carrier,
        })  # fmt: skip


def _router(name: str, number: int, attached: Sequence[str], platform: str) -> RouterDeclaration:
    owner, _, rest = name.partition("-")
    common = {"id": name, "platform": platform, "management": f"10.255.1.{number}", "loopback": f"10.254.0.{number}"}
    if rest.startswith("edge"):
        lan = {"lan": f"10.{HOSPITALS[owner]}.2.{number}/24"}
        return RouterDeclaration.model_validate({**common, "role": "edge", "hospital": owner, "lan": lan})
    place = int(owner.removeprefix("dc"))
    met = {"peer": PEER, "interface": "out", "address": f"10.250.1.{2 * number}/31", "neighbor": f"10.250.1.{2 * number + 1}"}
    return RouterDeclaration.model_validate({
        **common, "role": "core", "datacentre": owner, "transit": {"cloud": f"10.250.25{place}.{number}/24"},
        "peers": [met] if name in attached else [],
    })  # fmt: skip


def _hospital(name: str, edges: Sequence[str]) -> HospitalFile:
    octet = HOSPITALS[name]
    zone = {"dc1": f"10.{octet}.0.0/24", "dc2": f"10.{octet}.1.0/24", "campus": f"10.{octet}.2.0/24", "data": "health"}
    return HospitalFile.model_validate({
        "id": name, "name": name, "kind": "acute", "prefix": f"10.{octet}.0.0/16", "as_number": 64600 + octet, "quota": QUOTA,
        "sites": [{"id": f"{name}-main", "city": "", "routers": edges}], "zones": {"clinical": zone},
    })  # fmt: skip


def _file(*, peer: bool) -> FederationFile:
    bastion = {"id": "bastion1", "address": "10.255.0.5", "datacentre": "dc1"}
    outside = {"id": PEER, "name": "", "as_number": 65100, "prefixes": ["172.20.0.0/16"], "max_prefixes": 5}
    return FederationFile.model_validate({
        "id": "luxith", "name": "Luxith", "as_number": 64512,
        "datacentres": [
            {
                "id": f"dc{n}", "name": "", "city": "", "transit": f"10.250.25{n}.0/24", "gateway": f"10.250.25{n}.254",
                "cores": f"10.250.25{n}.253", "physical_network": f"physnet-dc{n}", "availability_zone": f"dc{n}",
            }
            for n in (1, 2)
        ],
        "cloud": {
            "region": "RegionOne", "provisioning_key": KEY, "access": {},
            "flavours": [{"id": "small", "cores": 1, "ram_gib": 1, "disk_gib": 1}],
            "images": [{"id": "debian-12", "file": "debian-12.raw", "format": "raw"}],
        },
        "management": {"prefix": "10.255.0.0/20", "bastions": [bastion], "secrets": {}},
        "transit": "10.250.0.0/16", "loopbacks": "10.254.0.0/24", "services": "10.64.0.0/12", "ntp": [], "syslog": [],
        "peers": [outside] if peer else [],
    })  # fmt: skip


def _flows(hospitals: Sequence[str], *, peer: bool, campuses: bool) -> Iterable[Flow]:
    def end(owner: str, place: str) -> FlowEnd:
        third = {"dc1": 0, "dc2": 1, "campus": 2}[place]
        return FlowEnd.model_validate({
            "owner": owner, "zone": "clinical", "place": place, "prefix": f"10.{HOSPITALS[owner]}.{third}.0/24",
        })  # fmt: skip

    def flow(name: str, sources: Sequence[FlowEnd], destinations: Sequence[FlowEnd]) -> Flow:
        return Flow(
            id=name, sources=tuple(sources), destinations=tuple(destinations), protocol="tcp", ports=((443, 443),), why="needed"
        )

    outside = FlowEnd(owner=PEER, zone="", place="external", prefix=IPv4Network("172.20.0.0/16"))
    for n, name in enumerate(hospitals):
        yield flow(f"{name}/1", [end(name, "campus")], [end(name, "dc1"), end(name, "dc2")])
        yield flow(f"{name}/2", [end(name, "dc1")], [end(name, "dc2")])
        if peer:
            yield flow(f"{name}/3", [outside], [end(name, "dc1")])
        if campuses and len(hospitals) > 1:
            yield flow(f"{name}/4", [end(name, "campus")], [end(hospitals[(n + 1) % len(hospitals)], "campus")])


def ladder(*hospitals: str, risks: Mapping[str, tuple[str, ...]] | None = None) -> list[Fibre]:
    """Two datacentres with one core each, joined; each hospital's edge1 to dc1, edge2 to dc2. `risks`: by router at end a."""
    shared = risks or {}
    fibres = [Fibre("dc1-core1", "dc2-core1", ("ring",))]
    for name in hospitals:
        for n in (1, 2):
            edge = f"{name}-edge{n}"
            fibres.append(Fibre(edge, f"dc{n}-core1", shared.get(edge, (f"duct-{edge}",))))
    return fibres


def answers(network: Network, *, silent: Iterable[str] = ()) -> list[Observation]:
    """What every router would answer if it did as the network says; `silent` ones cannot be reached."""
    federation = network.federation
    found: list[Observation] = []
    for router in federation.routers.values():
        name = TargetId(router.id)
        if router.id in set(silent):
            found += [Observation.of(name, fact, LOST, utc_now()) for fact in (INTERFACES, BGP, BFD, ROUTES)]
            continue
        facts = {INTERFACES: _interfaces(network, router), BGP: _bgp(network, router), BFD: Bfd(peers={}),
                 ROUTES: _routes(network, router)}  # fmt: skip
        found += [Observation.of(name, fact, value, utc_now()) for fact, value in facts.items()]
    return found


def _ends(federation: Federation, router: RouterDeclaration) -> Iterable[tuple[tuple[str, str], str, str, str]]:
    """Point, interface, neighbour's address, neighbour."""
    for link in federation.links_of(router.id):
        for here, there, address in ((link.a, link.b, link.prefix[1]), (link.b, link.a, link.prefix[0])):
            if here.router == router.id:
                yield ("link", link.id), here.interface, f"{address}", there.router
    for met in router.peers:
        yield ("attachment", f"{met.peer}@{router.id}"), met.interface, f"{met.neighbor}", met.peer


def _interfaces(network: Network, router: RouterDeclaration) -> Interfaces:
    up = {
        interface: InterfaceState(
            administrative="up", operational="down" if point in network.out else "up", addresses=(), ipv6=False, mtu=1500
        )
        for point, interface, _, _ in _ends(network.federation, router)
    }
    return Interfaces(interfaces=up)


def _bgp(network: Network, router: RouterDeclaration) -> Bgp:
    running = {(session.receiver, session.over) for session in network.sessions}
    sessions: dict[str, Any] = {}
    for point, _, address, other in _ends(network.federation, router):
        up = (router.id, point) in running and point not in network.out and ("router", other) not in network.out
        state = "Established" if up else "Active"
        sessions[address] = SessionState(remote_as=1, state=state, prefixes_received=0, prefixes_sent=0)
    return Bgp(running=True, neighbours=sessions)


def _routes(network: Network, router: RouterDeclaration) -> Routes:
    federation = network.federation
    by_point = {point: (address, interface) for point, interface, address, _ in _ends(federation, router)}
    gateways: dict[str, Any] = {dc.id: dc.gateway for dc in federation.file.datacentres}
    found: dict[str, Route] = {}
    prefixes = {end.prefix for flow in federation.flows for end in (*flow.sources, *flow.destinations)}
    for prefix in sorted(prefixes):
        sessions = network.routes(network.class_of(prefix)).rib.get(router.id)
        if sessions is None:
            continue
        if not sessions:
            static = router.role == "core"
            hop = NextHop(address=f"{gateways[router.datacentre]}" if router.datacentre else "", interface="lan")
            hops: tuple[NextHop, ...] = (hop,)
            protocol = "static" if static else "connected"
        else:
            pairs = [by_point[session.over] for session in sessions]
            hops = tuple(NextHop(address=address, interface=interface) for address, interface in pairs)
            protocol = "bgp"
        found[f"{prefix}"] = Route(protocol=protocol, distance=20, installed=True, next_hops=hops)
    return Routes(routes=found)
