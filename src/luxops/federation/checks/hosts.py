"""Hosts: whose they are, and where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from luxops.errors import did_you_mean
from luxops.federation.checks.addresses import is_reserved
from luxops.federation.declaration import Declaration
from luxops.federation.documents import Path_
from luxops.federation.flows import zones_of
from luxops.federation.problems import Problem
from luxops.federation.schema import HostGroup, ZonePlace


def owner_exists(declared: Declaration) -> Iterator[Problem]:
    """Hosts belong to the federation itself or to a hospital."""
    known = [declared.file.id, *declared.hospitals]
    for owner in declared.hosts:
        if owner not in known and not declared.is_broken(owner):
            why = f"there is no `{owner}`{did_you_mean(owner, known)}"
            remedy = f"An owner is {declared.file.id} or a hospital."
            yield declared.problem(f"hosts/{owner}.yaml", ("owner",), "hosts of an unknown owner", why, remedy)


def group_has_its_zone(declared: Declaration) -> Iterator[Problem]:
    """A group stands in a zone of its owner, or in the zone of a service that its owner provides."""
    for owner, n, group in _groups(declared):
        file = f"hosts/{owner}.yaml"
        if group.service is None:
            hospital = declared.hospitals.get(owner)
            if hospital is not None and group.zone not in hospital.zones:
                near = did_you_mean(group.zone, list(hospital.zones))
                why = f"group {group.id}: there is no zone `{group.zone}` in {owner}{near}"
                remedy = f"Declare the zone in {declared.folder}/hospitals/{owner}.yaml, or correct the name."
                yield declared.problem(file, ("groups", n, "zone"), "group in an unknown zone", why, remedy)
            elif owner == declared.file.id:
                why = f"group {group.id}: {owner} has no zones of its own"
                yield declared.problem(
                    file, ("groups", n), "group without a service", why, "Name the shared service that it runs."
                )
            continue
        service = declared.services.get(group.service)
        if service is None:
            if not declared.is_broken(group.service):
                near = did_you_mean(group.service, list(declared.services))
                why = f"group {group.id}: there is no service `{group.service}`{near}"
                yield declared.problem(file, ("groups", n, "service"), "group of an unknown service", why, "Correct the name.")
        elif service.provider != owner:
            why = f"group {group.id}: {group.service} is provided by {service.provider}"
            remedy = f"Move the group to {declared.folder}/hosts/{service.provider}.yaml, or correct the service."
            yield declared.problem(file, ("groups", n, "service"), "group of somebody else's service", why, remedy)
        elif service.hosted_in.zone != group.zone:
            why = f"group {group.id}: {group.service} is hosted in {service.hosted_in.zone}"
            yield declared.problem(
                file, ("groups", n, "zone"), "group outside its service's zone", why, "Correct one of the two."
            )


def addresses_lie_in_the_zone(declared: Declaration) -> Iterator[Problem]:
    """A host stands at a place where its zone has a subnet, with an address in that subnet."""
    for owner, n, group in _groups(declared):
        subnets = _subnets(declared, owner, group)
        if subnets is None:
            continue
        for h, host in enumerate(group.hosts):
            file, top = f"hosts/{owner}.yaml", ("groups", n, "hosts", h)
            subnet = subnets.get(host.place)
            path: Path_ = (*top, "address")
            if subnet is None:
                why = f"host {host.id}: zone {group.zone} has no subnet in {host.place}"
                yield declared.problem(
                    file, (*top, "place"), "host where its zone is not", why, "Correct the place or the zone."
                )
            elif host.address is not None and host.address not in subnet:
                why = f"host {host.id}: {host.address} is not inside {subnet}, zone {group.zone} in {host.place}"
                yield declared.problem(file, path, "host outside its zone", why, "Correct the address, the place or the zone.")
            elif host.address is not None and is_reserved(host.address, subnet):
                why = f"host {host.id}: {host.address} is the network's own or its broadcast address in {subnet}"
                yield declared.problem(file, path, "address that nothing can have", why, "Choose another.")


def _groups(declared: Declaration) -> Iterator[tuple[str, int, HostGroup]]:
    for owner, file in declared.hosts.items():
        for n, group in enumerate(file.groups):
            yield owner, n, group


def _subnets(declared: Declaration, owner: str, group: HostGroup) -> Mapping[ZonePlace, IPv4Network] | None:
    """Place → subnet of the group's zone; None where that zone is not known, which is told elsewhere."""
    party = declared.hospitals.get(owner) if group.service is None else declared.services.get(group.service)
    return None if party is None else zones_of(party).get(group.zone)
