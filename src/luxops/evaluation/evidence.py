"""One target's facts, made ready for every check on them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cel

from luxops.evaluation.blocking import Blocking
from luxops.evaluation.projection import Inputs, Projector, Where
from luxops.model import Digest, FactName, FailureReason, Observation
from luxops.policies import Expression
from luxops.policies.inputs import Input, InputKind, written
from luxops.policies.names import BUILT_IN


class Needs:
    """What a set of expressions needs of the facts, worked out once."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self.projector = Projector(t for e in expressions for t in e.touches if t.path[0] not in BUILT_IN)
        self.blocking = Blocking(expressions)
        inputs = tuple(dict.fromkeys(i for e in expressions for i in e.inputs))
        self.inputs = inputs_of(self.projector, inputs)
        self.missing = {i.name: _missing(i) for i in inputs}
        """A program's variable → what to say where it could not be set."""


def inputs_of(projector: Projector, inputs: Iterable[Input]) -> dict[str, Inputs]:
    """Fact → the variables that are made of it."""
    trees: dict[str, Inputs] = {}
    for wanted in inputs:
        trees.setdefault(wanted.path[0], Inputs()).add(projector.wanted(wanted), wanted.path[1:])
    return trees


def _missing(wanted: Input) -> str:
    path = written(wanted.path)
    match wanted.kind:
        case InputKind.VALUE:
            return f"there is no {path}"
        case InputKind.SIZE:
            return f"{path} is missing, or has no size"
        case InputKind.COLUMN:
            return f"{path} is missing, or has elements without {written(wanted.fields)}"
    return f"{path} is missing, or is no list or map as the expression needs"


@dataclass
class Evidence:
    """Facts as programs see them, and why those that are not there are missing."""

    built_in: Mapping[str, Any]
    context: cel.Context = field(default_factory=cel.Context)
    observed: dict[FactName, Any] = field(default_factory=dict)
    """In JSON form."""
    failures: dict[FactName, str] = field(default_factory=dict)
    unreadable: dict[Where, str] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)
    """Expression's text → which part of what it looks at could not be read."""
    digests: dict[FactName, Digest] = field(default_factory=dict)

    @classmethod
    def of(cls, observations: Iterable[Observation], built_in: Mapping[str, Any], needs: Needs) -> Evidence:
        """All observations must be of one target. A fact observed twice with different answers counts as failed."""
        evidence = cls(built_in)
        bind(evidence.context, needs.inputs, built_in)
        for observation in observations:
            evidence._add(observation, needs)
        evidence.blocked = needs.blocking.reasons(evidence.unreadable)
        return evidence

    def _add(self, observation: Observation, needs: Needs) -> None:
        fact = observation.fact
        if self.digests.setdefault(fact, observation.digest) != observation.digest:
            self.failures[fact] = f"{fact}: {FailureReason.MALFORMED}: observed twice, with different answers"
        elif observation.failure is not None:
            self.failures[fact] = f"{fact}: {observation.failure}"
        elif observation.value is not None and fact not in self.observed:
            plain = observation.json_form.plain
            if observation.json_form.partial:
                self.unreadable |= needs.projector.unreadable(fact, plain)
            try:
                bind(self.context, needs.inputs, {fact: plain})
            except (ValueError, TypeError, OverflowError) as error:
                self.failures[fact] = f"{fact}: {FailureReason.MALFORMED}: policies cannot read it ({error})"
            else:
                self.observed[fact] = plain


def bind(context: cel.Context, inputs: Mapping[str, Inputs], facts: Mapping[str, Any]) -> None:
    """Set the variables that these facts give."""
    for fact, value in facts.items():
        if (tree := inputs.get(fact)) is not None:
            tree.bind(context, value)
