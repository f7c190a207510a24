"""Every prefix and address has one place, and one use."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from luxops.federation.declaration import Declaration
from luxops.federation.documents import Path_
from luxops.federation.problems import Problem

LINK_LENGTH = 31


class Block(NamedTuple):
    """A prefix, whose it is, and where it is declared."""

    prefix: IPv4Network
    whose: str
    file: str
    path: Path_


def blocks_do_not_overlap(declared: Declaration) -> Iterator[Problem]:
    """The address plans of the federation, of each hospital and of each peer are disjoint: no route is ambiguous."""
    file, here = declared.file, "federation.yaml"
    blocks = [
        Block(file.transit, "the transit prefix", here, ("transit",)),
        Block(file.loopbacks, "the loopbacks", here, ("loopbacks",)),
        Block(file.services, "the services prefix", here, ("services",)),
        Block(file.management.prefix, "the management prefix", here, ("management", "prefix")),
    ]
    for n, peer in enumerate(file.peers):
        blocks += [Block(p, f"a prefix of {peer.id}", here, ("peers", n, "prefixes", i)) for i, p in enumerate(peer.prefixes)]
    blocks += [
        Block(hospital.prefix, f"the prefix of {name}", f"hospitals/{name}.yaml", ("prefix",))
        for name, hospital in declared.hospitals.items()
    ]
    yield from overlaps(declared, blocks)


def subnets_do_not_overlap(declared: Declaration) -> Iterator[Problem]:
    """Neither zones inside a hospital, nor shared services' zones, nor what is cut out of the transit prefix."""
    for name, hospital in declared.hospitals.items():
        yield from overlaps(
            declared,
            [
                Block(prefix, f"zone {zone} in {place}", f"hospitals/{name}.yaml", ("zones", zone, place))
                for zone, subnets in hospital.zones.items()
                for place, prefix in subnets.prefixes.items()
            ],
        )
    yield from overlaps(declared, _service_subnets(declared))
    transit = [
        Block(dc.transit, f"the transit network of {dc.id}", "federation.yaml", ("datacentres", n, "transit"))
        for n, dc in enumerate(declared.file.datacentres)
    ]
    transit += [Block(link.prefix, f"link {link.id}", "links.yaml", (n, "prefix")) for n, link in enumerate(declared.links)]
    # Two routers may meet a peer in one subnet: a peer's networks are compared with the others, not with each other.
    attachments = {
        attached.address.network: Block(
            attached.address.network, f"peer {attached.peer}", "routers.yaml", (n, "peers", i, "address")
        )
        for n, router in enumerate(declared.routers)
        for i, attached in enumerate(router.peers)
    }
    yield from overlaps(declared, [*transit, *attachments.values()])


def _service_subnets(declared: Declaration) -> list[Block]:
    return [
        Block(prefix, f"service {name} in {place}", f"services/{name}.yaml", ("hosted_in", place))
        for name, service in declared.services.items()
        for place, prefix in service.hosted_in.prefixes.items()
    ]


def overlaps(declared: Declaration, blocks: list[Block]) -> Iterator[Problem]:
    """One problem for each pair that overlaps, where the one that is declared later stands: it came to occupied ground.

    Two prefixes overlap only where one contains the other. So, sorted by address, longest last, a block overlaps exactly those
    before it that have not ended yet, and those form a stack.
    """
    around: list[tuple[int, Block]] = []
    order = sorted(enumerate(blocks), key=lambda block: (int(block[1].prefix.network_address), block[1].prefix.prefixlen))
    for number, block in order:
        while around and around[-1][1].prefix.broadcast_address < block.prefix.network_address:
            around.pop()
        for other in around:
            (_, early), (_, late) = sorted((other, (number, block)), key=lambda pair: pair[0])
            where = declared.where(early.file, early.path)
            why = f"{late.prefix}, {late.whose}, overlaps {early.prefix}, {early.whose} ({where})"
            yield declared.problem(late.file, late.path, "overlapping prefixes", why, "Give one of the two another prefix.")
        around.append((number, block))


def zones_lie_in_their_hospital(declared: Declaration) -> Iterator[Problem]:
    """Each zone has at least one subnet, and all of them lie inside the hospital's prefix."""
    for name, hospital in declared.hospitals.items():
        file = f"hospitals/{name}.yaml"
        for zone, subnets in hospital.zones.items():
            if not subnets.prefixes:
                yield declared.problem(
                    file, ("zones", zone), "zone without a subnet", f"zone {zone}", "Give it dc1, dc2 or campus."
                )
            for place, prefix in subnets.prefixes.items():
                if not prefix.subnet_of(hospital.prefix):
                    why = f"{prefix} is not inside {hospital.prefix}, the prefix of {name}"
                    yield declared.problem(
                        file, ("zones", zone, place), "zone outside its hospital's prefix", why, "Correct one."
                    )


def service_zones_lie_in_services(declared: Declaration) -> Iterator[Problem]:
    """Each service has at least one subnet, and all of them lie inside the federation's `services`."""
    for name, service in declared.services.items():
        if not service.hosted_in.prefixes:
            yield declared.problem(
                f"services/{name}.yaml", ("hosted_in",), "service without a subnet", "", "Give it dc1 or dc2."
            )
    for block in _service_subnets(declared):
        if not block.prefix.subnet_of(declared.file.services):
            why = f"{block.prefix} is not inside {declared.file.services}, `services` of federation.yaml"
            yield declared.problem(block.file, block.path, "zone outside the services prefix", why, "Correct one of the two.")


class Single(NamedTuple):
    """One address, what it is for, where it is declared, and the network in which it must lie, if one is known."""

    address: IPv4Address
    what: str
    file: str
    path: Path_
    inside: IPv4Network | None = None
    called: str = ""


def _singles(declared: Declaration) -> Iterator[Single]:
    file, here = declared.file, "federation.yaml"
    management = file.management.prefix
    for n, bastion in enumerate(file.management.bastions):
        path: Path_ = ("management", "bastions", n, "address")
        yield Single(bastion.address, f"bastion {bastion.id}", here, path, management, "the management prefix")
    for n, dc in enumerate(file.datacentres):
        network = f"the transit network of {dc.id}"
        yield Single(dc.gateway, f"the gateway of {dc.id}", here, ("datacentres", n, "gateway"), dc.transit, network)
        yield Single(dc.cores, f"the cores' shared address in {dc.id}", here, ("datacentres", n, "cores"), dc.transit, network)
    for n, router in enumerate(declared.routers):
        at = "routers.yaml"
        yield Single(
            router.management, f"the management of {router.id}", at, (n, "management"), management, "the management prefix"
        )
        yield Single(router.loopback, f"the loopback of {router.id}", at, (n, "loopback"), file.loopbacks, "the loopbacks")
        for interface, address in (*router.lan.items(), *router.transit.items()):
            group = "lan" if interface in router.lan else "transit"
            yield Single(address.ip, f"{interface} of {router.id}", at, (n, group, interface))
        for i, peer in enumerate(router.peers):
            yield Single(peer.address.ip, f"{peer.interface} of {router.id}", at, (n, "peers", i, "address"))
    for owner, hosts in declared.hosts.items():
        for g, group_ in enumerate(hosts.groups):
            for h, host in enumerate(group_.hosts):
                at, top = f"hosts/{owner}.yaml", ("groups", g, "hosts", h)
                path = (*top, "management")
                yield Single(host.management, f"the management of {host.id}", at, path, management, "the management prefix")
                if host.address is not None:
                    yield Single(host.address, f"host {host.id}", at, (*top, "address"))


def single_addresses_lie_where_they_belong(declared: Declaration) -> Iterator[Problem]:
    """Management addresses, loopbacks and gateways lie inside the prefixes that are declared for them."""
    for single in _singles(declared):
        if single.inside is None:
            continue
        if single.address not in single.inside:
            why = f"{single.address} is not inside {single.inside}"
            yield declared.problem(single.file, single.path, f"address outside {single.called}", why, "Correct one of the two.")
        elif single.called != "the loopbacks" and is_reserved(single.address, single.inside):
            why = f"{single.address} is the network's own or its broadcast address in {single.inside}"
            yield declared.problem(single.file, single.path, "address that nothing can have", why, "Choose another.")


def is_reserved(address: IPv4Address, network: IPv4Network) -> bool:
    """Whether it is the network's own or its broadcast address; a /31 and a /32 have neither."""
    return network.prefixlen < LINK_LENGTH and address in {network.network_address, network.broadcast_address}


def addresses_are_unique(declared: Declaration) -> Iterator[Problem]:
    """Nothing answers for two."""
    first: dict[IPv4Address, Single] = {}
    for single in _singles(declared):
        before = first.setdefault(single.address, single)
        if before is not single:
            why = f"{single.address} is already {before.what} ({declared.where(before.file, before.path)})"
            yield declared.problem(single.file, single.path, "address given twice", why, "Give one of the two another address.")
