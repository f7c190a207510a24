"""What goes when a stack goes, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from luxops.domains.cloud.comparing import Comparison
from luxops.domains.cloud.kinds import BY_NAME, KINDS
from luxops.domains.cloud.kinds.interface import ResourceKind
from luxops.domains.cloud.matching import kind_of
from luxops.domains.cloud.nouns import Graph, Live, StackId, Urn
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
            found[_urn(live.stack, live)] = Doomed(live.stack, BY_NAME[live.kind], live, protected=BY_NAME[live.kind].precious)
    gone = {stack for stack in stacks if stack not in graph.stacks}
    inside = {doomed.live.id: doomed.stack for doomed in found.values() if doomed.stack in gone}
    for live in matched.extra:
        stack = next((inside[str(live.properties[p])] for p in _STANDS_IN if str(live.properties.get(p)) in inside), None)
        if live.stack is None and stack is not None:
            found[_urn(stack, live)] = Doomed(stack, BY_NAME[live.kind], live, protected=BY_NAME[live.kind].precious)
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
                "To give up an owner, take its file out of the inventory, run `luxops cloud up --delete fibre`, and then "
                "destroy its stack. To start afresh, name the other stacks too."
            ),
        )


def order_of(graph: Graph, deletes: Mapping[Urn, str]) -> dict[Urn, frozenset[Urn]]:
    """What must go before each object. `deletes`: everything that goes, with its kind.

    Declared objects go in the reverse order of their dependencies; of others nobody knows these, so they go by kind, and before
    everything that is declared.
    """
    others: dict[str, list[Urn]] = {}
    for urn, kind in deletes.items():
        if urn not in graph.resources:
            others.setdefault(kind, []).append(urn)
    kinds = sorted(others, key=_ORDER.__getitem__, reverse=True)
    # Each kind waits for the one before it alone, which has waited for all others.
    ahead = {kind: frozenset(others[earlier]) for earlier, kind in pairwise(kinds)}
    last = frozenset(others[kinds[-1]] if kinds else ())
    return {
        urn: frozenset(other for other in graph.dependents.get(urn, ()) if other in deletes) | last
        if urn in graph.resources
        else ahead.get(kind, frozenset())
        for urn, kind in deletes.items()
    }
