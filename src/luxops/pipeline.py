"""The whole main job: observe what is selected, judge it, compare it with what is declared, record all three."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from luxops.errors import UsageError
from luxops.model import Coverage, Drift, Finding, Frozen, Observation, Scan, Selection, Target, utc_now
from luxops.model.scan import UnknownTarget

if TYPE_CHECKING:
    from luxops.domains.interface import Domain
    from luxops.evaluation import Evaluator
    from luxops.federation import Federation
    from luxops.progress import Progress
    from luxops.store import Store


class Outcome(Frozen):
    """One finished scan with all it found, in an order that does not depend on who answered first."""

    scan: Scan
    targets: tuple[Target, ...]
    findings: tuple[Finding, ...]
    drift: tuple[Drift, ...]
    measured: tuple[Observation, ...] = ()
    """Volatile observations: what the look cost its targets, where they tell."""


def scan(
    federation: Federation,
    domains: Sequence[Domain],
    evaluator: Evaluator,
    selection: Selection,
    store: Store,
    progress: Progress,
    *,
    replayed: bool = False,
) -> Outcome:
    """One finished scan. Raises UsageError where nothing is selected; a target's failure is an UNKNOWN, never an exception.

    Ended early, by any exception or signal, it leaves a scan marked as interrupted and nothing else.
    """
    declared = {domain.name: domain.targets(federation) for domain in domains}
    everything = [target for targets in declared.values() for target in targets]
    chosen = selection.checked(everything)
    _refuse_unjudged(chosen, evaluator)
    found = _Found()
    with store.begin_scan(
        inventory_digest=federation.digest,
        policy_digest=evaluator.digest,
        selection=str(selection),
        replayed=replayed,
        declared=[target.id for target in everything],
    ) as record:
        for domain in domains:
            awaited = {target.id: target for target in selection.of(declared[domain.name])}
            if not awaited:
                continue  # a domain may look at everything at once, whatever is asked of it
            desired = domain.desired(federation)
            progress.started(domain.name, len(awaited))
            for observed in domain.observe(list(awaited.values()), progress):
                target = awaited.pop(observed[0].target)
                findings = evaluator.evaluate(target, observed, utc_now())
                drift = domain.compare(desired, observed)
                record.add(target, domain.name, [o for o in observed if not _is_volatile(o)], findings, drift)
                found.add(observed, findings, drift)
            if awaited:
                raise AssertionError(f"{domain.name} owes an observation of {', '.join(awaited)}")
            progress.finished(domain.name)
        return found.outcome(record.finish(found.coverage(len(chosen))), chosen)


@dataclass
class _Found:
    """What a scan has gathered so far."""

    findings: list[Finding] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    unknown: list[UnknownTarget] = field(default_factory=list)
    measured: list[Observation] = field(default_factory=list)

    def add(self, observed: Sequence[Observation], findings: Sequence[Finding], drift: Sequence[Drift]) -> None:
        self.findings += findings
        self.drift += drift
        self.measured += [o for o in observed if _is_volatile(o)]
        # The first failure stands for the target.
        self.unknown += [UnknownTarget(target=o.target, failure=o.failure) for o in observed if o.failure is not None][:1]

    def coverage(self, targets: int) -> Coverage:
        unknown = tuple(sorted(self.unknown, key=lambda u: u.target))
        return Coverage(targets=targets, observed=targets - len(unknown), unknown=unknown)

    def outcome(self, scan: Scan, targets: Sequence[Target]) -> Outcome:
        return Outcome(
            scan=scan,
            targets=tuple(targets),
            findings=tuple(sorted(self.findings, key=lambda f: (f.severity.rank, f.target, f.policy))),
            drift=tuple(sorted(self.drift, key=lambda d: (d.severity.rank, d.target, d.path))),
            measured=tuple(sorted(self.measured, key=lambda o: (o.target, o.fact))),
        )


def _is_volatile(observation: Observation) -> bool:
    return observation.value is not None and observation.value.volatile


def _refuse_unjudged(chosen: Sequence[Target], evaluator: Evaluator) -> None:
    """Targets without a single check would count as looked at, and their hospital as well."""
    unjudged = sorted({str(target.kind) for target in chosen if not evaluator.judges(target.kind)})
    if unjudged:
        raise UsageError(
            f"No policy addresses {' or '.join(unjudged)} targets",
            why="they would be observed and judged by nothing",
            remedy="Add policies for them, or select others.",
        )
