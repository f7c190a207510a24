"""What flows lose from one network to another, and with each element alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from luxops.domains.network.paths.elements import all_elements
from luxops.domains.network.paths.network import Network
from luxops.domains.network.paths.nouns import Cut, Element, Loss, Outage, Path
from luxops.domains.network.paths.survey import Pair, Survey, crossing, owners
from luxops.domains.network.paths.tracing import End, Ways, stands_out
from luxops.federation.checks.paths import Point

Ends = tuple[End, End]


class _Lost(NamedTuple):
    """What a leg loses, whichever flow takes it."""

    lost: Literal["path", "spare", "unknown"]
    before: Path | None
    after: Path | None = None
    reason: str = ""
    end_out: bool = False


def impact(before: Network, after: Network) -> tuple[Loss, ...]:
    """Which flows lose their path, or keep it and lose their spare, from one network to the other. Pure.

    Only flows that both declare: what is declared no more is not lost, nor is what never worked. A flow of which either network
    cannot tell is lost to knowledge: `unknown`.
    """
    old, new = Survey(before), Survey(after)
    same = after.federation is before.federation
    there = {} if same else {(p.source, p.destination): p for p in crossing(after.federation)}
    found: dict[Loss, None] = {}
    known: dict[tuple[Ends, Ends], _Lost | None] = {}
    for pair in crossing(before.federation):
        counterpart = pair if same else there.get((pair.source, pair.destination))
        if counterpart is None:
            continue
        key = _ends(old, pair), _ends(new, counterpart)
        if key not in known:
            known[key] = _lost(old, new, *key, spares=True)
        if (lost := known[key]) is not None:
            found[_loss(old, [pair], key[0], lost)] = None
    return tuple(found)


def outages(survey: Survey, pairs: Sequence[Pair]) -> tuple[Outage, ...]:
    """What is lost with each element alone. Every element once; those whose loss means the same stand together."""
    legs: dict[Ends, dict[str, list[Pair]]] = {}
    for pair in pairs:
        legs.setdefault(_ends(survey, pair), {}).setdefault(pair.flow.id, []).append(pair)
    relevant = {ends: survey.relevant(*ends) for ends in legs}
    spares = {ends: _points(survey.spare(*ends).path) for ends in legs}
    grouped: dict[tuple[tuple[Cut, ...], int, int], list[Element]] = {}
    seen: dict[frozenset[Point], tuple[tuple[Cut, ...], int, int]] = {}
    for element in all_elements(survey.network.federation):
        less = Survey(survey.network.without(element))
        out = less.network.out
        if out not in seen:
            touched = {ends: flows for ends, flows in legs.items() if not relevant[ends].isdisjoint(out)}
            lost, moved = _touched(survey, less, touched)
            stay = [ends for ends in legs if ends not in touched or less.ways(*ends) == survey.ways(*ends)]
            seen[out] = lost, moved, sum(not spares[ends].isdisjoint(out) for ends in stay)
        grouped.setdefault(seen[out], []).append(element)
    return tuple(
        Outage(elements=tuple(elements), lost=lost, moved=moved, spares=standing)
        for (lost, moved, standing), elements in grouped.items()
    )


def _touched(survey: Survey, less: Survey, legs: Mapping[Ends, Mapping[str, list[Pair]]]) -> tuple[tuple[Cut, ...], int]:
    """What is lost of these legs, and how many go on over another path."""
    found: dict[tuple[str, str, bool, bool, str], dict[str, list[Pair]]] = {}
    moved = 0
    for ends, flows in legs.items():
        lost = _lost(survey, less, ends, ends, spares=False)
        if lost is None:
            moved += less.ways(*ends) != survey.ways(*ends)
            continue
        key = ends[0].place, ends[1].place, lost.end_out, lost.lost == "unknown", lost.reason
        found.setdefault(key, {}).update(flows)
    hospitals = survey.network.federation.hospitals
    cuts = [
        Cut(
            source=source,
            destination=destination,
            flows=tuple(flows),
            hospitals=owners(hospitals, (pair for pairs in flows.values() for pair in pairs)),
            end_out=end_out,
            unknown=unknown,
            reason=reason,
        )
        for (source, destination, end_out, unknown, reason), flows in found.items()
    ]
    return tuple(cuts), moved


def _lost(old: Survey, new: Survey, was: Ends, now: Ends, *, spares: bool) -> _Lost | None:
    had, has = old.ways(*was), new.ways(*now)
    before = had.paths[0] if had.paths else None
    if had.known and before is None:
        return None
    if not had.known or not has.known:
        return _Lost("unknown", before, reason=_unknown(had) or _unknown(has))
    if not has.paths:
        return _Lost("path", before, reason=has.broken, end_out=any(stands_out(new.network, end) for end in now))
    if spares and old.spare(*was).path is not None and new.spare(*now).path is None:
        return _Lost("spare", before, has.paths[0], "nothing that is disjoint stands by any more")
    return None


def _unknown(ways: Ways) -> str:
    return "" if ways.known else ways.broken


def _loss(survey: Survey, pairs: Iterable[Pair], ends: Ends, lost: _Lost) -> Loss:
    members = list(pairs)
    return Loss(
        flow=members[0].flow.id,
        source=ends[0].place,
        destination=ends[1].place,
        hospitals=owners(survey.network.federation.hospitals, members),
        **lost._asdict(),
    )


def _ends(survey: Survey, pair: Pair) -> Ends:
    return survey.end(pair.source), survey.end(pair.destination)


def _points(path: Path | None) -> frozenset[Point]:
    return frozenset() if path is None else frozenset((element.kind, element.id) for element in path.elements)
