"""What `policies/` holds beside the policies themselves: examples, frameworks, waivers; and all of it together."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from luxops.errors import UsageError, did_you_mean
from luxops.model import Digest, Frozen, Policy, PolicyId, Selector, Target, TargetKind

Example = Mapping[str, Any]
"""Fact → part of its value; `Unreadable` where a part could not be read. `target` → part of the target."""


def _several(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    return value if isinstance(value, list | tuple) else (value,)


Several = Annotated[tuple[Example, ...], BeforeValidator(_several)]
"""One mapping, or a list of them."""


class Examples(Frozen):
    """Evidence with the verdict that it must give: every policy's own test."""

    pass_: Several = Field(default=(), alias="pass")
    fail: Several = ()
    unknown: Several = ()
    not_applicable: Several = ()


Sentence = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Framework(Frozen):
    """A published set of requirements that policies are mapped to: its ids, with our own words for each."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: Sentence
    source: Sentence
    """Who published it, and which edition."""
    requirements: Annotated[Mapping[str, Sentence], Field(min_length=1)]
    """Requirement id as the source writes it → what it is about, in a few words of our own."""


def _selector(value: str) -> str:
    try:
        Selector.parse(value)
    except UsageError as error:
        raise ValueError(error.diagnosis()) from None
    return value


class Waiver(Frozen):
    """A failure that is accepted for a time. It turns FAIL into WAIVED, and nothing else."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    policy: PolicyId
    selector: Annotated[str, AfterValidator(_selector)]
    """The targets that it covers: an id, or terms like `hospital:chl,kind:host`."""
    reason: Sentence
    approved_by: str
    """Id of a person in the declaration."""
    expires: date
    """The last day on which it applies."""

    @cached_property
    def _parsed(self) -> Selector:
        return Selector.parse(self.selector)

    def covers(self, target: Target) -> bool:
        return self._parsed.matches(target)


class PolicySet(Frozen):
    """Policies that are ready to judge with. Made by `load_policies`, which alone guarantees that they are right."""

    policies: tuple[Policy, ...]
    examples: Mapping[PolicyId, Examples]
    mappings: Mapping[str, Framework]
    waivers: tuple[Waiver, ...] = ()
    digest: Digest
    """Over policies, mappings and waivers: comments, order of keys and examples do not change it."""

    def for_target(self, kind: TargetKind) -> tuple[Policy, ...]:
        """The policies that address this kind of target."""
        return tuple(policy for policy in self.policies if policy.applies_to is kind)

    def check_approvers(self, people: Collection[str]) -> None:
        """Raises UsageError where a waiver was approved by someone whom the declaration does not know."""
        for waiver in self.waivers:
            if waiver.approved_by not in people:
                near = did_you_mean(waiver.approved_by, list(people))
                raise UsageError(
                    f"The waiver `{waiver.id}` is approved by `{waiver.approved_by}`, whom the inventory does not know{near}",
                    why="known: " + ", ".join(people),
                    remedy="Correct `approved_by` in waivers.yaml, or declare the person in federation.yaml.",
                )

    def select(self, wanted: Sequence[str]) -> PolicySet:
        """Only the policies with these ids (`sshd-*` matches any run of characters); all of them where nothing is wanted.

        Raises UsageError where one matches nothing, or where there is no policy at all.
        """
        if not self.policies:
            raise UsageError("There are no policies", why="nothing can be judged", remedy="Add policies, or name their folder.")
        known = [policy.id for policy in self.policies]
        for word in wanted:
            if not fnmatch.filter(known, word):
                near = did_you_mean(word, list(known))
                raise UsageError(f"There is no policy `{word}`{near}", remedy="`luxops policy list` shows all of them.")
        kept = {i for i in known if not wanted or any(fnmatch.fnmatchcase(i, word) for word in wanted)}
        return self.model_copy(
            update={
                "policies": tuple(p for p in self.policies if p.id in kept),
                "examples": {i: e for i, e in self.examples.items() if i in kept},
                "waivers": tuple(w for w in self.waivers if w.policy in kept),
            }
        )
