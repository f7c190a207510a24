"""What every format renders: one finished scan with the words that explain it. Frozen, ordered, counted once."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property

from pydantic import ConfigDict

from luxops.federation import Federation
from luxops.model import (
    Coverage,
    Digest,
    Frozen,
    Policy,
    PolicyId,
    Scan,
    Severity,
    Target,
    TargetId,
    TargetKind,
    Totals,
)
from luxops.policies.nouns import Framework, Waiver
from luxops.store.views import RecordedDrift, RecordedFinding

DOMAINS: Mapping[TargetKind, str] = {
    TargetKind.HOST: "hosts",
    TargetKind.ROUTER: "network",
    TargetKind.CLOUD: "cloud",
    TargetKind.SERVICE: "services",
}
"""Kind of a target → the domain that looks after it."""


class ReportedFederation(Frozen):
    """Whose report this is."""

    id: str
    name: str
    owners: Mapping[str, str]
    """Id → name of each hospital, and of the federation for what it runs itself."""
    digest: Digest
    """Of the declaration that these names were read from."""

    @classmethod
    def of(cls, federation: Federation) -> ReportedFederation:
        owners = {hospital.id: hospital.name for hospital in federation.hospitals.values()}
        return cls(
            id=federation.file.id,
            name=federation.file.name,
            owners={**owners, federation.file.id: federation.file.name},
            digest=federation.digest,
        )


class ReportedWaiver(Frozen):
    """A waiver that covers targets of this report."""

    waiver: Waiver
    in_force: bool
    """On the day of the scan."""
    findings: int
    """WAIVED findings of its policy on the targets that it covers."""


class Tally(Frozen):
    """Counts over one part of the report: a domain, a hospital, a policy, a target."""

    key: str
    title: str = ""
    targets: int
    observed: int
    """Targets of which every fact was observed."""
    totals: Totals
    drift: int

    @property
    def complete(self) -> bool:
        return self.targets > 0 and self.observed == self.targets


class SeverityTally(Frozen):
    severity: Severity
    totals: Totals
    drift: int


class RequirementState(StrEnum):
    """What the checks mapped to a requirement say of it, worst first. No check can show that a requirement is met in full."""

    FAILS = "fails"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    HOLDS = "holds where checked"
    NOT_ASSESSED = "not assessed"


class RequirementTally(Frozen):
    """One requirement of one framework, with the findings of all policies mapped to it."""

    framework: str
    requirement: str
    words: str
    policies: tuple[PolicyId, ...]
    totals: Totals

    @property
    def state(self) -> RequirementState:
        for count, state in (
            (self.totals.FAIL, RequirementState.FAILS),
            (self.totals.UNKNOWN, RequirementState.UNKNOWN),
            (self.totals.WAIVED, RequirementState.WAIVED),
            (self.totals.PASS, RequirementState.HOLDS),
        ):
            if count:
                return state
        return RequirementState.NOT_ASSESSED


class Report(Frozen):
    """Made by `build_report`, which alone guarantees that the counts agree with the findings and with the scan."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    scan: Scan
    """As it was recorded, over all its targets."""
    selection: str
    """What of the scan this report covers."""
    federation: ReportedFederation
    policies_digest: Digest
    """Of the policies whose words stand here; the verdicts stem from `scan.policy_digest`."""
    targets: tuple[Target, ...]
    policies: tuple[Policy, ...]
    frameworks: tuple[Framework, ...]
    waivers: tuple[ReportedWaiver, ...]
    coverage: Coverage
    totals: Totals
    findings: tuple[RecordedFinding, ...]
    drift: tuple[RecordedDrift, ...]
    by_domain: tuple[Tally, ...]
    by_hospital: tuple[Tally, ...]
    by_target: tuple[Tally, ...]
    by_policy: tuple[Tally, ...]
    by_severity: tuple[SeverityTally, ...]
    by_requirement: tuple[RequirementTally, ...]

    @property
    def replayed(self) -> bool:
        """Whether its answers were recorded earlier, not given by live targets."""
        return self.scan.replayed

    @property
    def complete(self) -> bool:
        """Whether every target was observed in full and something was judged."""
        return self.coverage.complete and self.totals.score is not None

    @cached_property
    def target_of(self) -> Mapping[TargetId, Target]:
        return {target.id: target for target in self.targets}

    @cached_property
    def policy_of(self) -> Mapping[PolicyId, Policy]:
        """A finding's policy may be gone from `policies/` since: then it is not in here."""
        return {policy.id: policy for policy in self.policies}

    @cached_property
    def framework_of(self) -> Mapping[str, Framework]:
        return {framework.id: framework for framework in self.frameworks}

    def verified(self, drift: RecordedDrift) -> bool:
        """Whether this scan saw the difference itself. If not, an earlier one did and this one could not tell."""
        return drift.verified_at >= self.scan.started

    def owner(self, owner_id: str) -> str:
        """A hospital's name, or its id where the declaration no longer has it."""
        return self.federation.owners.get(owner_id, owner_id)

    def domain(self, target_id: TargetId) -> str:
        return DOMAINS[self.target_of[target_id].kind]
