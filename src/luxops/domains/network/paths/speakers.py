"""One router as BGP sees it, from a declaration or from a configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple, Protocol

from luxops.domains.network.config import BgpConfig, NeighbourConfig, RouteMapRule, RouterConfig
from luxops.domains.network.nouns import RouteMapEntry
from luxops.domains.network.routing import design_routing
from luxops.domains.network.topology import Topology
from luxops.federation import Federation
from luxops.federation.schema import Peer, Platform, RouterDeclaration

_UNDERSTOOD = re.compile(
    r"bgp (router-id|log-neighbor-changes|bestpath compare-routerid)( .*)?|no bgp default ipv4-unicast"
    r"|(no )?bgp ebgp-requires-policy|network \S+( mask \S+)?|redistribute .*|address-family ipv4( unicast)?"
    r"|exit-address-family|maximum-paths (ibgp )?\d+"
    r"|neighbor \S+ (remote-as \d+|description .*|password .*|bfd.*|fall-over bfd.*|timers .*|ttl-security .*|activate"
    r"|shutdown.*|next-hop-self( force| all)?|route-reflector-client|maximum-prefix .*|(route-map|prefix-list) \S+ (in|out))"
)
"""Lines of a BGP block that the model takes into account, or that decide about no route."""
_MATCH_WORDS = len(["ip", "address", "prefix-list", "NAME"])


class Rule(Protocol):
    """A prefix list's rule, designed or read."""

    @property
    def action(self) -> str: ...
    @property
    def prefix(self) -> IPv4Network: ...
    @property
    def ge(self) -> int | None: ...
    @property
    def le(self) -> int | None: ...


@dataclass(frozen=True, eq=False)
class PrefixFilter:
    """A prefix list: the first rule that matches decides, and none means no."""

    rules: Sequence[Rule]

    @cached_property
    def _exact(self) -> Mapping[IPv4Network, tuple[int, bool]]:
        found: dict[IPv4Network, tuple[int, bool]] = {}
        for place, rule in enumerate(self.rules):
            if rule.ge is None and rule.le is None:
                found.setdefault(rule.prefix, (place, rule.action == "permit"))
        return found

    @cached_property
    def _ranges(self) -> Sequence[tuple[int, bool, IPv4Network, int, int]]:
        longest = IPv4Network("0.0.0.0/0").max_prefixlen
        return [
            (place, rule.action == "permit", rule.prefix, rule.ge or rule.prefix.prefixlen, rule.le or longest)
            for place, rule in enumerate(self.rules)
            if rule.ge is not None or rule.le is not None
        ]

    def permits(self, prefix: IPv4Network) -> bool:
        found = self._exact.get(prefix)
        for place, permit, within, shortest, longest in self._ranges:
            if found is not None and found[0] < place:
                break
            if shortest <= prefix.prefixlen <= longest and prefix.subnet_of(within):
                return permit
        return found is not None and found[1]


class Verdict(NamedTuple):
    """What a policy lets through, and what it sets."""

    med: int | None = None
    preference: int | None = None


NOTHING = Verdict()


@dataclass(frozen=True)
class Clause:
    permit: bool
    filters: tuple[PrefixFilter, ...]
    """Any of them must permit the prefix; none at all: every prefix matches."""
    verdict: Verdict = NOTHING


Policy = tuple[Clause, ...]
"""The first clause that matches decides; none means no."""
EVERYTHING: Policy = (Clause(permit=True, filters=()),)


def judged(policy: Policy, prefix: IPv4Network) -> Verdict | None:
    """None: refused."""
    for clause in policy:
        if not clause.filters or any(one.permits(prefix) for one in clause.filters):
            return clause.verdict if clause.permit else None
    return None


@dataclass(frozen=True)
class Terms:
    """One end of a session."""

    remote_as: int
    accept: Policy
    export: Policy
    client: bool = False
    """Whether routes learned inside the AS are passed on to it, and its own to others (RFC 4456)."""


@dataclass(frozen=True, eq=False)
class Speaker:
    """Everything that decides what a router learns, prefers and tells."""

    name: str
    as_number: int
    router_id: int
    multipath: bool
    """Whether packets are spread over equal routes of another AS."""
    addresses: frozenset[IPv4Address]
    originates: frozenset[IPv4Network]
    sessions: Mapping[IPv4Address, Terms]
    """Neighbour's address → terms."""
    doubts: tuple[str, ...] = ()
    """What in its configuration the model does not understand: nothing about it is certain then."""
    multipath_inside: bool = False
    """Whether packets are spread over equal routes of its own AS."""


def declared_speaker(federation: Federation, router: RouterDeclaration) -> Speaker:
    """As the design of the declaration configures it."""
    topology = Topology(federation, router)
    routing = design_routing(topology)
    lists = {entry.name: PrefixFilter(entry.rules) for entry in routing.prefix_lists}
    maps = {entry.name: tuple(_declared_clause(rule, lists) for rule in entry.entries) for entry in routing.route_maps}
    attached = {address.network for address in router.lan.values()}
    if router.transit:
        attached.update(topology.datacentre_prefixes)
    return Speaker(
        name=router.id,
        as_number=routing.bgp.as_number,
        router_id=int(routing.bgp.router_id),
        multipath=_spreads(router.platform),
        addresses=frozenset(neighbour.local for neighbour in routing.bgp.neighbours),
        originates=frozenset(routing.bgp.networks) & attached,
        sessions={
            n.address: Terms(n.remote_as, accept=maps[n.import_map], export=maps[n.export_map]) for n in routing.bgp.neighbours
        },
        multipath_inside=_spreads(router.platform),
    )


def _declared_clause(entry: RouteMapEntry, lists: Mapping[str, PrefixFilter]) -> Clause:
    return Clause(entry.action == "permit", (lists[entry.prefix_list],), Verdict(med=entry.metric))


def _spreads(platform: Platform) -> bool:
    """Untold, FRR takes as many equal routes as it was built for (`maxpaths_ebgp = multipath_num`), IOS-XE one."""
    return platform is Platform.FRR


def outside_speaker(federation: Federation, peer: Peer) -> Speaker:
    """An external network, taken to accept all it is told and to announce what it may. How it chooses is its own matter."""
    sessions = {
        attachment.address.ip: Terms(federation.file.as_number, accept=EVERYTHING, export=EVERYTHING)
        for router in federation.routers.values()
        for attachment in router.peers
        if attachment.peer == peer.id
    }
    addresses = frozenset(
        attachment.neighbor
        for router in federation.routers.values()
        for attachment in router.peers
        if attachment.peer == peer.id
    )
    return Speaker(
        name=peer.id,
        as_number=peer.as_number,
        router_id=0,
        multipath=False,
        addresses=addresses,
        originates=frozenset(peer.prefixes),
        sessions=sessions,
    )


def configured_speaker(name: str, config: RouterConfig) -> Speaker:
    """As a configuration, read or planned, makes it."""
    live = [interface for interface in config.interfaces.values() if not interface.shutdown]
    addresses = [address for interface in live for address in interface.addresses]
    reading = _Reading(config)
    bgp = config.bgp
    attached = {address.network for address in addresses} | {route.prefix for route in config.static_routes}
    sessions = {} if bgp is None else dict(reading.sessions(bgp))
    return Speaker(
        name=name,
        as_number=0 if bgp is None else bgp.as_number,
        router_id=0 if bgp is None or bgp.router_id is None else int(bgp.router_id),
        multipath=reading.spreads(""),
        multipath_inside=reading.spreads("ibgp "),
        addresses=frozenset(address.ip for address in addresses),
        originates=frozenset() if bgp is None else frozenset(bgp.networks) & attached,
        sessions=sessions,
        doubts=tuple(dict.fromkeys(reading.doubts)),
    )


def _bgp_lines(lines: Iterable[str]) -> Iterator[str]:
    """What stands below `router bgp`, without its indentation."""
    inside = False
    for line in lines:
        if not line.startswith(" "):
            inside = line.startswith("router bgp ")
        elif inside:
            yield line.strip()


class _Reading:
    """From names in a configuration to policies, with everything noted that the model cannot say."""

    def __init__(self, config: RouterConfig) -> None:
        self._config = config
        self._filters = {name: PrefixFilter(rules) for name, rules in config.prefix_lists.items()}
        self._lines = tuple(_bgp_lines(config.lines))
        self.doubts = [f"BGP has `{line}`" for line in self._lines if not _UNDERSTOOD.fullmatch(line)]

    def spreads(self, kind: str) -> bool:
        """Whether packets are spread over equal routes of another AS, or with `ibgp ` of its own."""
        said = [line.removeprefix(f"maximum-paths {kind}") for line in self._lines if line.startswith(f"maximum-paths {kind}")]
        counts = [int(words[0]) for text in said if (words := text.split()) and words[0].isdigit()]
        return counts[-1] > 1 if counts else _spreads(self._config.platform)

    def sessions(self, bgp: BgpConfig) -> Iterable[tuple[IPv4Address, Terms]]:
        if bgp.router_id is None:
            self.doubts.append("BGP has no router id of its own")
        self.doubts += [f"BGP redistributes {what}" for what in bgp.redistributed]
        for text, neighbour in bgp.neighbours.items():
            if neighbour.shutdown or not (neighbour.activated or bgp.default_ipv4_unicast):
                continue
            if neighbour.remote_as is None:
                self.doubts.append(f"neighbour {text} has no AS number")
                continue
            refused = neighbour.remote_as != bgp.as_number and bgp.requires_policy
            bare: Policy = () if refused else EVERYTHING
            yield (
                IPv4Address(text),
                Terms(
                    neighbour.remote_as,
                    accept=self._policy(neighbour.import_map, neighbour.import_prefix_list, bare),
                    export=self._policy(neighbour.export_map, neighbour.export_prefix_list, bare),
                    client=f"neighbor {text} route-reflector-client" in self._lines,
                ),
            )
            self._unsaid(text, neighbour)

    def _unsaid(self, address: str, neighbour: NeighbourConfig) -> None:
        if neighbour.remote_as == (self._config.bgp.as_number if self._config.bgp else 0) and not neighbour.next_hop_self:
            self.doubts.append(f"neighbour {address} is told next hops that it may not reach (no next-hop-self)")
        forced = {f"neighbor {address} next-hop-self {word}" for word in ("force", "all")} & set(self._lines)
        if f"neighbor {address} route-reflector-client" in self._lines and not forced:
            self.doubts.append(f"routes reflected to {address} keep next hops that it may not reach (no next-hop-self force)")

    def _policy(self, name: str, prefix_list: str, bare: Policy) -> Policy:
        if name and prefix_list:
            self.doubts.append(f"route map {name} and prefix list {prefix_list} filter the same session")
        if prefix_list:
            return (Clause(permit=True, filters=(self._filter(prefix_list),)),)
        if not name:
            return bare
        if name not in self._config.route_maps:
            self.doubts.append(f"there is no route map {name}")
            return ()
        return tuple(self._clause(name, rule) for rule in self._config.route_maps[name])

    def _clause(self, name: str, rule: RouteMapRule) -> Clause:
        known = [match for match in rule.matches if match.startswith("ip address prefix-list ")]
        if len(known) != len(rule.matches) or any(len(match.split()) != _MATCH_WORDS for match in known) or len(known) > 1:
            self.doubts.append(f"route map {name} {rule.sequence} matches {', '.join(rule.matches)}")
        values: dict[str, int] = {}
        for line in rule.sets:
            word, _, value = line.partition(" ")
            if word in {"metric", "local-preference"} and value.isdigit():
                values[word] = int(value)
            else:
                self.doubts.append(f"route map {name} {rule.sequence} sets {line}")
        return Clause(
            rule.action == "permit",
            tuple(self._filter(prefix_list) for prefix_list in rule.prefix_lists),
            Verdict(med=values.get("metric"), preference=values.get("local-preference")),
        )

    def _filter(self, name: str) -> PrefixFilter:
        if name not in self._filters:
            self.doubts.append(f"there is no prefix list {name}")
        return self._filters.get(name, PrefixFilter(()))
