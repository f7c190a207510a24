"""A requirement that can be checked."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from luxops.model.base import Frozen, PolicyId
from luxops.model.observation import FactName
from luxops.model.target import TargetKind


class Severity(StrEnum):
    """How bad it is when it does not hold, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class Responsibility(StrEnum):
    """Who must mend it."""

    LUXITH = "luxith"
    HOSPITAL = "hospital"
    BOTH = "both"


class Remediation(Frozen):
    """How to mend it: in words, and by which role and variable of the hardening playbook where one does it."""

    text: str = ""
    role: str = ""
    variable: str = ""


class Policy(Frozen):
    """One check with its meaning. `check` and `when` are CEL over the facts in `needs` and over `target`."""

    id: PolicyId
    title: str
    applies_to: TargetKind
    needs: tuple[FactName, ...]
    role: str = ""
    """Where given, only hosts with this label `role` are asked for what it needs; for others it is NOT_APPLICABLE."""
    check: str
    """Holds (true) where the target complies."""
    when: str = ""
    """Where given and false, the verdict is NOT_APPLICABLE."""
    not_applicable: str = ""
    """What a reader is told where `when` is false."""
    show: str = ""
    """CEL for what a failure shows as actual, the offenders for instance; empty: the values that `check` touches."""
    expected: str = ""
    """What a failure shows as expected; empty: derived from `check`."""
    severity: Severity
    rationale: str
    remediation: Remediation
    mappings: Mapping[str, tuple[str, ...]]
    """Framework id → requirement ids in it."""
    responsibility: Responsibility = Responsibility.BOTH
