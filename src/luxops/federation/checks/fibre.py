"""Routers, their interfaces, and the links between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from luxops.errors import did_you_mean
from luxops.federation.checks.addresses import LINK_LENGTH, is_reserved
from luxops.federation.declaration import Declaration
from luxops.federation.documents import Path_
from luxops.federation.problems import Problem
from luxops.federation.schema import HospitalFile, Platform, RouterDeclaration

HERE = "routers.yaml"
LINUX_NAME_LENGTH = 15


def roles_fit(declared: Declaration) -> Iterator[Problem]:
    """An edge router is a hospital's, a core router is a datacentre's; neither has what belongs to the other."""
    known = [dc.id for dc in declared.file.datacentres]
    for n, router in enumerate(declared.routers):
        needed, foreign = ("hospital", "datacentre") if router.role == "edge" else ("datacentre", "hospital")
        if getattr(router, needed) is None:
            yield declared.problem(HERE, (n,), f"{router.role} router without a {needed}", router.id, f"Say its {needed}.")
        unwanted = [foreign, "transit", "peers"] if router.role == "edge" else [foreign, "lan"]
        for name in unwanted:
            if getattr(router, name):
                remedy = f"Take `{name}` out, or correct its role."
                yield declared.problem(HERE, (n, name), f"{router.role} router with `{name}`", router.id, remedy, key=True)
        hospital, datacentre = router.hospital, router.datacentre
        if hospital is not None and hospital not in declared.hospitals and not declared.is_broken(hospital):
            why = f"there is no hospital `{hospital}`{did_you_mean(hospital, list(declared.hospitals))}"
            yield declared.problem(
                HERE, (n, "hospital"), "router of an unknown hospital", why, "Declare it, or correct the name."
            )
        if datacentre is not None and datacentre not in known:
            why = f"there is no datacentre `{datacentre}`; known: {', '.join(known)}"
            yield declared.problem(HERE, (n, "datacentre"), "router in an unknown datacentre", why, "Correct the name.")
    for n, bastion in enumerate(declared.file.management.bastions):
        if bastion.datacentre not in known:
            path: Path_ = ("management", "bastions", n, "datacentre")
            why = f"there is no datacentre `{bastion.datacentre}`; known: {', '.join(known)}"
            yield declared.problem("federation.yaml", path, "bastion in an unknown datacentre", why, "Correct the name.")


def sites_list_their_routers(declared: Declaration) -> Iterator[Problem]:
    """Each edge router is listed by exactly one site, which is its own hospital's."""
    if HERE in declared.broken:
        return
    edges = {router.id: router.hospital for router in declared.routers if router.role == "edge"}
    listed: dict[str, str] = {}
    for name, hospital in declared.hospitals.items():
        file = f"hospitals/{name}.yaml"
        for path, router in _listed(hospital):
            if router not in edges:
                why = f"there is no edge router `{router}`{did_you_mean(router, list(edges))}"
                remedy = f"Declare it in {declared.folder}/{HERE}, or correct the name."
                yield declared.problem(file, path, "site with an unknown router", why, remedy)
            elif edges[router] != name:
                why = f"{router} belongs to {edges[router]}"
                yield declared.problem(
                    file, path, "site with another hospital's router", why, "Take it out, or correct its hospital."
                )
            elif listed.setdefault(router, name) and sum(r == router for _, r in _listed(hospital)) > 1:
                yield declared.problem(file, path, "router listed twice", router, "A router stands at one site.")
    for n, router_ in enumerate(declared.routers):
        owner = router_.hospital
        if router_.role == "edge" and owner in declared.hospitals and router_.id not in listed:
            remedy = f"List it under sites in {declared.folder}/hospitals/{owner}.yaml."
            yield declared.problem(HERE, (n, "id"), "edge router at no site", f"no site of {owner} lists {router_.id}", remedy)


def _listed(hospital: HospitalFile) -> list[tuple[Path_, str]]:
    return [
        (("sites", s, "routers", r), router) for s, site in enumerate(hospital.sites) for r, router in enumerate(site.routers)
    ]


def links_join_two_routers(declared: Declaration) -> Iterator[Problem]:
    """A link is a /31 of the transit prefix between two different routers, and no hospital is on another one's way."""
    routers = {router.id: router for router in declared.routers}
    for n, link in enumerate(declared.links):
        if link.prefix.prefixlen != LINK_LENGTH:
            why = f"link {link.id}: {link.prefix} is a /{link.prefix.prefixlen}"
            yield declared.problem("links.yaml", (n, "prefix"), "link prefix that is not a /31", why, "Give it two addresses.")
        if not link.prefix.subnet_of(declared.file.transit):
            why = f"link {link.id}: {link.prefix} is not inside {declared.file.transit}, `transit` of federation.yaml"
            yield declared.problem(
                "links.yaml", (n, "prefix"), "link outside the transit prefix", why, "Correct one of the two."
            )
        if link.a.router == link.b.router:
            why = f"link {link.id}: both ends are {link.a.router}"
            yield declared.problem(
                "links.yaml", (n, "b", "router"), "link between a router and itself", why, "Correct one end."
            )
        ends = [routers.get(link.a.router), routers.get(link.b.router)]
        for side, name, end in zip("ab", (link.a.router, link.b.router), ends, strict=True):
            if end is None and HERE not in declared.broken:
                why = f"link {link.id}: there is no router `{name}`{did_you_mean(name, list(routers))}"
                remedy = f"Declare it in {declared.folder}/{HERE}, or correct the name."
                yield declared.problem("links.yaml", (n, side, "router"), "link to an unknown router", why, remedy)
        owners = {end.hospital for end in ends if end is not None and end.role == "edge"}
        if len(owners) == 2:  # noqa: PLR2004 - the two ends
            why = f"link {link.id}: {link.a.router} and {link.b.router} belong to different hospitals"
            remedy = "Hospitals meet at the core routers only."
            yield declared.problem("links.yaml", (n, "b", "router"), "link between two hospitals", why, remedy)


def interfaces_are_used_once(declared: Declaration) -> Iterator[Problem]:
    """One interface, one cable."""
    used: dict[tuple[str, str], tuple[str, Path_]] = {}
    for file, path, router, interface in _interfaces(declared):
        before = used.setdefault((router, interface), (file, path))
        if before != (file, path):
            why = f"{interface} of {router} is already used ({declared.where(*before)})"
            yield declared.problem(
                file, path, "interface used twice", why, "Name another interface.", key=path[-1] == interface
            )


def interface_names_fit_the_platform(declared: Declaration) -> Iterator[Problem]:
    """Linux takes at most 15 characters and no slash."""
    platforms = {router.id: router.platform for router in declared.routers}
    for file, path, router, interface in _interfaces(declared):
        wrong = len(interface) > LINUX_NAME_LENGTH or "/" in interface
        if platforms.get(router) is Platform.FRR and wrong:
            why = f"{router} runs FRR on Linux, and `{interface}` is no Linux interface name"
            remedy = f"At most {LINUX_NAME_LENGTH} characters, no `/`."
            yield declared.problem(file, path, "impossible interface name", why, remedy, key=path[-1] == interface)


def _interfaces(declared: Declaration) -> Iterator[tuple[str, Path_, str, str]]:
    """File, path, router and name of every interface that anything uses."""
    for n, router in enumerate(declared.routers):
        for group, interfaces in (("lan", router.lan), ("transit", router.transit)):
            for name in interfaces:
                yield HERE, (n, group, name), router.id, name
        for p, peer in enumerate(router.peers):
            yield HERE, (n, "peers", p, "interface"), router.id, peer.interface
    for n, link in enumerate(declared.links):
        for side, end in (("a", link.a), ("b", link.b)):
            yield "links.yaml", (n, side, "interface"), end.router, end.interface


def lan_serves_the_campus(declared: Declaration) -> Iterator[Problem]:
    """Every campus subnet has an edge router, and every LAN interface a campus subnet of its hospital."""
    served: set[IPv4Network] = set()
    for n, router in enumerate(declared.routers):
        hospital = declared.hospitals.get(router.hospital or "")
        if router.role != "edge" or hospital is None:
            continue
        campus = {zone.campus: name for name, zone in hospital.zones.items() if zone.campus is not None}
        for interface, address in router.lan.items():
            path: Path_ = (n, "lan", interface)
            if address.network not in campus:
                why = f"{router.id}: {address} is in no campus subnet of {hospital.id}"
                remedy = f"Use an address and length of {_known(campus)}."
                yield declared.problem(HERE, path, "LAN interface outside every campus zone", why, remedy)
            elif is_reserved(address.ip, address.network):
                why = f"{address.ip} is the network's own or its broadcast address in {address.network}"
                yield declared.problem(HERE, path, "address that nothing can have", why, "Choose another.")
            served.add(address.network)
    if HERE in declared.broken:
        return
    for name, hospital in declared.hospitals.items():
        for zone, subnets in hospital.zones.items():
            if subnets.campus is not None and subnets.campus not in served:
                why = f"no edge router of {name} has an interface in {subnets.campus}"
                remedy = f"Give one a `lan` interface there in {declared.folder}/{HERE}, or take `campus` out."
                path = ("zones", zone, "campus")
                yield declared.problem(f"hospitals/{name}.yaml", path, "campus zone that no router serves", why, remedy)


def _known(campus: Mapping[IPv4Network, str]) -> str:
    return ", ".join(f"{prefix} ({zone})" for prefix, zone in campus.items()) or "a campus zone, once one is declared"


def cores_join_their_datacentre(declared: Declaration) -> Iterator[Problem]:
    """A core router has an address in its datacentre's transit network, which lies in the transit prefix."""
    networks = {dc.id: dc.transit for dc in declared.file.datacentres}
    for n, dc in enumerate(declared.file.datacentres):
        if not dc.transit.subnet_of(declared.file.transit):
            why = f"{dc.transit} is not inside {declared.file.transit}"
            path: Path_ = ("datacentres", n, "transit")
            yield declared.problem(
                "federation.yaml", path, "datacentre outside the transit prefix", why, "Correct one of the two."
            )
    for n, router in enumerate(declared.routers):
        if router.role != "core" or router.datacentre not in networks:
            continue
        if not router.transit:
            remedy = f"Give it a `transit` interface in {networks[router.datacentre]}."
            yield declared.problem(
                HERE, (n,), "core router outside its datacentre", f"{router.id} has no transit interface", remedy
            )
        network = networks[router.datacentre]
        for interface, address in router.transit.items():
            if address.network != network or is_reserved(address.ip, network):
                why = f"{router.id}: {address} is no address in {network}, the transit network of {router.datacentre}"
                yield declared.problem(HERE, (n, "transit", interface), "wrong transit address", why, "Correct the address.")


def peers_are_attached(declared: Declaration) -> Iterator[Problem]:
    """Each external peer is met by a core router, in a subnet of the transit prefix."""
    known = [peer.id for peer in declared.file.peers]
    attached: set[str] = set()
    for n, router in enumerate(declared.routers):
        attached |= {peer.peer for peer in router.peers}
        yield from _attachments(declared, n, router, known)
    if HERE in declared.broken:
        return
    for n, peer in enumerate(known):
        if peer not in attached:
            remedy = f"Attach it under `peers` of a core router in {declared.folder}/{HERE}, or take it out."
            why = f"no core router is attached to {peer}"
            yield declared.problem("federation.yaml", ("peers", n, "id"), "peer that nothing leads to", why, remedy)


def _attachments(declared: Declaration, n: int, router: RouterDeclaration, known: list[str]) -> Iterator[Problem]:
    for i, attached in enumerate(router.peers):
        at: Path_ = (n, "peers", i)
        if attached.peer not in known:
            why = f"{router.id}: there is no peer `{attached.peer}`{did_you_mean(attached.peer, known)}"
            yield declared.problem(
                HERE, (*at, "peer"), "unknown peer", why, "Declare it in federation.yaml, or correct the name."
            )
        if not attached.address.network.subnet_of(declared.file.transit):
            why = f"{attached.address.network} is not inside {declared.file.transit}"
            yield declared.problem(
                HERE, (*at, "address"), "peer's network outside the transit prefix", why, "Correct one of the two."
            )
        if attached.neighbor not in attached.address.network or attached.neighbor == attached.address.ip:
            why = f"{router.id}: {attached.neighbor} is not the other end of {attached.address}"
            yield declared.problem(HERE, (*at, "neighbor"), "peer's address out of reach", why, "Correct one of the two.")
