"""Push a plan: one router after the other, in the plan's order and so never both of a pair, and no further after a failure."""

from __future__ import annotations

from collections.abc import Mapping

from luxops.domains.network.planning.nouns import DevicePlan, NetworkPlan
from luxops.domains.network.platforms.changing import Changing, Token
from luxops.domains.network.pushing.device import Desk, DevicePush
from luxops.domains.network.pushing.interface import Fences, HeldError
from luxops.domains.network.pushing.mechanisms import MECHANISMS
from luxops.domains.network.pushing.nouns import GOOD, DeviceReport, Outcome, PushReport
from luxops.errors import UsageError
from luxops.federation.schema import Platform
from luxops.model import ChangeId

CHECKS = ("flows", "paths")
"""What should be looked at after each router, beside its own configuration and sessions."""


class Pusher:
    """Pushes approved plans; whether one is approved is not asked here."""

    def __init__(self, desk: Desk, fences: Fences, mechanisms: Mapping[Platform, Changing] = MECHANISMS) -> None:
        limits = desk.limits
        if not 0 < limits.margin < limits.dead_man:
            raise UsageError(
                f"A dead-man timer of {limits.dead_man} s leaves no time to send anything",
                why=f"nothing is sent in its last {limits.margin:g} s",
            )
        self._desk = desk
        self._fences = fences
        self._mechanisms = mechanisms

    def push(self, change: ChangeId, plan: NetworkPlan) -> PushReport:
        """Every router of the plan has one report, also those that were not begun; each is journalled as it comes.

        It may be called again for the same change after it was killed, or has stopped, at any point.
        """
        reports: list[DeviceReport] = []
        stopped_at = ""
        for device in plan.devices:
            if stopped_at:
                report = DeviceReport(
                    device=device.device, outcome=Outcome.NOT_BEGUN, detail=f"the change stopped at {stopped_at}"
                )
            else:
                report = self._one(change, device)
                stopped_at = "" if report.outcome in GOOD else device.device
            self._desk.journal.outcome(report.device, report.outcome, report.detail)
            reports.append(report)
        unchecked = tuple(name for name in CHECKS if name not in self._desk.checks)
        return PushReport(change=change, plan=plan.digest, devices=tuple(reports), unchecked=unchecked)

    def _one(self, change: ChangeId, device: DevicePlan) -> DeviceReport:
        changing = self._mechanisms.get(Platform(device.platform))
        if changing is None:
            detail = f"nothing was sent: luxops cannot push to {device.platform}"
            return DeviceReport(device=device.device, outcome=Outcome.REFUSED, detail=detail)
        try:
            with self._fences.hold(device.device) as fence:
                return DevicePush(self._desk, device, changing, Token(change=change, fence=fence.token), fence).run()
        except HeldError as held:
            return DeviceReport(device=device.device, outcome=Outcome.REFUSED, detail=f"nothing was sent: {held.diagnosis()}")
