"""The shape of one policy in `policies/*/*.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from luxops.model import FactName, Frozen, HostRole, Policy, PolicyId, Responsibility, Severity, TargetKind, Unreadable
from luxops.model.policy import Remediation
from luxops.policies.nouns import Examples, Sentence


def _remediation(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    return {"text": value} if isinstance(value, str) else value


Expression_ = Annotated[str, StringConstraints(strip_whitespace=True)]
PolicyName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=64)]


class PolicyEntry(Frozen):
    """A policy as it is written, with its examples."""

    id: PolicyName
    title: Annotated[str, StringConstraints(min_length=3, max_length=120)]
    applies_to: TargetKind
    needs: Annotated[tuple[FactName, ...], Field(min_length=1)]
    role: HostRole | Literal[""] = ""
    check: Annotated[Expression_, StringConstraints(min_length=1)]
    when: Expression_ = ""
    not_applicable: str = ""
    show: Expression_ = ""
    expected: str = ""
    severity: Severity
    rationale: Sentence
    remediation: Annotated[Remediation, BeforeValidator(_remediation)]
    mappings: Mapping[str, tuple[str, ...]]
    responsibility: Responsibility = Responsibility.BOTH
    examples: Examples = Examples()

    @property
    def policy(self) -> Policy:
        fields = {name: getattr(self, name) for name in Policy.model_fields}
        return Policy(**{**fields, "id": PolicyId(self.id)})


def unreadable_tag(value: object) -> Unreadable:
    """`!unreadable REASON` in an example. Raises ValueError where the reason is not text."""
    if not isinstance(value, str) or not value:
        raise ValueError("write the reason after it: !unreadable sudo was refused")
    return Unreadable(reason=value)
