"""What can be out, by name, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

from luxops.domains.network.paths.nouns import Element, ElementKind
from luxops.errors import UsageError, did_you_mean
from luxops.federation import Federation
from luxops.federation.checks.paths import Point


def all_elements(federation: Federation) -> Iterator[Element]:
    """Everything that one accident can take, in declared order, kind by kind."""
    links = federation.links
    risks = dict.fromkeys(risk for link in links for risk in link.shared_risks)
    carriers = dict.fromkeys(link.carrier for link in links if link.carrier)
    attachments = [f"{peer.peer}@{router.id}" for router in federation.routers.values() for peer in router.peers]
    datacentres = [datacentre.id for datacentre in federation.file.datacentres]
    kinds: tuple[tuple[ElementKind, Iterable[str]], ...] = (
        ("link", (link.id for link in links)), ("shared risk", risks), ("router", federation.routers),
        ("datacentre", datacentres), ("attachment", attachments), ("carrier", carriers),
    )  # fmt: skip
    for kind, names in kinds:
        for name in names:
            yield Element(kind=kind, id=name)


def parts(federation: Federation, element: Element) -> frozenset[Point]:
    """The routers, links, attachments and datacentres that are out with it."""
    if element.kind == "datacentre":
        cores = {("router", router.id) for router in federation.routers.values() if router.datacentre == element.id}
        return frozenset({("datacentre", element.id), *cores})
    if element.kind == "shared risk":
        return frozenset(("link", link.id) for link in federation.links if element.id in link.shared_risks)
    if element.kind == "carrier":
        return frozenset(("link", link.id) for link in federation.links if element.id == link.carrier)
    return frozenset({(element.kind, element.id)})


def element_named(federation: Federation, text: str) -> Element:
    """What a user calls `NAME` or `KIND:NAME`. Raises UsageError where nothing, or more than one thing, has the name."""
    known = list(all_elements(federation))
    before, colon, after = text.partition(":")
    kinds = [kind for kind in get_args(ElementKind) if kind.replace(" ", "-") == before]
    if colon and not kinds:
        words = ", ".join(kind.replace(" ", "-") for kind in get_args(ElementKind))
        raise UsageError(f"`{before}` is no kind of element", why=f"known: {words}")
    name = after if colon else text
    found = [element for element in known if element.id == name and (not kinds or element.kind in kinds)]
    if not found:
        near = did_you_mean(name, [element.id for element in known if not kinds or element.kind in kinds])
        remedy = "Name a link, shared risk, router, datacentre, carrier or PEER@ROUTER: `luxops inventory show kind:link`."
        raise UsageError(f"Nothing in the fibre network is called `{name}`{near}", remedy=remedy)
    if len(found) > 1:
        forms = ", ".join(f"{element.kind.replace(' ', '-')}:{name}" for element in found)
        raise UsageError(f"`{name}` is the name of several things", remedy=f"Say which: {forms}.")
    return found[0]
