"""What the store answers: nouns with their history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from luxops.model import (
    Digest,
    Drift,
    DriftKind,
    FactName,
    Failure,
    Finding,
    Frozen,
    Scan,
    ScanState,
    Severity,
    Target,
    TargetId,
    Totals,
    Verdict,
)


class RecordedFinding(Frozen):
    """A verdict and its history."""

    finding: Finding
    domain: str
    since: datetime
    """When it first was so: same verdict, reason, actual, expected, severity. Evidence may have changed meanwhile."""
    failing_since: datetime | None = None
    """Start of the run of FAIL that no PASS or NOT_APPLICABLE has ended. UNKNOWN and WAIVED do not end it."""
    fixed_at: datetime | None = None
    """For PASS and NOT_APPLICABLE: when the last failure was first seen gone. None where only the policies had changed."""
    last_seen: datetime
    """When the target was last looked at."""


class RecordedDrift(Frozen):
    """A difference and its history."""

    drift: Drift
    since: datetime
    """When it first was exactly so."""
    drifting_since: datetime
    """When its path first differed, in whatever way, without a break."""
    until: datetime | None = None
    """When it was first seen gone or changed; None while it is open."""
    ended: str = ""
    """`fixed`, `changed` (another difference took its place) or `withdrawn` (no longer declared); empty while open."""
    verified_at: datetime
    """When it was last seen. Earlier than the target's last look: that look could not tell."""


class RecordedObservation(Frozen):
    """What was last seen of one fact."""

    fact: FactName
    digest: Digest
    failure: Failure | None = None
    since: datetime
    """When it first was so."""
    last_seen: datetime
    value_seen: datetime | None = None
    """When there last was a value; equal to `last_seen` unless it failed. None: never."""


class TargetView(Frozen):
    """Everything known of one target."""

    target: Target
    domain: str
    looked_at: datetime
    withdrawn: bool = False
    """No longer in the inventory; what it was is kept."""
    observations: tuple[RecordedObservation, ...]
    findings: tuple[RecordedFinding, ...]
    drift: tuple[RecordedDrift, ...]


class ScanContent(Frozen):
    """One finished scan and everything it found. The same scan gives the same content, in the same order, for ever."""

    scan: Scan
    targets: tuple[Target, ...]
    findings: tuple[RecordedFinding, ...]
    """Worst severity first, then target, then policy."""
    drift: tuple[RecordedDrift, ...]
    """Worst severity first, then target, then path. What a look could not verify is in, with an older `verified_at`."""


class ScanNews(Frozen):
    """What one scan changed: only what began or ended with it."""

    findings: tuple[RecordedFinding, ...]
    """Findings that are not as they were at the look before; all of them where a target was new."""
    drift: tuple[RecordedDrift, ...]
    """Differences that were not there before, and those that ended."""
    new_targets: frozenset[TargetId]
    """Never looked at before: everything of theirs is news."""


class DomainChange(Frozen):
    """How one domain's counts moved."""

    before: Totals = Totals()
    after: Totals = Totals()
    drift_before: int = 0
    drift_after: int = 0
    targets: int = 0
    """Targets counted afterwards."""
    new_targets: int = 0
    """Those that had never been looked at before; equal to `targets` where there is nothing to compare with."""

    @property
    def fail(self) -> int:
        """More (+) or fewer (-) failures than before."""
        return self.after.FAIL - self.before.FAIL

    @property
    def unknown(self) -> int:
        return self.after.UNKNOWN - self.before.UNKNOWN

    @property
    def drift(self) -> int:
        return self.drift_after - self.drift_before


class LastLook(Frozen):
    """When a target was last looked at, and what is known of it since."""

    target: Target
    domain: str
    looked_at: datetime
    observed_at: datetime | None
    """The last look that observed everything. None: there was none."""
    failure: Failure | None
    """Why the last look did not; None where it did."""
    verdicts: Mapping[tuple[Verdict, Severity], int]
    drift: Mapping[DriftKind, int]


class StoreSummary(Frozen):
    """Counts for metrics."""

    scans: Mapping[ScanState, int]
    """How many scans are kept."""
    looks: tuple[LastLook, ...]
    """One a target that is still declared."""
