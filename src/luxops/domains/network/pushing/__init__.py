"""Pushing a plan to routers that go back by themselves unless what was changed is verified and confirmed."""

from luxops.domains.network.planning.assembly import plan_digest
from luxops.domains.network.pushing.access import RouterAccess
from luxops.domains.network.pushing.device import Desk
from luxops.domains.network.pushing.engine import Pusher
from luxops.domains.network.pushing.nouns import DeviceReport, Limits, Outcome, PushReport
from luxops.domains.network.pushing.steps import reversed_plan, secrets_named

__all__ = [
    "Desk", "DeviceReport", "Limits", "Outcome", "PushReport", "Pusher", "RouterAccess", "plan_digest", "reversed_plan",
    "secrets_named",
]  # fmt: skip
