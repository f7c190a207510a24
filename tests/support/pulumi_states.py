"""What tests of the `pulumi` engine share: a recorded stack, and a state of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from luxops.domains.cloud.nouns import StackId, Urn

RECORDED = Path(__file__).parents[1] / "cloud" / "recorded"
STACK = StackId("tenant/small")
NETWORK = Urn("tenant/small::openstack:networking/network:Network::net0")
RULE = Urn("tenant/small::openstack:networking/secGroupRule:SecGroupRule::rule")
PROJECT = Urn("tenant/small::openstack:identity/project:Project::small")


def exported(*operations: tuple[str, str]) -> dict[str, Any]:
    """A state with one project, and with operations that nobody knows the end of."""
    resource = {
        "urn": "urn:pulumi:small::tenant::a:b:Project::small",
        "type": "a:b:Project",
        "custom": True,
        "id": "1",
        "protect": True,
    }
    waiting = [
        {
            "type": operation,
            "resource": {
                "urn": f"urn:pulumi:small::tenant::a:b:Network::{name}",
                "type": "a:b:Network",
                "custom": True,
                "inputs": {"__defaults": [], "name": f"net-{name}"},
                "dependencies": [resource["urn"]],
            },
        }
        for operation, name in operations
    ]
    return {"version": 3, "deployment": {"resources": [resource], "pending_operations": waiting, "manifest": {"time": "t"}}}
