"""Two ways from each hospital to each datacentre that nothing can cut at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

from luxops.federation.declaration import Declaration
from luxops.federation.problems import Problem
from luxops.federation.schema import LinkDeclaration, RouterDeclaration

Point = tuple[str, str]
"""Something that can fail: ("router", id), ("link", id) or ("shared risk", id)."""


class Way(NamedTuple):
    """One path from an edge router into a datacentre, and all that it hangs on."""

    routers: tuple[str, ...]
    hangs_on: frozenset[Point]


def two_disjoint_paths(declared: Declaration) -> Iterator[Problem]:
    """From each hospital to each datacentre there are two paths with no router, link or shared risk in common.

    A path ends at the first core router of the datacentre; where a datacentre has one core only, that one may be shared: it
    *is* the datacentre. No path leads through another hospital.
    """
    if {"routers.yaml", "links.yaml"} & declared.broken:
        return
    for name in declared.hospitals:
        for datacentre in declared.file.datacentres:
            ways = ways_into(declared.routers, declared.links, name, datacentre.id)
            if any(not a.hangs_on & b.hangs_on for a, b in combinations(ways, 2)):
                continue
            file = f"hospitals/{name}.yaml"
            what = f"no two disjoint paths to {datacentre.id}" if ways else f"no path to {datacentre.id}"
            remedy = f"Declare another link in {declared.folder}/links.yaml that shares none of it."
            yield declared.problem(file, ("sites",), what, f"hospital {name}: {_why(ways)}", remedy, key=True)


def _why(ways: list[Way]) -> str:
    if not ways:
        return "none of its edge routers has a link that leads there"
    if len(ways) == 1:
        return f"the only path is {' → '.join(ways[0].routers)}"
    everywhere = frozenset.intersection(*(way.hangs_on for way in ways))
    if everywhere:
        return f"every path hangs on {_listed(everywhere)}"
    a, b = min(combinations(ways, 2), key=_how_bad)
    return (
        f"no single point cuts it off, yet any two paths share one; the best two, {' → '.join(a.routers)} and "
        f"{' → '.join(b.routers)}, both hang on {_listed(a.hangs_on & b.hangs_on)}"
    )


def _how_bad(pair: tuple[Way, Way]) -> tuple[int, int, tuple[str, ...], tuple[str, ...]]:
    a, b = pair
    return len(a.hangs_on & b.hangs_on), len(a.routers) + len(b.routers), a.routers, b.routers


def _listed(points: frozenset[Point]) -> str:
    return ", ".join(f"{kind} {name}" for kind, name in sorted(points))


def ways_into(
    routers: tuple[RouterDeclaration, ...], links: tuple[LinkDeclaration, ...], hospital: str, datacentre: str
) -> list[Way]:
    """All simple paths over the hospital's own edges and the cores, shortest first."""
    usable = {r.id: r for r in routers if r.role == "core" or r.hospital == hospital}
    ends = {r.id for r in routers if r.role == "core" and r.datacentre == datacentre}
    shared_end = ends if len(ends) == 1 else frozenset[str]()
    around: Mapping[str, list[tuple[str, LinkDeclaration]]] = {name: [] for name in usable}
    for link in links:
        if link.a.router in usable and link.b.router in usable:
            around[link.a.router].append((link.b.router, link))
            around[link.b.router].append((link.a.router, link))
    ways: list[Way] = []

    def go(here: str, routers_: tuple[str, ...], hangs_on: frozenset[Point]) -> None:
        if here in ends:
            ways.append(Way(routers_, hangs_on))
            return
        for there, link in around[here]:
            if there not in routers_:
                risks = {("link", link.id), *(("shared risk", risk) for risk in link.shared_risks)}
                own = set() if there in shared_end else {("router", there)}
                go(there, (*routers_, there), hangs_on | risks | own)

    for edge in sorted(name for name, router in usable.items() if router.role == "edge"):
        go(edge, (edge,), frozenset({("router", edge)}))
    return sorted(ways, key=lambda way: (len(way.routers), way.routers))
