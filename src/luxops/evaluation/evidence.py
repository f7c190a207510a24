"""One target's facts, made ready for every check on them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cel

from luxops.evaluation.blocking import Blocking
from luxops.evaluation.projection import Projector
from luxops.model import Digest, FactName, FailureReason, Observation
from luxops.policies import Expression
from luxops.policies.names import BUILT_IN
from luxops.policies.paths import Path


class Needs:
    """What a set of expressions needs of the facts, worked out once."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self.projector = Projector(t for e in expressions for t in e.touches if t.path[0] not in BUILT_IN)
        self.blocking = Blocking(expressions)


@dataclass
class Evidence:
    """Facts as expressions see them, and why those that are not there are missing."""

    facts: dict[str, Any]
    """In JSON form; `target` and `now` among them."""
    failures: dict[FactName, str] = field(default_factory=dict)
    unreadable: dict[Path, str] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)
    """Expression's text → which part of what it looks at could not be read."""
    digests: dict[FactName, Digest] = field(default_factory=dict)

    @classmethod
    def of(cls, observations: Iterable[Observation], built_in: Mapping[str, Any], needs: Needs) -> Evidence:
        """All observations must be of one target. A fact observed twice with different answers counts as failed."""
        evidence = cls(dict(built_in))
        for observation in observations:
            evidence._add(observation, needs)
        if evidence.unreadable:
            evidence.blocked = needs.blocking.reasons(evidence.unreadable)
        return evidence

    def _add(self, observation: Observation, needs: Needs) -> None:
        fact = observation.fact
        if self.digests.setdefault(fact, observation.digest) != observation.digest:
            self.failures[fact] = f"{fact}: {FailureReason.MALFORMED}: observed twice, with different answers"
        elif observation.failure is not None:
            self.failures[fact] = f"{fact}: {observation.failure}"
        elif observation.value is not None and fact not in self.facts:
            form = observation.json_form
            if form.partial:
                self.unreadable |= needs.projector.unreadable(fact, form.plain)
            if form.broken and (why := _unfit(needs.projector.wanted({fact: form.plain}))):
                self.failures[fact] = f"{fact}: {FailureReason.MALFORMED}: policies cannot read it ({why})"
            else:
                self.facts[fact] = form.plain


def _unfit(facts: Mapping[str, Any]) -> str:
    """Why CEL cannot hold them; empty where it can."""
    try:
        for name, value in facts.items():
            cel.Context().add_variable(name, value)
    except (ValueError, TypeError, OverflowError) as error:
        return str(error)
    return ""
