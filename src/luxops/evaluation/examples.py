"""Every policy against its own examples, and against what happens when evidence is missing.

A policy is right when its examples give the verdicts that they stand for, and when taking away any part of the evidence
that it looks at never leaves a PASS behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from luxops.evaluation.evaluator import Evaluator
from luxops.evaluation.shapes import unknown_parts
from luxops.model import (
    FactName,
    FactValue,
    Finding,
    Frozen,
    Observation,
    Policy,
    PolicyId,
    Target,
    TargetId,
    Unreadable,
    Verdict,
)  # fmt: skip
from luxops.policies import Example, Examples, PolicySet, Touch, read_expression
from luxops.policies.names import BUILT_IN
from luxops.policies.paths import ANY, written

Shapes = Mapping[str, type[BaseModel]]
"""Fact → the class of its values."""

DAY: Final = datetime(2026, 1, 15, 12, tzinfo=UTC)
"""When examples are judged: `now` in them is the start of this day, 1768435200."""

WANTED: Final = {
    "pass_": Verdict.PASS,
    "fail": Verdict.FAIL,
    "unknown": Verdict.UNKNOWN,
    "not_applicable": Verdict.NOT_APPLICABLE,
}


class ExampleResult(Frozen):
    """What testing one policy showed."""

    policy: PolicyId
    checks: int
    """Verdicts that were compared."""
    defects: tuple[str, ...]
    """What is wrong with the policy or with its examples; empty: nothing."""


class _Value(FactValue):
    """A fact's value as an example writes it."""

    model_config = ConfigDict(extra="allow")


def judge_examples(policy_set: PolicySet, shapes: Shapes) -> list[ExampleResult]:
    """One result for each policy. `shapes` may lack facts: their examples are then not checked for fields that do not exist."""
    return [_Test(policy_set, policy, shapes).run() for policy in policy_set.policies]


class _Test:
    """The test of one policy, without its waivers."""

    def __init__(self, policy_set: PolicySet, policy: Policy, shapes: Shapes) -> None:
        self.policy = policy
        self.shapes = shapes
        self.examples = policy_set.examples.get(policy.id, Examples())
        self.evaluator = Evaluator(policy_set.model_copy(update={"policies": (policy,), "waivers": ()}))
        self.checks = 0

    def run(self) -> ExampleResult:
        defects = (*self.of_amounts(), *self.of_paths(), *self.of_examples(), *self.of_missing(), *self.of_unreadable())
        return ExampleResult(policy=self.policy.id, checks=self.checks, defects=defects)

    def judge(self, example: Example) -> Finding:
        self.checks += 1
        target = _target(self.policy, example.get("target", {}))
        facts = {fact: value for fact, value in example.items() if fact not in BUILT_IN}
        observations = [Observation.of(target.id, FactName(f), _value(v), DAY) for f, v in facts.items()]
        return self.evaluator.evaluate(target, observations, DAY)[0]

    def written(self) -> Iterator[tuple[str, Verdict, Example]]:
        for kind, verdict in WANTED.items():
            examples: tuple[Example, ...] = getattr(self.examples, kind)
            for number, example in enumerate(examples, start=1):
                yield f"example {kind.rstrip('_')} {number}", verdict, example

    def of_amounts(self) -> Iterator[str]:
        if not self.examples.pass_:
            yield "no example that passes"
        if not self.examples.fail:
            yield "no example that fails"
        if self.policy.when and not self.examples.not_applicable:
            yield "it has `when`, but no example where it does not apply"

    def of_paths(self) -> Iterator[str]:
        """A path that the fact's class does not have: a misspelt field."""
        for touch in self.touches():
            shape = self.shapes.get(touch.path[0])
            # Of a text, too, the size may be asked, and it has no elements.
            path = touch.path[:-1] if not touch.deep and touch.path[-1] == ANY else touch.path
            if shape is not None and (wrong := unknown_parts(shape, path[1:])):
                yield f"it looks at {written(path)}, but {wrong}"

    def of_examples(self) -> Iterator[str]:
        for name, wanted, example in self.written():
            yield from self.of_fields(name, example)
            found = self.judge(example)
            if found.verdict is not wanted:
                yield f"{name} gives {found.verdict}{': ' + found.reason if found.reason else ''}"

    def of_fields(self, name: str, example: Example) -> Iterator[str]:
        for fact, value in example.items():
            if fact not in {*self.policy.needs, "target"}:
                yield f"{name} gives the fact {fact}, which the policy does not need"
            elif fact in self.shapes:
                yield from (f"{name}: {fact}{wrong}" for wrong in _wrong_fields(self.shapes[fact], value))

    def of_missing(self) -> Iterator[str]:
        for number, example in enumerate(self.examples.pass_, start=1):
            for fact in self.policy.needs:
                found = self.judge({f: v for f, v in example.items() if f != fact})
                if found.verdict is not Verdict.UNKNOWN:
                    yield f"example pass {number} without {fact} gives {found.verdict}, not UNKNOWN"

    def of_unreadable(self) -> Iterator[str]:
        """Each part that the check touches, made unreadable in what otherwise passes."""
        for number, example in enumerate(self.examples.pass_, start=1):
            for touch in self.touches():
                for length in range(1, len(touch.path) + 1):
                    changed, done = _spoilt(dict(example), touch.path[:length])
                    if done and (found := self.judge(changed)).verdict is not Verdict.UNKNOWN:
                        part = written(touch.path[:length])
                        yield f"example pass {number} with {part} unreadable gives {found.verdict}, not UNKNOWN"

    def touches(self) -> list[Touch]:
        texts = [text for text in (self.policy.check, self.policy.when) if text]
        return [t for text in texts for t in read_expression(text).touches if t.path[0] not in BUILT_IN]


def _target(policy: Policy, given: Mapping[str, Any]) -> Target:
    """One that the policy addresses, but for what the example says of it."""
    labels = {"role": policy.role} if policy.role else {}
    fields = {"id": TargetId("example"), "hospital": "example", "kind": policy.applies_to, "labels": labels, **given}
    return Target(**fields)


def _value(written: Any) -> FactValue:  # noqa: ANN401 - whatever stands in the example
    if isinstance(written, Unreadable):
        return _Value(**{"$unreadable": written.reason})
    return _Value(**written) if isinstance(written, Mapping) else _Value(value=written)


def _spoilt(value: Any, path: tuple[str, ...]) -> tuple[Any, bool]:  # noqa: ANN401 - JSON
    """The value with what stands at `path` made unreadable, and whether there was anything to spoil."""
    if not path:
        return Unreadable(reason="taken away by the test"), True
    key, rest = path[0], path[1:]
    if isinstance(value, list | tuple) and key == ANY:
        return _spoilt_one(list(value), range(len(value)), lambda v: _spoilt(v, rest))
    if isinstance(value, Mapping):
        keys = list(value) if key == ANY else [key] if key in value else []
        return _spoilt_one(dict(value), keys, lambda v: _spoilt(v, rest))
    return value, False


def _spoilt_one(container: Any, keys: Any, spoil: Callable[[Any], tuple[Any, bool]]) -> tuple[Any, bool]:  # noqa: ANN401 - JSON
    for key in keys:
        container[key], done = spoil(container[key])
        if done:
            return container, True
    return container, False


def _wrong_fields(shape: type[BaseModel], value: Any, path: tuple[str, ...] = ()) -> Iterator[str]:  # noqa: ANN401 - JSON
    """` FIELDS: why` for each place of an example that the fact's class does not have."""
    if path and (wrong := unknown_parts(shape, path)):
        yield f".{'.'.join(path)}: {wrong}"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _wrong_fields(shape, inner, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _wrong_fields(shape, inner, (*path, ANY))
