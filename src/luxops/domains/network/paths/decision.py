"""Which routes BGP chooses, prefix by prefix, once it has come to rest (RFC 4271, section 9.1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from luxops.domains.network.paths.speakers import Policy, Speaker, Verdict
from luxops.federation.checks.paths import Point

PREFERENCE = 100
"""Of a route that no policy gives another."""
PATIENCE = 200
"""Choices a router may make before the whole is said not to settle; where it does, two or three are usual."""


class UnsettledError(Exception):
    """Routers keep changing their minds: which path is in use cannot be told."""


@dataclass(frozen=True, eq=False)
class Session:
    """One direction of a BGP session: what `sender` tells `receiver`."""

    sender: str
    receiver: str
    over: Point
    """The link or attachment that carries it."""
    inside: bool
    """Whether both are of one AS."""
    export: Policy
    accept: Policy
    address: int
    """The sender's, the last thing that decides."""
    to_client: bool = False
    """Whether the sender reflects routes to the receiver (RFC 4456)."""
    of_client: bool = False
    """Whether the receiver reflects the sender's routes."""


class Allowed(NamedTuple):
    """A session over which the prefix may pass."""

    session: Session
    exported: Verdict
    accepted: Verdict


class Route(NamedTuple):
    """A route to the prefix as one router holds it."""

    as_path: tuple[int, ...]
    med: int
    preference: int
    inside: bool
    """Learned from its own AS."""
    session: Session | None
    """None: its own."""
    within: tuple[str, ...] = ()
    """Routers of its own AS that passed it on, the one first that brought it in."""


OWN = Route((), 0, PREFERENCE, inside=False, session=None)

Rib = Mapping[str, tuple[Session, ...]]
"""Router → sessions that its best routes came over, best first; empty: it delivers the prefix itself. No entry: no route."""


class Settled(NamedTuple):
    """What BGP came to for one class of prefixes."""

    rib: Rib
    uses: frozenset[Point]
    """Links, attachments and routers: what all others know does not change when anything else goes."""


def settle(
    speakers: Mapping[str, Speaker], origins: Sequence[str], allowed: Mapping[str, Sequence[Allowed]], out: frozenset[Point]
) -> Settled:
    """Routes to a prefix that `origins` announce, `allowed` by sender, with points out. Raises UnsettledError.

    A route learned inside an AS is not passed on inside it, but by a route reflector from and to its clients.
    """
    heard: dict[str, dict[Session, Route]] = {}
    chosen: dict[str, Route] = {name: OWN for name in origins if ("router", name) not in out}
    waiting = deque(chosen)
    for _ in range(PATIENCE * (len(speakers) + 1)):
        if not waiting:
            return _settled(speakers, heard, chosen)
        name = waiting.popleft()
        for allow in allowed.get(name, ()):
            session = allow.session
            other = session.receiver
            if session.over in out or ("router", other) in out:
                continue
            told = _told(speakers, chosen.get(name), allow)
            kept = heard.setdefault(other, {})
            if told == kept.get(session):
                continue
            if told is None:
                del kept[session]
            else:
                kept[session] = told
            before = chosen.get(other)
            best = OWN if before is OWN else _best(speakers, kept.values())
            if best == before:
                continue
            if best is None:
                del chosen[other]
            else:
                chosen[other] = best
            waiting.append(other)
    raise UnsettledError


def _told(speakers: Mapping[str, Speaker], best: Route | None, allow: Allowed) -> Route | None:
    session = allow.session
    if best is None or (best.session is not None and best.session.sender == session.receiver):
        return None
    if best.inside and session.inside and not _reflected(best, session):
        return None
    if session.inside:
        med = best.med if allow.exported.med is None else allow.exported.med
        told = Route(best.as_path, med, allow.exported.preference or best.preference, inside=True, session=session)
        told = told._replace(within=(*best.within, session.sender))
    else:
        as_path = (speakers[session.sender].as_number, *best.as_path)
        if speakers[session.receiver].as_number in as_path:
            return None
        # A MED means nothing beyond the AS that it was given to.
        told = Route(as_path, allow.exported.med or 0, PREFERENCE, inside=False, session=session)
    accepted = allow.accepted
    if accepted.med is not None:
        told = told._replace(med=accepted.med)
    return told if accepted.preference is None else told._replace(preference=accepted.preference)


def _reflected(best: Route, session: Session) -> bool:
    """Whether it is passed on inside the AS: from or to a client, and to nobody who passed it on before."""
    of_client = best.session is not None and best.session.of_client
    return (of_client or session.to_client) and session.receiver not in best.within


def _rank(speakers: Mapping[str, Speaker], route: Route, *, med: bool) -> tuple[int, ...]:
    """The lower the better. Next hops are direct neighbours: how far they are never decides."""
    assert route.session is not None  # noqa: S101 - its own route is never compared
    brought = route.within[0] if route.within else route.session.sender
    return (*_merit(route, med=med), speakers[brought].router_id, len(route.within), route.session.address)


def _merit(route: Route, *, med: bool) -> tuple[int, ...]:
    return -route.preference, len(route.as_path), route.med if med else 0, int(route.inside)


def _best(speakers: Mapping[str, Speaker], routes: Iterable[Route]) -> Route | None:
    """MEDs are compared among routes from one neighbouring AS alone, the best of each AS then with the others."""
    groups: dict[tuple[int, ...], Route] = {}
    for route in routes:
        before = groups.get(route.as_path[:1])
        if before is None or _rank(speakers, route, med=True) < _rank(speakers, before, med=True):
            groups[route.as_path[:1]] = route
    if len(groups) < 2:  # noqa: PLR2004 - nothing to compare
        return next(iter(groups.values()), None)
    return min(groups.values(), key=lambda route: _rank(speakers, route, med=False))


def _settled(
    speakers: Mapping[str, Speaker], heard: Mapping[str, Mapping[Session, Route]], chosen: Mapping[str, Route]
) -> Settled:
    rib: dict[str, tuple[Session, ...]] = {}
    uses: set[Point] = set()
    for name, best in chosen.items():
        if best.session is None:
            rib[name] = ()
            uses.add(("router", name))
            continue
        routes = heard[name].values()
        equal = [best]
        if speakers[name].multipath_inside if best.inside else speakers[name].multipath:
            merit = _merit(best, med=True)
            equal += [r for r in routes if r != best and r.as_path == best.as_path and _merit(r, med=True) == merit]
        equal[1:] = sorted(equal[1:], key=lambda route: _rank(speakers, route, med=True))
        rib[name] = tuple(route.session for route in equal if route.session is not None)
        # Where several neighbouring ASes are compared, a route that lost may have decided which other one did.
        several = len({route.as_path[:1] for route in routes}) > 1
        for session in heard[name] if several else rib[name]:
            uses |= {session.over, ("router", session.sender)}
    return Settled(rib, frozenset(uses))
