"""The fibre network as a graph of BGP sessions, with some of it out: which routes follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

import networkx as nx

from luxops.domains.network.config import RouterConfig
from luxops.domains.network.paths.decision import Allowed, Session, Settled, settle
from luxops.domains.network.paths.elements import parts
from luxops.domains.network.paths.nouns import Element, Path
from luxops.domains.network.paths.speakers import Speaker, configured_speaker, declared_speaker, judged, outside_speaker
from luxops.federation import Federation
from luxops.federation.checks.paths import Point

Signature = tuple[object, ...]
Traced = tuple[tuple[Path, ...], str]
"""Paths of one direction, or why there is none."""


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What follows from speakers and sessions alone, found out once for a network and all that is less than it."""

    classes: dict[Signature, int] = field(default_factory=dict)
    by_prefix: dict[IPv4Network, int] = field(default_factory=dict)
    members: list[tuple[Sequence[str], Mapping[str, Sequence[Allowed]]]] = field(default_factory=list)
    settled: dict[tuple[int, frozenset[Point]], Settled] = field(default_factory=dict)
    traced: dict[tuple[object, ...], Traced] = field(default_factory=dict)
    """One direction by routes, gateways that are up and destination."""
    paths: dict[tuple[object, ...], Path] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Network:
    """Made by `declared` or `configured`. Never changes; `without` gives another one."""

    federation: Federation
    speakers: Mapping[str, Speaker]
    """Routers and external peers by id."""
    sessions: tuple[Session, ...]
    out: frozenset[Point] = frozenset()
    """Routers, links, attachments and datacentres that are out."""
    unsure: Mapping[Point, str] = field(default_factory=dict)
    """What cannot be told to be as it stands here, and why: whatever may pass it is UNKNOWN."""
    known: Knowledge = field(default_factory=Knowledge)

    @classmethod
    def declared(cls, federation: Federation) -> Network:
        """As the design of the declaration makes it."""
        return cls._of(federation, {router.id: declared_speaker(federation, router) for router in federation.routers.values()})

    @classmethod
    def configured(cls, federation: Federation, configs: Mapping[str, RouterConfig]) -> Network:
        """As these configurations make it, read from routers or planned. A router without one is taken as declared."""
        return cls._of(
            federation,
            {
                router.id: configured_speaker(router.id, configs[router.id])
                if router.id in configs
                else declared_speaker(federation, router)
                for router in federation.routers.values()
            },
        )

    @classmethod
    def _of(cls, federation: Federation, routers: Mapping[str, Speaker]) -> Network:
        speakers = {**routers, **{peer.id: outside_speaker(federation, peer) for peer in federation.file.peers}}
        unsure = {
            ("router", speaker.name): f"{speaker.name}: {speaker.doubts[0]}" for speaker in routers.values() if speaker.doubts
        }
        return cls(federation, speakers, tuple(_sessions(federation, speakers)), unsure=unsure)

    def without(self, *elements: Element) -> Network:
        """The same with these out as well."""
        return self.lacking(point for element in elements for point in parts(self.federation, element))

    def lacking(self, points: Iterable[Point]) -> Network:
        """The same with these points out as well."""
        return replace(self, out=self.out | frozenset(points))

    def class_of(self, prefix: IPv4Network) -> int:
        """Prefixes of one class are announced by the same routers and treated alike in every session."""
        known = self.known
        if prefix not in known.by_prefix:
            origins = [name for name, speaker in self.speakers.items() if prefix in speaker.originates]
            allowed = list(self._allowed(prefix))
            signature = (tuple(origins), tuple((id(a.session), a.exported, a.accepted) for a in allowed))
            if signature not in known.classes:
                known.classes[signature] = len(known.members)
                by_sender: dict[str, list[Allowed]] = {}
                for allow in allowed:
                    by_sender.setdefault(allow.session.sender, []).append(allow)
                known.members.append((origins, by_sender))
            known.by_prefix[prefix] = known.classes[signature]
        return known.by_prefix[prefix]

    def _allowed(self, prefix: IPv4Network) -> Iterator[Allowed]:
        for session in self.sessions:
            if (exported := judged(session.export, prefix)) is not None and (
                accepted := judged(session.accept, prefix)
            ) is not None:
                yield Allowed(session, exported, accepted)

    def routes(self, klass: int) -> Settled:
        """Who knows which way to the prefixes of a class. Raises UnsettledError."""
        whole = self._settled(klass, frozenset())
        relevant = self.out & whole.uses
        # What nobody used may go without anybody noticing; together with what somebody used, it may be missed.
        return self._settled(klass, self._sessions_out) if relevant else whole

    @cached_property
    def _sessions_out(self) -> frozenset[Point]:
        return frozenset(point for point in self.out if point[0] in {"router", "link", "attachment"})

    def _settled(self, klass: int, out: frozenset[Point]) -> Settled:
        known = self.known.settled
        if (klass, out) not in known:
            origins, allowed = self.known.members[klass]
            known[klass, out] = settle(self.speakers, origins, allowed, out)
        return known[klass, out]

    @cached_property
    def peers(self) -> frozenset[str]:
        """Ids of the external peers."""
        return frozenset(peer.id for peer in self.federation.file.peers)

    @cached_property
    def risks(self) -> Mapping[str, tuple[str, ...]]:
        """Link → its shared-risk groups."""
        return {link.id: link.shared_risks for link in self.federation.links}

    @cached_property
    def fibres(self) -> nx.MultiGraph[str]:
        """What is left of routers and links, whatever runs over them."""
        graph: nx.MultiGraph[str] = nx.MultiGraph()
        graph.add_nodes_from(name for name in self.federation.routers if ("router", name) not in self.out)
        graph.add_edges_from(
            (link.a.router, link.b.router, link.id)
            for link in self.federation.links
            if ("link", link.id) not in self.out and link.a.router in graph and link.b.router in graph
        )
        return graph


def _sessions(federation: Federation, speakers: Mapping[str, Speaker]) -> Iterator[Session]:
    """Both directions of every session whose two ends agree."""
    for link in federation.links:
        ends = (link.a.router, link.prefix[0]), (link.b.router, link.prefix[1])
        yield from _between(speakers, ("link", link.id), *ends)
    for router in federation.routers.values():
        for attachment in router.peers:
            point = ("attachment", f"{attachment.peer}@{router.id}")
            here, there = (router.id, attachment.address.ip), (attachment.peer, attachment.neighbor)
            yield from _between(speakers, point, here, there)


def _between(
    speakers: Mapping[str, Speaker], over: Point, a: tuple[str, IPv4Address], b: tuple[str, IPv4Address]
) -> Iterator[Session]:
    (one, its), (other, others) = (speakers[a[0]], a[1]), (speakers[b[0]], b[1])
    here, there = one.sessions.get(others), other.sessions.get(its)
    if here is None or there is None or its not in one.addresses or others not in other.addresses:
        return
    if (here.remote_as, there.remote_as) != (other.as_number, one.as_number):
        return
    inside = one.as_number == other.as_number
    yield Session(one.name, other.name, over, inside, here.export, there.accept, int(its), here.client, there.client)
    yield Session(other.name, one.name, over, inside, there.export, here.accept, int(others), there.client, here.client)
