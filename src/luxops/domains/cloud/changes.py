"""What would change in a cloud, what did, and who carries it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from luxops.domains.cloud.nouns import StackId, Urn
from luxops.model import Digest, Frozen, PathChange

if TYPE_CHECKING:
    from luxops.progress import Progress


class Operation(StrEnum):
    """What becomes of one object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    UNMANAGED = "unmanaged"
    """Nothing: it is there and nobody declared it, and luxops deletes only what it owns."""


class PlannedChange(Frozen):
    """What is to become of one object."""

    op: Operation
    urn: Urn
    """Of what is not declared: as if it were, with the object's id for a name."""
    type: str
    name: str
    """For people."""
    paths: tuple[PathChange, ...] = ()
    live_id: str = ""
    """Of an object that exists."""
    protected: bool = False
    """Declared with `protect`: neither deleted nor replaced unless that is asked for by name."""


class StackPlan(Frozen):
    """What is to become of one stack."""

    stack: StackId
    changes: tuple[PlannedChange, ...] = ()


class CloudPlan(Frozen):
    """What is to become of all stacks that were asked for."""

    engine: str
    stacks: tuple[StackPlan, ...]
    graph: Digest
    unknown: tuple[str, ...] = ()
    """Kinds of objects that could not be listed, each with its reason: nothing is planned for them."""

    @property
    def empty(self) -> bool:
        """Whether nothing is to be done. What is unmanaged needs a person's decision and is no work for an engine."""
        return all(c.op is Operation.UNMANAGED for stack in self.stacks for c in stack.changes)


class Outcome(StrEnum):
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not tried: something that it needs has failed, or the run was stopped."""


class Effect(Frozen):
    """What an engine did with one object, told as it happens."""

    stack: StackId
    op: Operation
    urn: Urn
    outcome: Outcome
    detail: str = ""
    """Why it failed or was not tried."""
    seconds: float = 0.0


class Engine(Protocol):
    """Carries plans out. Two exist, and neither silently stands in for the other."""

    @property
    def name(self) -> str:
        """`pulumi` or `reconcile`."""
        ...

    def up(self, plan: CloudPlan, progress: Progress) -> Iterator[Effect]:
        """Make the planned stacks as declared. An object that fails does not stop those that do not need it."""
        ...

    def destroy(self, stacks: Sequence[StackId], progress: Progress) -> Iterator[Effect]:
        """Take away what the stacks own, in the reverse order. Protected objects only where `plan` named them."""
        ...
