"""Policies on what is planned: the same that judge the live cloud, on what the programs declare.

A policy that looks at what no program can declare (use, status, endpoints) says nothing of a plan: NOT_APPLICABLE, and never
PASS because the plan has nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from luxops.domains.cloud.domain import targets_of
from luxops.domains.cloud.facts import PREFIX, fact_name, value_of
from luxops.domains.cloud.kinds import BY_NAME, KINDS
from luxops.domains.cloud.nouns import StackId
from luxops.domains.cloud.planned import IMPLIED, LIVE_ONLY, PlannedObjects, declarable
from luxops.model import (
    Failure,
    FailureReason,
    Finding,
    Observation,
    Policy,
    Severity,
    Target,
    TargetKind,
    Verdict,
    utc_now,
)  # fmt: skip
from luxops.policies import Touch, read_expression

if TYPE_CHECKING:
    from luxops.domains.cloud.comparing import Comparison
    from luxops.evaluation import Evaluator
    from luxops.federation import Federation

REFUSED: Final = frozenset({Severity.CRITICAL, Severity.HIGH})
_FIELD: Final = 3
"""Where in a path like `cloud_port.objects[].status` the field stands."""


def judge_plan(
    evaluator: Evaluator, comparison: Comparison, federation: Federation, stacks: Sequence[StackId]
) -> list[Finding]:
    """One finding for each cloud policy and stack. A stack that nobody declares any more has nothing planned to judge."""
    planned = PlannedObjects(comparison)
    set_aside = {policy.id for policy in evaluator.policies(TargetKind.CLOUD) if not plannable(policy)}
    targets = {target.labels["stack"]: target for target in targets_of(federation)}
    at = utc_now()
    findings: list[Finding] = []
    for stack in stacks:
        if (target := targets.get(stack)) is not None:
            found = evaluator.evaluate(target, _observations(target, planned), at)
            findings += [_not_applicable(finding) if finding.policy in set_aside else finding for finding in found]
    return findings


def refusals(findings: Sequence[Finding]) -> list[Finding]:
    """Those that stop a plan: a policy of high severity that it would break, and no waiver covers."""
    broken = [finding for finding in findings if finding.verdict is Verdict.FAIL and finding.severity in REFUSED]
    return sorted(broken, key=lambda finding: (finding.severity.rank, finding.target, finding.policy))


def plannable(policy: Policy) -> bool:
    """Whether all that the policy looks at can be declared."""
    texts = [text for text in (policy.check, policy.when) if text]
    return not any(_live_only(touch) for text in texts for touch in read_expression(text).touches)


def _live_only(touch: Touch) -> bool:
    kind = BY_NAME.get(touch.path[0].removeprefix(PREFIX))
    if kind is None:
        return False
    hidden = set(kind.shown) - set(IMPLIED.get(kind.name, ()))
    return not declarable(kind) or bool(hidden.intersection(touch.path[_FIELD : _FIELD + 2]))


def _observations(target: Target, planned: PlannedObjects) -> list[Observation]:
    stack = StackId(target.labels["stack"])
    nothing = Failure(reason=FailureReason.UNSUPPORTED, detail=f"no program declares it: {LIVE_ONLY.reason}")
    return [
        Observation.of(target.id, fact_name(kind), value_of(kind, planned.of(kind, stack)) if declarable(kind) else nothing)
        for kind in KINDS
    ]


def _not_applicable(finding: Finding) -> Finding:
    reason = f"it looks at what a plan cannot say: {LIVE_ONLY.reason}"
    return finding.model_copy(update={"verdict": Verdict.NOT_APPLICABLE, "reason": reason, "actual": None, "expected": ""})
