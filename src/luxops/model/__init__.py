"""The nouns that pass between the rooms: frozen, strict, and without I/O."""

from luxops.model.base import Digest, Frozen, PolicyId, ScanId, TargetId, digest_of, utc_now
from luxops.model.change import (
    Approval,
    Change,
    ChangeEffect,
    ChangeId,
    ChangeIntent,
    ChangeState,
    Override,
    PathChange,
)
from luxops.model.finding import Drift, DriftKind, Finding, Verdict
from luxops.model.observation import FactName, FactValue, Failure, FailureReason, Observation, Unreadable
from luxops.model.policy import Policy, Responsibility, Severity
from luxops.model.scan import Coverage, Scan, ScanState, Totals
from luxops.model.target import HostRole, Selection, Selector, Target, TargetKind

__all__ = [
    "Approval", "Change", "ChangeEffect", "ChangeId", "ChangeIntent", "ChangeState", "Coverage", "Digest", "Drift",
    "DriftKind", "FactName", "FactValue", "Failure", "FailureReason", "Finding", "Frozen", "HostRole", "Observation",
    "Override", "PathChange", "Policy", "PolicyId", "Responsibility", "Scan", "ScanId", "ScanState", "Selection", "Selector",
    "Severity", "Target", "TargetId", "TargetKind", "Totals", "Unreadable", "Verdict", "digest_of", "utc_now",
]  # fmt: skip
