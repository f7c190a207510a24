"""What is declared of the cloud, and what is seen of it, in the same terms: Pulumi's property names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any, Final, NamedTuple, NewType

from luxops.model import Digest, Frozen

StackId = NewType("StackId", str)
"""`PROJECT/NAME`, for instance `tenant/chl`."""
Urn = NewType("Urn", str)
"""`STACK::TYPE::NAME`: what a resource is called among all that is declared."""
ProjectId = NewType("ProjectId", str)
"""Keystone's id of a project; empty for what belongs to none."""


MARK: Final = "luxops:"
"""How the mark of everything that luxops has made begins: `luxops:PROJECT:NAME`, its stack. A tag where there are tags."""


def mark_of_stack(project: str, name: str) -> str:
    """The mark of what a stack owns."""
    return f"{MARK}{project}:{name}"


class Ref(NamedTuple):
    """In a declared property: what another resource will be called once it exists."""

    urn: Urn
    output: str = "id"

    def __str__(self) -> str:
        return f"<{self.urn.rpartition('::')[2]}.{self.output}>"


class Lookup(NamedTuple):
    """In a declared property: what the cloud itself answers, such as the id of a role with a given name."""

    function: str
    """Pulumi's token of the invoke, for instance `openstack:identity/getRole:getRole`."""
    arguments: tuple[tuple[str, str], ...]
    output: str

    def __str__(self) -> str:
        return f"<{self.function.rpartition(':')[2]}({', '.join(value for _, value in self.arguments)}).{self.output}>"


class Declared(Frozen):
    """One resource as a program declares it."""

    urn: Urn
    stack: StackId
    type: str
    """Pulumi's type token."""
    name: str
    """Logical name in the program."""
    properties: Mapping[str, Any]
    """Declared inputs by Pulumi's names; `Ref` and `Lookup` stand for what is not known yet."""
    parent: str = ""
    lineage: tuple[tuple[str, str], ...] = ()
    """Type and name of every component that it is part of, the outermost first."""
    depends_on: tuple[Urn, ...] = ()
    """Everything that must exist before it, references included."""
    protect: bool = False
    """Never deleted or replaced without an explicit word."""
    project: Ref | None = None
    """The project that a tenant's own provider works in; None: the platform's."""


class Graph(Frozen):
    """Everything that the programs declare."""

    resources: Mapping[Urn, Declared]
    stacks: tuple[StackId, ...]
    """In the order in which they are brought up."""
    digest: Digest
    """Over everything declared: the same inventory and programs give the same."""

    @cached_property
    def by_stack(self) -> Mapping[StackId, tuple[Declared, ...]]:
        found: dict[StackId, list[Declared]] = {stack: [] for stack in self.stacks}
        for resource in self.resources.values():
            found[resource.stack].append(resource)
        return {stack: tuple(resources) for stack, resources in found.items()}

    @cached_property
    def order(self) -> tuple[Urn, ...]:
        """Every resource after all that it depends on."""
        return tuple(TopologicalSorter({urn: r.depends_on for urn, r in self.resources.items()}).static_order())

    @cached_property
    def dependents(self) -> Mapping[Urn, tuple[Urn, ...]]:
        """What depends on each resource directly; those on which nothing does are left out."""
        found: dict[Urn, list[Urn]] = {}
        for resource in self.resources.values():
            for needed in resource.depends_on:
                found.setdefault(needed, []).append(resource.urn)
        return {urn: tuple(others) for urn, others in found.items()}


class Live(Frozen):
    """One object as the cloud has it."""

    kind: str
    id: str
    """OpenStack's id, or what stands for one where it gives none: the key's parts joined by `/`, as in import ids."""
    project: ProjectId
    name: str
    properties: Mapping[str, Any]
    """By Pulumi's names, in the form in which a program would declare them."""
    tags: frozenset[str] = frozenset()
    """Of a kind without tags: the mark that it carries elsewhere."""

    @property
    def stack(self) -> StackId | None:
        """Whose it says it is; None for what luxops has not made, or cannot know to have made."""
        for tag in self.tags:
            if tag.startswith(MARK):
                return StackId(tag.removeprefix(MARK).replace(":", "/", 1))
        return None


def references(value: Any) -> Iterator[Ref | Lookup]:  # noqa: ANN401 - any declared value
    """Every reference in a declared value, in order."""
    if isinstance(value, Ref | Lookup):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from references(inner)
