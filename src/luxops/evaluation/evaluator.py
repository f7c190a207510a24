"""Policies × observations of one target → findings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from luxops.errors import UsageError
from luxops.evaluation.actual import bounded, expected_of, shown_of, values_at
from luxops.evaluation.answering import value_of, verdict_of
from luxops.evaluation.evidence import Evidence, Needs
from luxops.model import Digest, FactName, Finding, Observation, Policy, Target, TargetKind, Verdict
from luxops.policies import Expression, PolicySet, Waiver, read_expression
from luxops.policies.paths import Path

_FIELDS: Final = set(Finding.model_fields)
_set: Final = object.__setattr__


@dataclass(frozen=True)
class _Rule:
    """A policy made ready to run."""

    policy: Policy
    check: Expression
    when: Expression | None
    show: Expression | None
    shown: tuple[Path, ...]
    """Where stands what a failure shows, where the policy does not say."""
    expected: str
    waivers: tuple[Waiver, ...]

    @classmethod
    def of(cls, policy: Policy, waivers: tuple[Waiver, ...]) -> _Rule:
        check = read_expression(policy.check)
        when = read_expression(policy.when) if policy.when else None
        show = read_expression(policy.show) if policy.show else None
        return cls(policy, check, when, show, shown_of(check.touches), policy.expected or expected_of(policy.check), waivers)


class Evaluator:
    """Judges targets by a set of policies. Made once; holds no state between targets, so several threads may share it."""

    def __init__(self, policy_set: PolicySet) -> None:
        """Raises UsageError for an empty set; ExpressionError for a set that `load_policies` did not check."""
        if not policy_set.policies:
            raise UsageError("There are no policies", why="nothing can be judged", remedy="Add policies, or select others.")
        self.digest = policy_set.digest
        waivers: dict[str, list[Waiver]] = {}
        for waiver in policy_set.waivers:
            waivers.setdefault(waiver.policy, []).append(waiver)
        self._rules: dict[TargetKind, list[_Rule]] = {kind: [] for kind in TargetKind}
        for policy in policy_set.policies:
            self._rules[policy.applies_to].append(_Rule.of(policy, tuple(waivers.get(policy.id, ()))))
        self._needs = {
            kind: Needs([e for rule in rules for e in (rule.check, rule.when) if e is not None])
            for kind, rules in self._rules.items()
        }

    def judges(self, kind: TargetKind) -> bool:
        """Whether any policy addresses targets of this kind. Where none does, nothing can be said of them."""
        return bool(self._rules[kind])

    def policies(self, kind: TargetKind) -> tuple[Policy, ...]:
        """Those that address targets of this kind, in the order of their findings."""
        return tuple(rule.policy for rule in self._rules[kind])

    def evaluate(self, target: Target, observations: Sequence[Observation], at: datetime) -> list[Finding]:
        """Exactly one finding for each policy that applies to the target's kind, in the order of the policies.

        Never PASS or FAIL where the answer could depend on something that was not, or could not be, observed; another
        target's observations count for nothing. `at` decides whether a waiver has expired, and gives `now`, the start
        of its day in UTC: evidence that has not changed is judged the same all day.
        """
        day = at.astimezone(UTC).date()
        needs = self._needs[target.kind]
        itself = {"id": target.id, "kind": target.kind.value, "hospital": target.hospital, "labels": dict(target.labels)}
        built_in = {"target": itself, "now": int(datetime.combine(day, time(), UTC).timestamp())}
        evidence = Evidence.of((o for o in observations if o.target == target.id), built_in, needs)
        judge = _Judge(evidence)
        return [judge.finding(rule, target, day) for rule in self._rules[target.kind]]


class _Judge:
    """Judges one target."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._digests: dict[tuple[FactName, ...], Digest] = {}

    def finding(self, rule: _Rule, target: Target, day: date) -> Finding:
        policy = rule.policy
        if policy.role and target.labels.get("role") != policy.role:
            verdict, reason = Verdict.NOT_APPLICABLE, f"not looked at: the inventory declares it no {policy.role}"
        else:
            verdict, reason = self._verdict(rule)
        actual: Any = None
        expected = ""
        if verdict is Verdict.FAIL:
            actual, expected = self._actual(rule), rule.expected
            if rule.waivers:
                verdict, reason = _waived(rule.waivers, target, day)
        digest = self._digests.get(policy.needs)
        if digest is None:
            digest = self._digests[policy.needs] = self._digest(policy.needs)
        return _built(
            {
                "policy": policy.id, "target": target.id, "verdict": verdict, "severity": policy.severity, "reason": reason,
                "actual": actual, "expected": expected, "evidence": digest,
            }
        )  # fmt: skip

    def _digest(self, needs: tuple[FactName, ...]) -> Digest:
        """Over the facts' names and digests, a line each; a fact that was not observed has none."""
        lines = "".join(f"{fact} {self._evidence.digests.get(fact, '-')}\n" for fact in needs)
        return Digest(f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}")

    def _verdict(self, rule: _Rule) -> tuple[Verdict, str]:
        evidence = self._evidence
        for fact in rule.policy.needs:
            if fact in evidence.failures:
                return Verdict.UNKNOWN, evidence.failures[fact]
            if fact not in evidence.facts:
                return Verdict.UNKNOWN, f"{fact}: was not observed"
        if rule.when is not None:
            applies = self._answer(rule.when)
            if isinstance(applies, str):
                return Verdict.UNKNOWN, applies
            if not applies:
                return Verdict.NOT_APPLICABLE, rule.policy.not_applicable or f"applies only where {rule.policy.when}"
        holds = self._answer(rule.check)
        if isinstance(holds, str):
            return Verdict.UNKNOWN, holds
        return (Verdict.PASS if holds else Verdict.FAIL), ""

    def _answer(self, expression: Expression) -> bool | str:
        """True or false, or why it cannot be told."""
        if (blocked := self._evidence.blocked.get(expression.text)) is not None:
            return blocked
        return verdict_of(expression, self._evidence.facts)

    def _actual(self, rule: _Rule) -> Any:  # noqa: ANN401 - JSON
        """What is shown beside a failure never changes the verdict: where `show` gives nothing, only less is said."""
        facts = self._evidence.facts
        return bounded(values_at(facts, rule.shown) if rule.show is None else value_of(rule.show, facts))


def _built(fields: dict[str, Any]) -> Finding:
    """A Finding of fields whose types this module guarantees: what `model_construct` does, at a third of its cost.

    Findings are made by the hundred thousand, and validating them costs more than most checks.
    """
    finding = Finding.__new__(Finding)
    _set(finding, "__dict__", fields)
    _set(finding, "__pydantic_fields_set__", _FIELDS)
    _set(finding, "__pydantic_extra__", None)
    _set(finding, "__pydantic_private__", None)
    return finding


def _waived(waivers: tuple[Waiver, ...], target: Target, day: date) -> tuple[Verdict, str]:
    expired = ""
    for waiver in waivers:
        if not waiver.covers(target):
            continue
        if day <= waiver.expires:
            why = f"waived until {waiver.expires} by {waiver.approved_by} ({waiver.id}): {waiver.reason}"
            return Verdict.WAIVED, why
        expired = f"its waiver {waiver.id} expired on {waiver.expires}"
    return Verdict.FAIL, expired
