"""Policies on what is planned: the same that judge running routers, on the configuration that each shall have.

A policy that looks at what no plan decides (sessions, routes, the version of the software) says nothing of one: NOT_APPLICABLE,
and never PASS because the plan has nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from luxops.domains.network.config import RouterConfig
from luxops.domains.network.domain import targets_of
from luxops.domains.network.platforms.interface import CONFIG, FACTS
from luxops.model import (
    Failure,
    FailureReason,
    Finding,
    Observation,
    Policy,
    Severity,
    TargetId,
    TargetKind,
    Verdict,
    utc_now,
)
from luxops.policies import read_expression

if TYPE_CHECKING:
    from luxops.evaluation import Evaluator
    from luxops.federation import Federation

REFUSED: Final = frozenset({Severity.CRITICAL, Severity.HIGH})
_UNDECIDED: Final = frozenset({(CONFIG, "version")})
"""Parts of the configuration that no line of it sets."""
_WHY: Final = "no plan decides it: only a running router shows it"


def judge_plan(evaluator: Evaluator, federation: Federation, configs: Mapping[TargetId, RouterConfig]) -> list[Finding]:
    """One finding for each router policy and planned router."""
    set_aside = {policy.id for policy in evaluator.policies(TargetKind.ROUTER) if not plannable(policy)}
    nothing = Failure(reason=FailureReason.UNSUPPORTED, detail=_WHY)
    at = utc_now()
    findings: list[Finding] = []
    for target in targets_of(federation):
        if target.id in configs:
            seen = [Observation.of(target.id, f, configs[target.id] if f == CONFIG else nothing, at) for f in FACTS]
            found = evaluator.evaluate(target, seen, at)
            findings += [_not_applicable(finding) if finding.policy in set_aside else finding for finding in found]
    return findings


def plannable(policy: Policy) -> bool:
    """Whether all that the policy looks at is decided by a configuration."""
    texts = [text for text in (policy.check, policy.when) if text]
    touched = [touch.path for text in texts for touch in read_expression(text).touches]
    return not any((path[0] in policy.needs and path[0] != CONFIG) or tuple(path[:2]) in _UNDECIDED for path in touched)


def refusals(findings: Iterable[Finding]) -> Sequence[Finding]:
    """Those that stop a plan: of high severity, broken and not waived, or not to be told."""
    stopping = [f for f in findings if f.verdict in {Verdict.FAIL, Verdict.UNKNOWN} and f.severity in REFUSED]
    return sorted(stopping, key=lambda finding: (finding.severity.rank, finding.target, finding.policy))


def told(finding: Finding) -> str:
    """What an override names, and what a gate compares with it."""
    what = f"{finding.actual}" if finding.verdict is Verdict.FAIL else f"UNKNOWN: {finding.reason}"
    return f"{finding.policy} on {finding.target}: {what}"[:500]


def _not_applicable(finding: Finding) -> Finding:
    return finding.model_copy(update={"verdict": Verdict.NOT_APPLICABLE, "reason": _WHY, "actual": None, "expected": ""})
