"""From differences to what an engine is to do, in which order, and what it must not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from luxops.domains.cloud.changes import CloudPlan, Operation, PlannedChange, StackPlan
from luxops.domains.cloud.comparing import Comparison, Difference, Standing
from luxops.domains.cloud.kinds.interface import Change, Property
from luxops.domains.cloud.matching import in_order, kind_of
from luxops.domains.cloud.nouns import Declared, Graph, Ref, StackId, Urn, references
from luxops.errors import UsageError, did_you_mean
from luxops.model import PathChange


def selected(graph: Graph, names: Sequence[str]) -> tuple[StackId, ...]:
    """The stacks that a user has named: `tenant/chl`, `chl`, all of `tenant`; every one for no name. Raises UsageError."""
    if not names:
        return graph.stacks
    chosen: set[StackId] = set()
    for name in names:
        found = {s for s in graph.stacks if any(fnmatchcase(known, name) for known in (s, *s.split("/")))}
        if not found:
            known = [stack.partition("/")[2] for stack in graph.stacks] + list(graph.stacks)
            raise UsageError(
                f"There is no stack `{name}`{did_you_mean(name, known)}",
                why="there are " + ", ".join(graph.stacks),
                remedy="Name a stack like tenant/chl, a hospital or service, or tenant/*.",
            )
        chosen |= found
    return tuple(stack for stack in graph.stacks if stack in chosen)


def plan_of(comparison: Comparison, stacks: Sequence[StackId], engine: str) -> CloudPlan:
    """What is to become of these stacks. What could not be looked at is in `unknown`, and nothing is planned for it."""
    changes: dict[StackId, list[PlannedChange]] = {stack: [] for stack in stacks}
    everything = tuple(stacks) == comparison.graph.stacks  # then what stacks have left that nobody declares any more, too
    replaced = _replaced(comparison)
    planned = {c.urn: (stack, c) for stack, c in _direct(comparison, replaced)}
    for urn, why in replaced.items():
        if urn not in planned:
            declared, live = comparison.graph.resources[urn], comparison.matched.live[urn]
            follows = PathChange(path=why, desired="the new one", actual="the old one")
            change = _change(
                Operation.REPLACE, urn, declared.type, comparison.name_of(live), live.id, (follows,), declared.protect
            )
            planned[urn] = (declared.stack, change)
    order = {urn: number for number, urn in enumerate(in_order(comparison.graph))}
    for stack, change in sorted(planned.values(), key=lambda found: (order.get(found[1].urn, len(order)), found[1].urn)):
        if stack in changes or (everything and stack not in comparison.graph.stacks):
            changes.setdefault(stack, []).append(change)
    unknown = sorted({f"{unseen.declared.urn}: {unseen.failure}" for unseen in comparison.unseen if unseen.stack in changes})
    return CloudPlan(
        engine=engine,
        stacks=tuple(StackPlan(stack=stack, changes=tuple(found)) for stack, found in changes.items()),
        graph=comparison.graph.digest,
        unknown=tuple(unknown),
    )


def _direct(comparison: Comparison, replaced: dict[Urn, str]) -> Iterable[tuple[StackId, PlannedChange]]:
    for difference in comparison.differences:
        if difference.declared is None or difference.declared.urn not in comparison.matched.unknown:
            yield difference.stack, _planned(difference, replaced)


def _planned(difference: Difference, replaced: dict[Urn, str]) -> PlannedChange:
    declared, live = difference.declared, difference.live
    if declared is None:
        assert live is not None  # noqa: S101 - a difference is about one of the two
        urn = Urn(f"{difference.stack}::{difference.kind.type}::{live.id}")
        op = Operation.DELETE if difference.standing is Standing.LEFT else Operation.UNMANAGED
        precious = op is Operation.DELETE and difference.kind.precious
        return _change(op, urn, difference.kind.type, difference.name, live.id, (), protected=precious)
    op = Operation.CREATE
    if live is not None:
        op = Operation.REPLACE if declared.urn in replaced else Operation.UPDATE
    identifier = "" if live is None else live.id
    return _change(op, declared.urn, declared.type, difference.name, identifier, difference.paths, declared.protect)


def _change(
    op: Operation,
    urn: Urn,
    type_: str,
    name: str,
    live_id: str,
    paths: tuple[PathChange, ...],
    protected: bool,  # noqa: FBT001
) -> PlannedChange:
    return PlannedChange(op=op, urn=urn, type=type_, name=name, paths=paths, live_id=live_id, protected=protected)


def _replaced(comparison: Comparison) -> dict[Urn, str]:
    """What cannot stay, each with the property that says so: its own needs another object, or what it stands on goes.

    Nothing can be deleted while something stands on it. So all that does goes first and comes again, but for what was only told
    of it once.
    """
    found: dict[Urn, str] = {}
    changed = {d.declared.urn: d for d in comparison.differences if d.declared is not None and d.standing is Standing.CHANGED}
    for urn in in_order(comparison.graph):
        if urn in comparison.matched.live:
            declared = comparison.graph.resources[urn]
            known = kind_of(declared).properties
            paths = [path.path for path in changed[urn].paths] if urn in changed else []
            own = next((path for path in paths if known[path].change is Change.REPLACE), None)
            why = own or _ground_lost(declared, known, found)
            if why is not None:
                found[urn] = why
    return found


def _ground_lost(declared: Declared, known: Mapping[str, Property], replaced: Mapping[Urn, str]) -> str | None:
    """The property by which it stands on something that is replaced, or that thing's name where no property says so."""
    lost = [needed for needed in declared.depends_on if needed in replaced]
    if not lost:
        return None
    named = {
        name: {ref.urn for ref in references(value) if isinstance(ref, Ref)} for name, value in declared.properties.items()
    }
    for urn in lost:
        by = [name for name, urns in named.items() if urn in urns]
        if not by:
            return urn.rpartition("::")[2]
        if standing := [name for name in by if known[name].change is not Change.NEVER]:
            return standing[0]
    return None
