"""What goes when a stack goes, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from luxops.domains.cloud.comparing import Comparison
from luxops.domains.cloud.kinds import BY_NAME, KINDS
from luxops.domains.cloud.kinds.interface import ResourceKind
from luxops.domains.cloud.matching import kind_of
from luxops.domains.cloud.nouns import Live, StackId, Urn
from luxops.errors import UsageError

_STANDS_IN: Final = ("projectId", "objectId", "routerId", "portId", "instanceId", "securityGroupId", "networkId")
"""Properties that say what an object without a mark of its own belongs to."""
_ORDER: Final = {kind.name: number for number, kind in enumerate(KINDS)}
_SHOWN: Final = 6


class Doomed(NamedTuple):
    """One object that is to go."""

    stack: StackId
    kind: ResourceKind
    live: Live
    protected: bool


def abandoned(comparison: Comparison) -> tuple[StackId, ...]:
    """Stacks that no program declares any more, and of which something is still there."""
    marks = {live.stack for live in comparison.matched.extra if live.stack is not None}
    return tuple(sorted(marks - set(comparison.graph.stacks)))


def doomed_with(comparison: Comparison, stacks: Sequence[StackId]) -> dict[Urn, Doomed]:
    """What these stacks own: what they declare and is there, what carries their mark, and what stands in what carries it.

    Raises UsageError where another stack's objects stand on them.
    """
    graph, matched = comparison.graph, comparison.matched
    found: dict[Urn, Doomed] = {}
    for urn, live in matched.live.items():
        declared = graph.resources[urn]
        if declared.stack in stacks:
            found[urn] = Doomed(declared.stack, kind_of(declared), live, declared.protect)
    _refuse_if_others_stand_on(comparison, found)
    for live in matched.extra:
        if live.stack in stacks and live.stack is not None:
            found[_urn(live.stack, live)] = Doomed(live.stack, BY_NAME[live.kind], live, protected=False)
    gone = {stack for stack in stacks if stack not in graph.stacks}
    inside = {doomed.live.id: doomed.stack for doomed in found.values() if doomed.stack in gone}
    for live in matched.extra:
        stack = next((inside[str(live.properties[p])] for p in _STANDS_IN if str(live.properties.get(p)) in inside), None)
        if live.stack is None and stack is not None:
            found[_urn(stack, live)] = Doomed(stack, BY_NAME[live.kind], live, protected=False)
    return found


def _urn(stack: StackId, live: Live) -> Urn:
    return Urn(f"{stack}::{BY_NAME[live.kind].type}::{live.id}")


def _refuse_if_others_stand_on(comparison: Comparison, doomed: Mapping[Urn, Doomed]) -> None:
    standing = [
        comparison.graph.resources[urn]
        for urn in comparison.matched.live
        if urn not in doomed and any(need in doomed for need in comparison.graph.resources[urn].depends_on)
    ]
    if standing:
        names = ", ".join(f"{resource.stack} {resource.name}" for resource in standing[:_SHOWN])
        raise UsageError(
            f"{len(standing)} objects of other stacks stand on what would be deleted",
            why=names + (" …" if len(standing) > _SHOWN else ""),
            remedy=(
                "To give up an owner, take its file out of the inventory, run `luxops cloud up --delete fibre`, and then destroy "
                "its stack. To start afresh, name the other stacks too."
            ),
        )


def before(comparison: Comparison, urn: Urn, deletes: Mapping[Urn, str]) -> frozenset[Urn]:
    """What must go before an object. `deletes`: everything that goes, with its kind.

    Declared objects go in the reverse order of their dependencies; of others nobody knows these, so they go by kind, and before
    everything that is declared.
    """
    resources = comparison.graph.resources
    others = [other for other in deletes if other not in resources]
    if urn in resources:
        return frozenset([*(d for d in _dependents(comparison, urn) if d in deletes), *others])
    return frozenset(other for other in others if _ORDER[deletes[other]] > _ORDER[deletes[urn]])


def _dependents(comparison: Comparison, urn: Urn) -> Iterable[Urn]:
    return (other for other, resource in comparison.graph.resources.items() if urn in resource.depends_on)
