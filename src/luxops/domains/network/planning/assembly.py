"""From what routers run and what they should run to one plan for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from luxops.domains.network.config import RouterConfig
from luxops.domains.network.design import design_router
from luxops.domains.network.drift import differences, tree
from luxops.domains.network.planning.cutting import check_access
from luxops.domains.network.planning.edits import Unplannable
from luxops.domains.network.planning.nouns import DevicePlan, NetworkPlan
from luxops.domains.network.planning.ordering import in_order
from luxops.domains.network.platforms import PLATFORMS
from luxops.domains.network.platforms.interface import CONFIG, RouterPlatform
from luxops.federation import Federation
from luxops.federation.schema import Platform
from luxops.model import Digest, Failure, Observation, PathChange, TargetId, digest_of

Observed = Mapping[TargetId, RouterConfig | Failure]


def observed_configs(observations: Iterable[Observation]) -> dict[TargetId, RouterConfig | Failure]:
    """What routers run, or why that is not known, from observations of whichever facts."""
    found: dict[TargetId, RouterConfig | Failure] = {}
    for observation in observations:
        if observation.fact == CONFIG:
            value = observation.value if isinstance(observation.value, RouterConfig) else observation.failure
            assert value is not None  # noqa: S101 - an observation is a value or a failure
            found[observation.target] = value
    return found


def declared(federation: Federation, routers: Iterable[TargetId]) -> dict[TargetId, RouterConfig]:
    """What each must run by the declaration."""
    designs = {router: design_router(federation, router) for router in routers}
    return {router: PLATFORMS[design.platform].configured(design) for router, design in designs.items()}


def reread(platform: str, lines: Sequence[str], device: TargetId) -> RouterConfig:
    """A plan's `before` or `after` as a configuration again. Raises ParseError where it is none of this router."""
    return PLATFORMS[Platform(platform)].reread(lines, device)


def plan_device(
    platform: RouterPlatform, device: TargetId, before: Sequence[str], after: Sequence[str], user: str
) -> DevicePlan:
    """Steps from one configuration to the other, and back. `user`: the account that luxops manages the router with.

    Raises Unplannable where there is no safe way for either direction.
    """
    found = differences(device, tree(after, platform.driver), tree(before, platform.driver))
    return DevicePlan(
        device=device,
        platform=platform.name.value,
        observed=digest_of(tuple(before)),
        desired=digest_of(tuple(after)),
        diff=tuple(PathChange(path=drift.path, desired=drift.desired, actual=drift.actual) for drift in found),
        steps=platform.steps(before, after, user),
        rollback=platform.steps(after, before, user),
        before=tuple(before),
        after=tuple(after),
    )


def plan_network(federation: Federation, observed: Observed, wanted: Mapping[TargetId, RouterConfig]) -> NetworkPlan:
    """What becomes of the routers of `wanted`, in the order in which they are pushed. Those that need nothing are left out.

    A router that was not observed, or for which luxops has no safe way, stands in `unknown` with the reason: nothing is planned
    for it, and the plan never looks complete.
    """
    user = federation.file.management.user
    devices: list[DevicePlan] = []
    unknown: list[str] = []
    for router in sorted(wanted):
        seen, then = observed.get(router), wanted[router]
        if not isinstance(seen, RouterConfig):
            unknown.append(f"{router}: {seen or 'it was not asked'}")
        elif seen.lines != then.lines:
            try:
                check_access(federation, router, seen, then)
                devices.append(plan_device(PLATFORMS[then.platform], router, seen.lines, then.lines, user))
            except Unplannable as refused:
                unknown.append(f"{router}: nothing is planned for it: {refused}")
    ordered = in_order(federation, devices)
    return NetworkPlan(devices=ordered, unknown=tuple(unknown), digest=plan_digest(ordered))


def plan_digest(devices: Sequence[DevicePlan]) -> Digest:
    """What approvers sign, over the devices in their order."""
    return digest_of([device.model_dump(mode="json") for device in devices])
