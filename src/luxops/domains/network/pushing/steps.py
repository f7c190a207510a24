"""A plan's steps as they are sent: secrets filled in; and the same plan the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from luxops.domains.network.planning.assembly import plan_digest
from luxops.domains.network.planning.nouns import DevicePlan, NetworkPlan, Step
from luxops.errors import UsageError
from luxops.model import PathChange, TargetId

_REFERENCE = re.compile(r"<secret:([A-Za-z0-9_.-]+)>")
_MASKED = "<secret>"


def secrets_named(plan: NetworkPlan) -> frozenset[str]:
    """Every secret that a step of the plan or of its way back refers to."""
    steps = (step for device in plan.devices for step in (*device.steps, *device.rollback))
    return frozenset(name for step in steps for line in step.lines for name in _REFERENCE.findall(line))


def filled(steps: Iterable[Step], secrets: Mapping[str, str]) -> tuple[Step, ...]:
    """The steps with each `<secret:NAME>` replaced. Raises UsageError for a secret that is not given, or stands masked."""
    return tuple(step.model_copy(update={"lines": tuple(_filled(line, secrets) for line in step.lines)}) for step in steps)


def _filled(line: str, secrets: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if not secrets.get(match[1]):
            raise UsageError(
                f"The plan needs the secret `{match[1]}`, and its value was not given",
                remedy="federation.yaml names it under management.secrets: make the variable or file there readable.",
            )
        if not secrets[match[1]].isprintable():
            raise UsageError(f"The secret `{match[1]}` is no single line of text", remedy="Correct it where it is kept.")
        return secrets[match[1]]

    if _MASKED in line:
        raise UsageError(
            "A step of the plan has a masked secret in it, which would be sent as it stands",
            why="no configuration that was read tells a secret, and the plan names no reference for this one",
        )
    return _REFERENCE.sub(value, line)


def reversed_plan(plan: NetworkPlan, done: Iterable[TargetId]) -> NetworkPlan:
    """The plan that takes these routers back to before, the last one first. Its way back is the plan itself.

    Raises UsageError where none of them is in the plan.
    """
    wanted = set(done)
    devices = tuple(_reversed(device) for device in reversed(plan.devices) if device.device in wanted)
    if not devices:
        raise UsageError("There is nothing to roll back", why="the change has not changed any router")
    return NetworkPlan(devices=devices, unknown=(), digest=plan_digest(devices))


def _reversed(device: DevicePlan) -> DevicePlan:
    return device.model_copy(
        update={
            "observed": device.desired,
            "desired": device.observed,
            "steps": device.rollback,
            "rollback": device.steps,
            "before": device.after,
            "after": device.before,
            "diff": tuple(PathChange(path=d.path, desired=d.actual, actual=d.desired) for d in device.diff),
        }
    )
