"""What a plan does to paths: while each router is out, and when all is done."""

from __future__ import annotations

from luxops.domains.network.config import RouterConfig
from luxops.domains.network.paths import Element, Loss, Network, impact
from luxops.domains.network.planning.assembly import declared, reread
from luxops.domains.network.planning.nouns import DevicePlan, NetworkPlan
from luxops.federation import Federation
from luxops.model import Frozen, TargetId, digest_of


class DeviceImpact(Frozen):
    """What flows lose with one router of the plan."""

    device: TargetId
    while_out: tuple[Loss, ...]
    """If it were out at its turn: the routers before it are changed, those after it not yet."""
    after: tuple[Loss, ...]
    """By its own change, with it up again."""


class Consequences(Frozen):
    """What a plan does to paths."""

    devices: tuple[DeviceImpact, ...]
    """One for each device of the plan, in its order."""
    after: tuple[Loss, ...]
    """When all of it is done, against now."""


def consequences(federation: Federation, plan: NetworkPlan) -> Consequences:
    """Routers that are not in the plan are taken as declared. Raises ParseError for lines that are no configuration."""
    configs: dict[str, RouterConfig] = {device.device: before_of(device) for device in plan.devices}
    then = planned_configs(federation, plan)
    beginning = here = Network.configured(federation, configs)
    found = []
    for device in plan.devices:
        configs = {**configs, device.device: then[device.device]}
        following = Network.configured(federation, configs)
        out = here.without(Element(kind="router", id=device.device))
        found.append(DeviceImpact(device=device.device, while_out=impact(here, out), after=impact(here, following)))
        here = following
    return Consequences(devices=tuple(found), after=impact(beginning, here))


def before_of(device: DevicePlan) -> RouterConfig:
    """The configuration planned against."""
    return reread(device.platform, device.before, device.device)


def planned_configs(federation: Federation, plan: NetworkPlan) -> dict[TargetId, RouterConfig]:
    """What each router of the plan shall run: as declared where it is that, or as its lines say."""
    wanted = declared(federation, [d.device for d in plan.devices if d.device in federation.routers])
    return {d.device: _then(d, wanted.get(d.device)) for d in plan.devices}


def _then(device: DevicePlan, wanted: RouterConfig | None) -> RouterConfig:
    if wanted is not None and digest_of(wanted.lines) == device.desired:
        return wanted
    return reread(device.platform, device.after, device.device)


def stopping(losses: tuple[Loss, ...]) -> list[str]:
    """Why paths forbid it, a sentence for each pair of places: a flow would lose its last path, or that cannot be told."""
    found: dict[str, set[str]] = {}
    for loss in losses:
        if loss.lost != "spare":
            what = "loses its path" if loss.lost == "path" else "cannot be told to keep its path"
            found.setdefault(f"{loss.source} to {loss.destination} {what}: {loss.reason}", set()).add(loss.flow)
    return [f"{text} ({', '.join(sorted(flows))})"[:500] for text, flows in sorted(found.items())]
