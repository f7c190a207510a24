"""Ids and numbers that nothing else may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from luxops.federation.declaration import Declaration
from luxops.federation.documents import Path_
from luxops.federation.problems import Problem

Named = tuple[str, str, str, Path_]
"""An id, what it is the id of, file, and path in it."""


def ids_are_unique(declared: Declaration) -> Iterator[Problem]:
    """Owners, flows' ends and targets share one space: whichever name a user types means one thing."""
    everything: list[Named] = [
        ("consumers", "a word of flows", "", ()),
        (declared.file.id, "the federation", "federation.yaml", ("id",)),
        *((peer.id, "a peer", "federation.yaml", ("peers", n, "id")) for n, peer in enumerate(declared.file.peers)),
        *((name, "a hospital", f"hospitals/{name}.yaml", ("id",)) for name in declared.hospitals),
        *((name, "a service", f"services/{name}.yaml", ("id",)) for name in declared.services),
        *((router.id, "a router", "routers.yaml", (n, "id")) for n, router in enumerate(declared.routers)),
    ]
    for owner, file in declared.hosts.items():
        for g, group in enumerate(file.groups):
            for h, host in enumerate(group.hosts):
                everything.append((host.id, "a host", f"hosts/{owner}.yaml", ("groups", g, "hosts", h, "id")))
    yield from _twice(declared, everything)


def inner_ids_are_unique(declared: Declaration) -> Iterator[Problem]:
    """Names that matter only among their like."""
    file, here = declared.file, "federation.yaml"
    yield from _twice(
        declared, ((dc.id, "a datacentre", here, ("datacentres", n, "id")) for n, dc in enumerate(file.datacentres))
    )
    bastions = enumerate(file.management.bastions)
    yield from _twice(declared, ((b.id, "a bastion", here, ("management", "bastions", n, "id")) for n, b in bastions))
    windows = enumerate(file.change_windows)
    yield from _twice(declared, ((w.id, "a change window", here, ("change_windows", n, "id")) for n, w in windows))
    yield from _twice(declared, ((p.id, "a person", here, ("people", n, "id")) for n, p in enumerate(file.people)))
    yield from _twice(declared, ((link.id, "a link", "links.yaml", (n, "id")) for n, link in enumerate(declared.links)))
    sites = ((s.id, h, n) for h, hospital in declared.hospitals.items() for n, s in enumerate(hospital.sites))
    yield from _twice(declared, ((site, "a site", f"hospitals/{h}.yaml", ("sites", n, "id")) for site, h, n in sites))
    for owner, hosts in declared.hosts.items():
        groups = enumerate(hosts.groups)
        yield from _twice(declared, ((g.id, "a group", f"hosts/{owner}.yaml", ("groups", n, "id")) for n, g in groups))


def as_numbers_are_unique(declared: Declaration) -> Iterator[Problem]:
    """BGP tells the parties apart by them."""
    numbers: list[Named] = [
        (str(declared.file.as_number), "the AS number of the cores", "federation.yaml", ("as_number",)),
        *(
            (str(peer.as_number), f"the AS number of {peer.id}", "federation.yaml", ("peers", n, "as_number"))
            for n, peer in enumerate(declared.file.peers)
        ),
        *(
            (str(hospital.as_number), f"the AS number of {name}", f"hospitals/{name}.yaml", ("as_number",))
            for name, hospital in declared.hospitals.items()
        ),
    ]
    yield from _twice(declared, numbers, what="AS number")


def keys_are_one_persons(declared: Declaration) -> Iterator[Problem]:
    """A signature says who approved only where its key is one person's."""
    yield from _twice(
        declared,
        (
            (" ".join(key.split(" ")[:2]), f"the key of {person.id}", "federation.yaml", ("people", n, "ssh_keys", k))
            for n, person in enumerate(declared.file.people)
            for k, key in enumerate(person.ssh_keys)
        ),
        what="SSH key",
    )


def _twice(declared: Declaration, named: Iterable[Named], *, what: str = "id") -> Iterator[Problem]:
    first: dict[str, Named] = {}
    for name, kind, file, path in named:
        if (before := first.setdefault(name, (name, kind, file, path)))[1:] == (kind, file, path):
            continue
        where = f" ({declared.where(before[2], before[3])})" if before[2] else ""
        yield declared.problem(
            file, path, f"{what} given twice", f"`{name}` is already {before[1]}{where}", f"Give one of the two another {what}."
        )
