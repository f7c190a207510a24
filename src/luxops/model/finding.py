"""What was concluded: verdicts on policies, and differences from the declaration."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from luxops.model.base import Digest, Frozen, PolicyId, TargetId
from luxops.model.policy import Severity


class Verdict(StrEnum):
    """Never better than its evidence: what could not be looked at is UNKNOWN."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    WAIVED = "WAIVED"


class Finding(Frozen):
    """One policy's verdict on one target."""

    policy: PolicyId
    target: TargetId
    verdict: Verdict
    severity: Severity
    reason: str = ""
    """Why UNKNOWN, NOT_APPLICABLE or WAIVED; empty for PASS, and for FAIL unless a waiver of it has expired."""
    actual: Any = None
    """JSON value that was seen, for FAIL and WAIVED."""
    expected: str = ""
    evidence: Digest
    """Over the digests of all observations that the policy needs."""


class DriftKind(StrEnum):
    CHANGED = "changed"
    MISSING = "missing"
    """Declared, not there."""
    UNMANAGED = "unmanaged"
    """There, not declared."""


class Drift(Frozen):
    """One difference between what is declared and what is."""

    target: TargetId
    domain: str
    path: str
    """Where, stable over scans: the same difference has the same path."""
    kind: DriftKind
    desired: str | None = None
    actual: str | None = None
    severity: Severity = Severity.MEDIUM
