"""The cloud as a domain: one target a stack, all of them seen in one sweep."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from luxops.domains.cloud.comparing import Comparison
from luxops.domains.cloud.drift import DOMAIN, drift_of
from luxops.domains.cloud.facts import SweepFact, fact_name, live_object, value_of
from luxops.domains.cloud.graph_cache import declared_graph
from luxops.domains.cloud.kinds import KINDS
from luxops.domains.cloud.kinds.interface import ResourceKind
from luxops.domains.cloud.naming import Namer
from luxops.domains.cloud.nouns import Graph, Live, ProjectId, StackId
from luxops.domains.cloud.owners import Owners
from luxops.domains.cloud.programs import Program, waves_of
from luxops.domains.cloud.recording import Look
from luxops.domains.cloud.sweep import Sweep
from luxops.model import Drift, FactName, FactValue, Failure, Observation, Target, TargetId, TargetKind
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from luxops.federation import Federation
    from luxops.progress import Progress
    from luxops.settings import CloudSettings

SWEEP = FactName("cloud_sweep")


class Desired(NamedTuple):
    federation: Federation
    graph: Graph


class CloudDomain:
    """Everything that the programs in `stacks/` declare, and everything that OpenStack has."""

    name = DOMAIN

    def __init__(self, settings: CloudSettings, look: Look) -> None:
        """`look`: at the cloud itself, or at what an earlier look saw."""
        self._settings = settings
        self._look = look
        self._compared: tuple[str, Sweep, Comparison] | None = None
        """Of the last graph and sweep: all targets are compared with the same two."""

    def targets(self, federation: Federation) -> Sequence[Target]:
        return targets_of(federation)

    def desired(self, federation: Federation) -> Desired:
        return Desired(federation, declared_graph(federation, self._settings.stacks, self._settings.cache))

    def observe(self, targets: Sequence[Target], progress: Progress) -> Iterator[Sequence[Observation]]:
        began = time.monotonic()
        for target in targets:
            progress.observing(target.id)
        try:
            seen = self._look()
        except CloudError as error:
            for target in targets:
                progress.observed(target.id, time.monotonic() - began, error.failure)
                yield [Observation.of(target.id, fact_name(kind), error.failure) for kind in KINDS]
            return
        found = _by_stack(seen)
        for target in targets:
            observed = list(_observations(target, seen, found))
            failure = next((o.failure for o in observed if o.failure is not None), None)
            progress.observed(target.id, time.monotonic() - began, failure)
            yield observed

    def compare(self, desired: Desired, observations: Sequence[Observation]) -> Sequence[Drift]:
        seen = next((o.value for o in observations if isinstance(o.value, SweepFact)), None)
        if seen is None:
            return []
        comparison = self._comparison(desired, seen.sweep)
        target = observations[0].target
        stack = next(t.labels["stack"] for t in self.targets(desired.federation) if t.id == target)
        return list(drift_of(comparison, target, StackId(stack)))

    def _comparison(self, desired: Desired, seen: Sweep) -> Comparison:
        kept = self._compared
        if kept is None or kept[0] != desired.graph.digest or kept[1] is not seen:
            kept = self._compared = (desired.graph.digest, seen, Comparison(desired.federation, desired.graph, seen))
        return kept[2]


def targets_of(federation: Federation) -> list[Target]:
    """One a stack."""
    return [_target(federation, program) for wave in waves_of(federation) for program in wave]


def _target(federation: Federation, program: Program) -> Target:
    labels = {"stack": program.id, "project": program.name, "platform": federation.file.id}
    bastions = federation.file.management.bastions
    labels["bastions"] = ",".join(f"{bastion.address}/32" for bastion in bastions)
    labels["operators"] = ""  # they reach bastions, which are the platform's, and nothing else
    name, owner = program.name, program.name
    if program.project == "services":
        owner = federation.services[program.name].provider
        labels["service"] = program.name
    elif program.project != "tenant":
        name = program.project
    if program.project == "platform":
        labels["operators"] = ",".join(sorted({str(prefix) for bastion in bastions for prefix in bastion.operators}))
        labels["declared"] = ",".join(p.name for wave in waves_of(federation) for p in wave)
    return Target(id=TargetId(f"cloud-{name}"), kind=TargetKind.CLOUD, hospital=owner, labels=labels)


def _by_stack(seen: Sweep) -> Mapping[str, Mapping[str, list[Live]]]:
    """Stack or project's name → kind → objects. What carries a mark is its stack's; the rest, its owner's."""
    projects = {project["id"]: project["name"] for project in seen.seen["projects"]}
    owners = Owners(seen)
    found: dict[str, dict[str, list[Live]]] = {}
    for kind, objects in seen.live(KINDS).items():
        for live in objects:
            found.setdefault(live.stack or projects.get(owners.project_of(live), ""), {}).setdefault(kind, []).append(live)
    return found


def _observations(target: Target, seen: Sweep, found: Mapping[str, Mapping[str, list[Live]]]) -> Iterator[Observation]:
    namer = Namer(seen)
    here = _of_target(target, found)
    for kind in KINDS:
        yield Observation.of(target.id, fact_name(kind), _outcome(target, kind, seen, here, namer), seen.taken_at)
    yield Observation.of(target.id, SWEEP, SweepFact.holding(seen), seen.taken_at)


def _of_target(target: Target, found: Mapping[str, Mapping[str, list[Live]]]) -> Mapping[str, list[Live]]:
    """The platform answers for its own, and for what stands in a project that nobody declares."""
    stack, project = target.labels["stack"], target.labels["project"]
    names = {stack} if stack.startswith("fibre/") else {stack, project}
    if "declared" in target.labels:
        declared = set(target.labels["declared"].split(","))
        names |= {name for name in found if name not in declared and "/" not in name}
    here: dict[str, list[Live]] = {}
    for name in sorted(names & found.keys()):
        for kind, objects in found[name].items():
            here.setdefault(kind, []).extend(objects)
    return here


def _outcome(
    target: Target, kind: ResourceKind, seen: Sweep, here: Mapping[str, list[Live]], namer: Namer
) -> FactValue | Failure:
    """What the target has of a kind, unless some of it may not have been shown."""
    ids = {project["name"]: project["id"] for project in seen.seen["projects"]}
    own = "" if "declared" in target.labels else ids.get(target.labels["project"], "")
    why = seen.why_unknown(kind, ProjectId(own))
    return why or value_of(kind, [live_object(kind, live, namer) for live in here.get(kind.name, [])])
