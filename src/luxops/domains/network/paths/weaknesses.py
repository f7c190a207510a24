"""Declared redundancy that is not real, told so that somebody can mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import networkx as nx

from luxops.domains.network.paths.elements import parts
from luxops.domains.network.paths.network import Network
from luxops.domains.network.paths.nouns import Cut, Element, FlowPaths, Leg, Outage, Weakness
from luxops.domains.network.paths.tracing import gateways_of
from luxops.federation import Federation
from luxops.federation.schema import LinkDeclaration
from luxops.model import Severity

Places = tuple[str, str]

ANOTHER = "Declare and build another way that shares none of it."
TAKE = (
    "Fibres are left that routing does not take. Let every core router learn every route: sessions among all of them, or "
    "each a route reflector to its neighbours with `next-hop-self force` and `maximum-paths ibgp 1`. Answers must come in "
    "by the edge router that the session left by."
)
PREFER = "Prefer another path, or declare and build one that shares none of it."
SHOWN = 3
"""Pairs of places that a sentence names."""


def weaknesses(
    network: Network, flows: Sequence[FlowPaths], found: Sequence[Outage], everything: Sequence[FlowPaths]
) -> tuple[Weakness, ...]:
    """What makes redundancy less than it seems, worst first, each with its severity and what to do.

    `found` is of `flows`; `everything` is all flows that there are: it decides whether a campus is cut off.
    """
    single = list(_single_points(network, everything, found))
    told = {taken for outage in found for taken in _taken(_real(outage))}
    all_of_them = [*_no_path(flows), *single, *_no_spare(flows, told), *_parallel(network.federation)]
    return tuple(sorted(all_of_them, key=lambda weakness: weakness.severity.rank))


def _no_path(flows: Sequence[FlowPaths]) -> Iterator[Weakness]:
    """Flows that cannot work even with everything up."""
    for (places, why), members in _by_places(flows, lambda leg: leg.broken if leg.broken and not leg.unknown else None).items():
        yield Weakness(
            kind="no-path",
            severity=Severity.CRITICAL,
            title=f"Nothing leads from {places[0]} to {places[1]}",
            why=why,
            remedy="Declare a link or an attachment that leads there, or take the flow out.",
            flows=tuple(flow.flow for flow in members),
            hospitals=_hospitals(members),
        )


def _no_spare(flows: Sequence[FlowPaths], told: set[tuple[str, str, str]]) -> Iterator[Weakness]:
    """No single element cuts it off, and yet nothing is disjoint from the path in use."""
    lacking = _by_places(flows, lambda leg: str(leg.paths[0]) if leg.paths and leg.spare is None else None)
    for (places, path), members in lacking.items():
        left = [flow for flow in members if (flow.flow, *places) not in told]
        if left:
            yield Weakness(
                kind="no-spare",
                severity=Severity.LOW,
                title=f"Nothing is disjoint from the path in use: {_counted([places])}",
                why=f"in use is {path}; no single element cuts it off, and routing goes on over a path that shares some of it",
                remedy=PREFER,
                flows=tuple(flow.flow for flow in left),
                hospitals=_hospitals(left),
            )


def _single_points(network: Network, everything: Sequence[FlowPaths], found: Sequence[Outage]) -> Iterator[Weakness]:
    alone = {element: _real(outage) for outage in found for element in outage.elements}
    for outage in found:
        real = _real(outage)
        elements = [element for element in outage.elements if real and not _by_its_parts(network, element, real, alone)]
        if not elements:
            continue
        pairs = tuple(dict.fromkeys((loss.source, loss.destination) for loss in real))
        left = [places for places in pairs if _joined(network.without(elements[0]), places)]
        cut = _cut_off(everything, real)
        severity = Severity.CRITICAL if cut else Severity.HIGH
        if all(element.kind == "carrier" for element in elements):
            severity = Severity.HIGH if cut else Severity.MEDIUM
        yield Weakness(
            kind="unused-spare" if len(left) == len(pairs) else "single-point",
            severity=severity,
            title=f"{_listed(map(str, elements))} out: {_counted(pairs)}",
            why=_why(real, cut, left, pairs),
            remedy=TAKE if left else ANOTHER,
            elements=tuple(elements),
            flows=tuple(dict.fromkeys(flow for loss in real for flow in loss.flows)),
            hospitals=tuple(dict.fromkeys(name for loss in real for name in loss.hospitals)),
        )


def _real(outage: Outage) -> tuple[Cut, ...]:
    """What a path could have kept."""
    return tuple(cut for cut in outage.lost if not cut.unknown and not cut.end_out)


def _taken(lost: Iterable[Cut]) -> set[tuple[str, str, str]]:
    """Flow, source and destination of everything in it."""
    return {(flow, cut.source, cut.destination) for cut in lost for flow in cut.flows}


def _by_its_parts(network: Network, element: Element, lost: Sequence[Cut], alone: Mapping[Element, Sequence[Cut]]) -> bool:
    """Whether one or another of the element's parts alone takes as much: then that is what to tell."""
    within = [part for part in alone if part != element and (part.kind, part.id) in parts(network.federation, element)]
    taken = {one for part in within for one in _taken(alone[part])}
    several = element.kind in {"shared risk", "carrier", "datacentre"}
    return several and len(within) > 1 and _taken(lost) <= taken


def _cut_off(flows: Sequence[FlowPaths], lost: Sequence[Cut]) -> list[str]:
    """Campuses that are left with nothing."""
    gone = _taken(lost)
    kept: dict[str, bool] = {}
    for flow in flows:
        for leg in flow.legs:
            for place in (leg.source, leg.destination):
                if place.endswith(" campus"):
                    stays = bool(leg.paths) and (flow.flow, leg.source, leg.destination) not in gone
                    kept[place] = kept.get(place, False) or stays
    touched = {place for loss in lost for place in (loss.source, loss.destination)}
    return [place for place, stays in kept.items() if not stays and place in touched]


def _why(real: Sequence[Cut], cut: Sequence[str], left: Sequence[Places], pairs: Sequence[Places]) -> str:
    flows = len({flow for loss in real for flow in loss.flows})
    said = [f"{flows} flows have no path" + (f"; {_listed(cut)} left with none at all" if cut else "")]
    said.append("; ".join(list(dict.fromkeys(loss.reason for loss in real))[:SHOWN]))
    if left and len(left) < len(pairs):
        said.append(f"fibres still join {_counted(left)}")
    elif left:
        said.append("fibres still join them")
    return "; ".join(said)


def _joined(network: Network, places: Places) -> bool:
    """Whether what is left of fibres and attachments joins the two, whatever runs over them. Never through another hospital."""
    sources, destinations = (gateways_of(network, place) for place in places)
    cores = {router.id for router in network.federation.routers.values() if router.role == "core"}
    graph = network.fibres.subgraph(cores | sources | destinations)
    return any(a in graph and b in graph and nx.has_path(graph, a, b) for a in sources for b in destinations)


def _parallel(federation: Federation) -> Iterator[Weakness]:
    """Links between the same two routers that one accident takes together."""
    by_ends: dict[frozenset[str], list[LinkDeclaration]] = {}
    for link in federation.links:
        by_ends.setdefault(frozenset({link.a.router, link.b.router}), []).append(link)
    for ends, links in by_ends.items():
        for one, other in combinations(links, 2):
            shared = sorted(set(one.shared_risks) & set(other.shared_risks))
            if shared:
                owners = {federation.routers[name].hospital for name in ends} - {None}
                yield Weakness(
                    kind="shared-risk",
                    severity=Severity.MEDIUM,
                    title=f"Links {one.id} and {other.id} share {_listed(shared)}",
                    why=f"both join {' and '.join(sorted(ends))}: one accident takes them together",
                    remedy="Lead one of them another way, or count them as one.",
                    elements=tuple(Element(kind="shared risk", id=risk) for risk in shared),
                    hospitals=tuple(sorted(f"{owner}" for owner in owners)),
                )


def _by_places(flows: Iterable[FlowPaths], text: Callable[[Leg], str | None]) -> dict[tuple[Places, str], list[FlowPaths]]:
    found: dict[tuple[Places, str], list[FlowPaths]] = {}
    for flow in flows:
        for leg in flow.legs:
            if (word := text(leg)) is not None:
                members = found.setdefault(((leg.source, leg.destination), word), [])
                members += [flow] if flow not in members[-1:] else []
    return found


def _hospitals(flows: Iterable[FlowPaths]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for flow in flows for name in flow.hospitals))


def _counted(pairs: Sequence[Places]) -> str:
    """Each two places once, whichever opens the session."""
    return _listed(
        dict.fromkeys(" ↔ ".join(sorted(pair, key=lambda place: (not place.endswith(" campus"), place))) for pair in pairs)
    )


def _listed(words: Iterable[str]) -> str:
    known = list(words)
    more = len(known) - SHOWN
    return ", ".join(known[:SHOWN]) + (f" and {more} more" if more > 0 else "")
