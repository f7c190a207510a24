"""The network's own gates: policies hold on what is planned, and no flow loses its path by it.

They look at the change as it was signed, with the policies and the declaration of now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from luxops.changes import Gate, GateContext, Proposal, Refusal
from luxops.domains.network.planning import judging
from luxops.domains.network.planning.consequences import consequences, planned_configs, stopping
from luxops.domains.network.planning.nouns import NetworkPlan
from luxops.domains.network.transcripts import ParseError
from luxops.errors import UsageError

if TYPE_CHECKING:
    from luxops.evaluation import Evaluator


def network_gates(evaluator: Evaluator) -> tuple[Gate, Gate]:
    """`policies` and `paths`, for whoever begins a change."""
    return PoliciesGate(evaluator), PathsGate()


def plan_of(body: Mapping[str, Any]) -> NetworkPlan:
    """The plan in a proposal. Raises UsageError where it is none."""
    try:
        return NetworkPlan.model_validate_json(json.dumps(dict(body)))
    except ValidationError as error:
        raise UsageError(
            "The change holds no plan of the network", why=f"{error.error_count()} parts of it are wrong", remedy="Plan again."
        ) from None


class PoliciesGate:
    """No policy of high severity is broken by what is planned."""

    name = "policies"

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def check(self, proposal: Proposal, context: GateContext) -> Refusal | None:
        plan = plan_of(proposal.body)
        try:
            configs = planned_configs(context.federation, plan)
        except ParseError as error:
            return _unreadable(self.name, error)
        found = judging.refusals(judging.judge_plan(self._evaluator, context.federation, configs))
        return _refusal(self.name, proposal, [judging.told(finding) for finding in found], "would break policies")


class PathsGate:
    """No flow loses its last path, and of none it is unknown."""

    name = "paths"

    def check(self, proposal: Proposal, context: GateContext) -> Refusal | None:
        try:
            found = consequences(context.federation, plan_of(proposal.body))
        except ParseError as error:
            return _unreadable(self.name, error)
        return _refusal(self.name, proposal, stopping(found.after), "would take paths from flows")


def _refusal(gate: str, proposal: Proposal, reasons: Sequence[str], what: str) -> Refusal | None:
    """What the proposal's override names word for word is let through, and nothing else."""
    allowed = set(proposal.override.refusals) if proposal.override else set()
    left = [reason for reason in reasons if reason not in allowed]
    if not left:
        return None
    more = f"; and {len(left) - 3} more" if len(left) > 3 else ""  # noqa: PLR2004 - enough to see what it is about
    return Refusal(
        gate=gate, what=f"the change {what}", why="; ".join(left[:3]) + more,
        remedy="Change the declaration and plan again, or plan with --override REASON.",
    )  # fmt: skip


def _unreadable(gate: str, error: ParseError) -> Refusal:
    return Refusal(gate=gate, what="it could not be found out", why=error.detail, remedy="Plan again.")
