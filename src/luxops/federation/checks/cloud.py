"""The cloud: what joins owners there, and what servers are made of."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from luxops.errors import did_you_mean
from luxops.federation.checks.addresses import Block, overlaps
from luxops.federation.declaration import Declaration
from luxops.federation.documents import Path_
from luxops.federation.flows import NowhereError, resolve, zones_of
from luxops.federation.problems import Problem
from luxops.federation.schema import HospitalFile, ServiceFile

LONGEST = 30
"""Of an attachment's prefix: two routers need two addresses."""


def _owners(declared: Declaration) -> Iterator[tuple[str, HospitalFile | ServiceFile]]:
    yield from ((f"hospitals/{name}.yaml", hospital) for name, hospital in declared.hospitals.items())
    yield from ((f"services/{name}.yaml", service) for name, service in declared.services.items())


def attachments_fit(declared: Declaration) -> Iterator[Problem]:
    """Each lies in the transit prefix, has room for two routers, overlaps nothing, and leads where its owner has a subnet."""
    blocks = []
    for file, owner in _owners(declared):
        places = {place for subnets in zones_of(owner).values() for place in subnets}
        for place, prefix in owner.attachments.items():
            path = ("attachments", place)
            if not prefix.subnet_of(declared.file.transit) or prefix.prefixlen > LONGEST:
                why = f"{prefix} is not a /{LONGEST} or larger inside {declared.file.transit}, the transit prefix"
                yield declared.problem(file, path, "attachment that does not fit", why, "Choose another prefix.")
            if place not in places:
                why = f"{owner.id} has no subnet in {place}"
                yield declared.problem(
                    file, path, "attachment where nothing is", why, "Take it out, or give a zone a subnet there."
                )
            blocks.append(Block(prefix, f"the attachment of {owner.id} in {place}", file, path))
    here = "federation.yaml"
    transit = [
        Block(dc.transit, f"the transit network of {dc.id}", here, ("datacentres", n, "transit"))
        for n, dc in enumerate(declared.file.datacentres)
    ]
    links = [Block(link.prefix, f"link {link.id}", "links.yaml", (n, "prefix")) for n, link in enumerate(declared.links)]
    yield from overlaps(declared, [*transit, *links, *blocks])


def crossing_flows_have_a_way(declared: Declaration) -> Iterator[Problem]:
    """A flow between a subnet in a datacentre and anything but the same owner's there passes that owner's attachment."""
    for file, owner in _owners(declared):
        for n, flow in enumerate(owner.flows):
            try:
                sources, destinations = resolve(declared.names, owner, flow.source), resolve(declared.names, owner, flow.to)
            except NowhereError:
                continue  # told by another check
            ends = {(s, d) for s in sources for d in destinations if (s.owner, s.place) != (d.owner, d.place)}
            lacking = {
                (end.owner, end.place)
                for pair in ends
                for end in pair
                if end.place in {"dc1", "dc2"} and end.place not in _attachments(declared, end.owner)
            }
            for name, place in sorted(lacking):
                why = f"it passes the cloud of {name} in {place}, which is joined to nothing there"
                remedy = f"Give {name} an attachment in {place}, or take the flow out."
                yield declared.problem(file, ("flows", n), "flow without a way", why, remedy)


def _attachments(declared: Declaration, name: str) -> dict[str, IPv4Network]:
    owner = declared.hospitals.get(name) or declared.services.get(name)
    return {} if owner is None else {str(place): prefix for place, prefix in owner.attachments.items()}


def servers_have_what_they_are_made_of(declared: Declaration) -> Iterator[Problem]:
    """Flavours and images that groups name are declared."""
    flavours = [flavour.id for flavour in declared.file.cloud.flavours]
    images = [image.id for image in declared.file.cloud.images]
    for owner, hosts in declared.hosts.items():
        for n, group in enumerate(hosts.groups):
            for key, name, known in (("flavour", group.flavour, flavours), ("image", group.image, images)):
                if name not in known and any(host.place != "campus" for host in group.hosts):
                    why = f"group {group.id}: there is no {key} `{name}`{did_you_mean(name, known)}"
                    path = ("groups", n, key) if key in group.model_fields_set else ("groups", n)
                    yield declared.problem(
                        f"hosts/{owner}.yaml", path, f"unknown {key}", why, f"Declare it under cloud.{key}s."
                    )


def bastions_are_whole(declared: Declaration) -> Iterator[Problem]:
    """People reach a bastion from inside the management prefix; one that is a server has a size and an image that exist."""
    file, here = declared.file, "federation.yaml"
    known = {"flavour": [f.id for f in file.cloud.flavours], "image": [i.id for i in file.cloud.images]}
    for n, bastion in enumerate(file.management.bastions):
        at: Path_ = ("management", "bastions", n)
        for i, prefix in enumerate(bastion.operators):
            if not prefix.subnet_of(file.management.prefix):
                why = f"{prefix} is not inside {file.management.prefix}, the management prefix"
                yield declared.problem(here, (*at, "operators", i), "operators from elsewhere", why, "Choose another prefix.")
        named = {key: name for key in known if (name := getattr(bastion, key)) is not None}
        if len(named) == 1:
            (key,) = named
            yield declared.problem(
                here, (*at, key), "bastion that is half a server", f"{bastion.id} has only its {key}", "Give both or neither."
            )
        for key, name in named.items():
            if name not in known[key]:
                why = f"{bastion.id}: there is no {key} `{name}`{did_you_mean(name, known[key])}"
                yield declared.problem(here, (*at, key), f"unknown {key}", why, f"Declare it under cloud.{key}s.")


def servers_fit_the_quota(declared: Declaration) -> Iterator[Problem]:
    """What an owner's servers need stays within what is declared for it: the cloud would refuse the rest, halfway."""
    sizes = {flavour.id: flavour for flavour in declared.file.cloud.flavours}
    for file, owner in _owners(declared):
        groups = [
            (group, sum(host.place != "campus" for host in group.hosts))
            for name, hosts in declared.hosts.items()
            for group in hosts.groups
            if (group.service or name) == owner.id and group.flavour in sizes
        ]
        needed = {
            "cores": sum(count * sizes[group.flavour].cores for group, count in groups),
            "ram_gib": sum(count * sizes[group.flavour].ram_gib for group, count in groups),
            "volumes_gib": sum(count * volume.gib for group, count in groups for volume in group.volumes),
        }
        for key, amount in needed.items():
            if amount > getattr(owner.quota, key):
                why = f"the servers of {owner.id} need {amount}, {getattr(owner.quota, key)} are granted"
                yield declared.problem(
                    file, ("quota", key), "servers beyond the quota", why, "Raise the quota, or declare less."
                )
