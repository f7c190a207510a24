"""One look at a selection of targets, from start to finish."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from luxops.model.base import Digest, Frozen, ScanId, TargetId
from luxops.model.finding import Finding, Verdict
from luxops.model.observation import Failure


class ScanState(StrEnum):
    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    """Its process ended before it finished: nothing it saw counts."""


class UnknownTarget(Frozen):
    """A target that could not be observed, or only in part."""

    target: TargetId
    failure: Failure


class Coverage(Frozen):
    """How much of what should have been looked at was. Stands beside every score."""

    targets: int
    observed: int
    """Targets of which every fact asked for was observed."""
    unknown: tuple[UnknownTarget, ...] = ()
    """The others, with the first reason each."""

    @property
    def complete(self) -> bool:
        return self.targets > 0 and not self.unknown


class Totals(Frozen):
    """Findings by verdict; the JSON keys are the verdicts."""

    PASS: int = 0
    FAIL: int = 0
    UNKNOWN: int = 0
    NOT_APPLICABLE: int = 0
    WAIVED: int = 0

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Totals:
        counts = dict.fromkeys(Verdict, 0)
        for finding in findings:
            counts[finding.verdict] += 1
        return cls(**{verdict.value: count for verdict, count in counts.items()})

    @property
    def score(self) -> float | None:
        """Share of PASS among PASS, FAIL and UNKNOWN, 0 to 100; None where nothing was judged. UNKNOWN counts against it."""
        judged = self.PASS + self.FAIL + self.UNKNOWN
        return 100 * self.PASS / judged if judged else None


class Scan(Frozen):
    """What was looked at, with which declaration and policies, when, and how far it got."""

    id: ScanId
    inventory_digest: Digest
    policy_digest: Digest
    selection: str = "everything"
    started: datetime
    finished: datetime | None = None
    state: ScanState
    replayed: bool = False
    """Its answers were recorded earlier: shown on every screen and page."""
    coverage: Coverage = Field(default_factory=lambda: Coverage(targets=0, observed=0))
    totals: Totals = Totals()
