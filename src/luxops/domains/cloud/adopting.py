"""What is there already, and is declared, made luxops' own: by the Pulumi CLI's import, and by marks for `reconcile`.

Adopting changes nothing that a server or a packet would notice: an import writes into a state, and a mark is a tag.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from luxops.domains.cloud.changes import Effect, Operation, Outcome
from luxops.domains.cloud.matching import in_order, kind_of
from luxops.model import TargetId
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from luxops.domains.cloud.comparing import Comparison
    from luxops.domains.cloud.kinds.interface import ResourceKind
    from luxops.domains.cloud.nouns import Declared, Live, StackId, Urn
    from luxops.progress import Progress
    from luxops.transports.openstack import CloudSession

OF_LUXOPS: Final = "luxops:"
"""How types begin that only luxops knows: nothing of them is in a cloud by itself, so there is nothing to import."""
_MARKED_BY: Final = ("tags", "metadata")
"""Properties that carry a mark."""
_IN_DESCRIPTION: Final = "description"
_KEPT: Final = ("name",)
"""What a change must say beside the mark."""


class Adoptable(NamedTuple):
    """One declared object that exists."""

    declared: Declared
    kind: ResourceKind
    live: Live

    @property
    def bears_mark(self) -> bool:
        """Whether objects of this kind carry a mark at all."""
        return any(name in self.declared.properties for name in _MARKED_BY) or self._in_description

    @property
    def _in_description(self) -> bool:
        """A rule has no tags, and its description cannot be changed."""
        return self.kind.name == "security_group_rule" and _IN_DESCRIPTION in self.declared.properties

    @property
    def owned(self) -> bool:
        """Whether it carries its stack's mark, or could carry none: then being declared is all there is."""
        return not self.bears_mark or self.live.stack == self.declared.stack

    @property
    def why_not(self) -> str:
        """Why it cannot be marked; nothing where it can."""
        if self._in_description:
            return "Neutron changes no rule: `luxops cloud up` replaces it by one that carries the mark"
        if self.live.stack is not None:
            return f"it carries the mark of {self.live.stack}"
        return ""


class Standing(NamedTuple):
    """How much of a stack there is."""

    stack: StackId
    declared: int
    exist: int
    owned: int
    """Of those that exist."""
    unknown: int


def adoptable(comparison: Comparison, stacks: Sequence[StackId]) -> list[Adoptable]:
    """Every declared object of the stacks that exists, each after what it depends on."""
    matched, resources = comparison.matched, comparison.graph.resources
    found = (resources[urn] for urn in in_order(comparison.graph) if urn in matched.live)
    return [Adoptable(d, kind_of(d), matched.live[d.urn]) for d in found if d.stack in stacks]


def standing(comparison: Comparison, stacks: Sequence[StackId]) -> list[Standing]:
    """By stack, in the order in which stacks come up."""
    found = adoptable(comparison, stacks)
    exist = Counter(a.declared.stack for a in found)
    owned = Counter(a.declared.stack for a in found if a.owned)
    unknown = Counter(unseen.declared.stack for unseen in comparison.unseen)
    declared = comparison.graph.by_stack
    return [Standing(s, len(declared[s]), exist[s], owned[s], unknown[s]) for s in stacks]


# By the Pulumi CLI


def import_file(found: Sequence[Adoptable], region: str) -> dict[str, Any]:
    """What `pulumi import --file` reads, for the objects of one stack: components before what is part of them.

    Explicit providers are left out, since a new state has none: the default one reads everything, and the program's own takes
    over with the next `up`.
    """
    objects = [a for a in found if not a.declared.type.startswith(OF_LUXOPS)]
    components = list(dict.fromkeys(step for a in objects for step in _lineages(a.declared)))
    keys = _keys(components, [a.declared for a in objects])
    resources = [
        _entry(keys[lineage], *lineage[-1], keys.get(lineage[:-1])) | {"component": True} for lineage in components
    ] + [
        _entry(keys[a.declared.urn], a.declared.type, a.declared.name, keys.get(a.declared.lineage))
        | {"id": a.kind.import_id(a.live).replace("{region}", region)}
        for a in objects
    ]
    return {"nameTable": {}, "resources": resources}


_Lineage = tuple[tuple[str, str], ...]


def _lineages(declared: Declared) -> Iterator[_Lineage]:
    """Each component that it is part of, by all that it is part of itself."""
    for depth in range(1, len(declared.lineage) + 1):
        yield declared.lineage[:depth]


def _keys(components: Sequence[_Lineage], objects: Sequence[Declared]) -> Mapping[_Lineage | Urn, str]:
    """What each is called inside the file, where a name may stand only once."""
    named: list[tuple[_Lineage | Urn, str, str]] = [(c, *c[-1]) for c in components]
    named += [(d.urn, d.type, d.name) for d in objects]
    often = Counter(name for _, _, name in named)
    found: dict[_Lineage | Urn, str] = {}
    taken: set[str] = set()
    for key, type_, name in named:
        wanted = called = name if often[name] == 1 else f"{name}-{type_.rpartition(':')[2]}"
        number = 1
        while called in taken:
            number += 1
            called = f"{wanted}-{number}"
        taken.add(called)
        found[key] = called
    return found


def _entry(key: str, type_: str, name: str, parent: str | None) -> dict[str, Any]:
    entry = {"type": type_, "name": key} | ({} if key == name else {"logicalName": name})
    return entry | ({} if parent is None else {"parent": parent})


# By marks


def mark(cloud: CloudSession, found: Sequence[Adoptable], progress: Progress) -> Iterator[Effect]:
    """Put each one's mark on it, and change nothing else of it: what else differs is for a plan to show."""
    progress.started("adopt", len(found))
    for one in found:
        began = time.monotonic()
        progress.observing(TargetId(one.declared.name))
        outcome, detail = Outcome.DONE, ""
        if one.why_not:
            outcome, detail = Outcome.SKIPPED, one.why_not
        else:
            try:
                one.kind.change(cloud, one.live, _marked(one))
            except CloudError as error:
                outcome, detail = Outcome.FAILED, error.diagnosis()
        seconds = time.monotonic() - began
        progress.observed(TargetId(one.declared.name), seconds, None)
        yield Effect(
            stack=one.declared.stack, op=Operation.UPDATE, urn=one.declared.urn, outcome=outcome, detail=detail, seconds=seconds
        )
    progress.finished("adopt")


def _marked(one: Adoptable) -> dict[str, Any]:
    """The declared tags and metadata, and the live object's own name."""
    wanted = {name: value for name, value in one.declared.properties.items() if name in _MARKED_BY}
    return {name: one.live.properties[name] for name in _KEPT if name in one.live.properties} | wanted
