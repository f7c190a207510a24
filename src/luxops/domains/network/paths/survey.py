"""All declared flows over one network: what they use, what stands by, and what another network would take from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

from luxops.domains.network.paths.decision import UnsettledError
from luxops.domains.network.paths.elements import all_elements, parts
from luxops.domains.network.paths.network import Network
from luxops.domains.network.paths.nouns import Element, FlowPaths, Leg, Now, Path
from luxops.domains.network.paths.tracing import End, Ways, end_of, place_of, unavoidable, ways
from luxops.federation import Federation, Flow, FlowEnd
from luxops.federation.checks.paths import Point


class Pair(NamedTuple):
    """One flow between two subnets."""

    flow: Flow
    source: FlowEnd
    destination: FlowEnd


def crossing(federation: Federation) -> tuple[Pair, ...]:
    """Every declared flow between subnets of different places, in declared order. What stays in one place meets no fibre."""
    return tuple(
        Pair(flow, source, destination)
        for flow in federation.flows
        for source in flow.sources
        for destination in flow.destinations
        if place_of(source) != place_of(destination)
    )


class Spare(NamedTuple):
    path: Path | None
    shares: tuple[Element, ...] = ()


class Survey:
    """Answers about one network, each found out once. Pure: it asks no router."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._ends: dict[int, tuple[FlowEnd, End]] = {}
        self._ways: dict[tuple[End, End], Ways] = {}
        self._spares: dict[tuple[End, End], Spare] = {}

    def end(self, end: FlowEnd) -> End:
        """The end as the network sees it."""
        # By identity: a frozen model is hashed anew each time. The end is kept, so that its number stays its own.
        if id(end) not in self._ends:
            self._ends[id(end)] = end, end_of(self.network, end)
        return self._ends[id(end)][1]

    def ways(self, source: End, destination: End) -> Ways:
        """What a session between the two uses; UNKNOWN where a router on the way is configured beyond what the model says."""
        key = source, destination
        if key not in self._ways:
            self._ways[key] = self._certain(ways(self.network, source, destination), source, destination)
        return self._ways[key]

    def _certain(self, found: Ways, source: End, destination: End) -> Ways:
        unsure = self.network.unsure
        if not unsure or not found.known:
            return found
        passed = {(e.kind, e.id) for path in (*found.paths, *found.back) for e in path.elements}
        passed |= {("router", name) for end in (source, destination) for name in end.gateways}
        # Where no path works, anything that is unsure might carry one.
        why = next((reason for point, reason in unsure.items() if not found.paths or point in passed), "")
        return Ways(broken=why, known=False) if why else found

    def spare(self, source: End, destination: End) -> Spare:
        """What would carry it with everything out that its first path and its answers' hang on."""
        key = source, destination
        if key not in self._spares:
            self._spares[key] = self._spare(source, destination)
        return self._spares[key]

    def _spare(self, source: End, destination: End) -> Spare:
        found = self.ways(source, destination)
        if not found.paths:
            return Spare(None)
        used = found.paths[0].elements | found.back[0].elements
        shared = unavoidable(source, destination) & used
        rest = ways(self.network.without(*(used - shared)), source, destination)
        if not rest.paths:
            return Spare(None)
        return Spare(rest.paths[0], tuple(sorted(shared & rest.paths[0].elements, key=str)))

    def relevant(self, source: End, destination: End) -> frozenset[Point]:
        """Nothing else changes what the two use when it goes."""
        places = frozenset(("datacentre", end.place) for end in (source, destination))
        routers = frozenset(("router", name) for end in (source, destination) for name in end.gateways)
        return places | routers | self._uses(source) | self._uses(destination)

    def _uses(self, end: End) -> frozenset[Point]:
        try:
            return self.network.routes(end.klass).uses
        except UnsettledError:
            return self._everything

    @cached_property
    def _everything(self) -> frozenset[Point]:
        federation = self.network.federation
        return frozenset(point for element in all_elements(federation) for point in parts(federation, element))


class Watch(Protocol):
    """Whoever knows how things stand at the moment: `observed.Look`."""

    def now(self, pair: Pair) -> Now: ...
    def spare_now(self, path: Path) -> Now: ...


def flow_paths(survey: Survey, pairs: Iterable[Pair], watch: Watch | None = None) -> tuple[FlowPaths, ...]:
    """What each flow uses, and with `watch` what it does now. Every flow once, in declared order; legs alike in all are one."""
    by_flow: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_flow.setdefault(pair.flow.id, []).append(pair)
    hospitals = survey.network.federation.hospitals
    return tuple(
        FlowPaths(flow=flow, hospitals=owners(hospitals, found), legs=tuple(_legs(survey, found, watch)))
        for flow, found in by_flow.items()
    )


def owners(hospitals: Mapping[str, object], pairs: Iterable[Pair]) -> tuple[str, ...]:
    """The hospitals at an end of any of them, in declared order."""
    found = {end.owner for pair in pairs for end in (pair.source, pair.destination)}
    return tuple(name for name in hospitals if name in found)


def _legs(survey: Survey, pairs: Sequence[Pair], watch: Watch | None) -> Iterator[Leg]:
    counts: dict[tuple[str, str, Ways, Spare, Now | None], int] = defaultdict(int)
    for pair in pairs:
        source, destination = survey.end(pair.source), survey.end(pair.destination)
        now = None if watch is None else watch.now(pair)
        found, spare = survey.ways(source, destination), survey.spare(source, destination)
        counts[source.place, destination.place, found, spare, now] += 1
    for (source_place, destination_place, found, spare, now), subnets in counts.items():
        yield Leg(
            source=source_place,
            destination=destination_place,
            subnets=subnets,
            paths=found.paths,
            back=found.back,
            spare=spare.path,
            spare_shares=spare.shares,
            broken=found.broken,
            unknown=not found.known,
            now=now,
            spare_now=None if watch is None or spare.path is None else watch.spare_now(spare.path),
        )
