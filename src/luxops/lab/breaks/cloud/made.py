"""One object too many in Neutron: a rule, a share, a network that nobody declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from luxops.domains.cloud.kinds import rest
from luxops.lab.breaks.cloud.hands import ANYWHERE, SCRATCH, CloudBreak, Hands, Id, causes
from luxops.lab.breaks.interface import Bench


class Made(CloudBreak):
    """The object is known by all that is said of it: Neutron's lists find it so."""

    path: str
    singular: str
    """What the API calls one in a body; its plural is the list's name."""
    body: Mapping[str, Any]
    plural: str = ""

    def apply(self, bench: Bench) -> None:
        if not self._there(bench):
            hands = Hands(bench)
            hands.session.send("POST", "network", self.path, {self.singular: hands.filled(self.body)})

    def heal(self, bench: Bench) -> None:
        for identifier in self._there(bench):
            rest.deleted(bench.cloud, "network", f"{self.path}/{identifier}")

    def in_force(self, bench: Bench) -> bool:
        return bool(self._there(bench))

    def _there(self, bench: Bench) -> list[str]:
        hands = Hands(bench)
        query = {name: str(value) for name, value in hands.filled(self.body).items()}
        found = hands.session.listed("network", self.path, self.plural or f"{self.singular}s", parameters=query)
        return [item["id"] for item in found]


class RuleMade(Made):
    path: str = "/security-group-rules"
    singular: str = "security_group_rule"


class ShareMade(Made):
    path: str = "/rbac-policies"
    singular: str = "rbac_policy"
    plural: str = "rbac_policies"


BREAKS = (
    RuleMade(
        name="cloud-rule-added",
        title="a rule that lets in SSH from anywhere was added by hand",
        target="cloud-chl",
        causes=causes(
            "cloud-chl",
            "security group rule chl-imaging-dc1: ingress tcp 22 from anywhere (IPv4)",
            fails=("cloud-management-ports", "cloud-open-to-the-world", "cloud-rule-only-declared", "cloud-rule-prefix"),
        ),
        body={
            "security_group_id": Id("security_group", "chl-imaging-dc1"),
            "direction": "ingress",
            "ethertype": "IPv4",
            "protocol": "tcp",
            "port_range_min": 22,
            "port_range_max": 22,
            "remote_ip_prefix": ANYWHERE,
        },
    ),
    RuleMade(
        name="cloud-default-group",
        title="a project's default security group was opened",
        target="cloud-chnp",
        causes=causes("cloud-chnp", "default security group of chnp/rules", fails=("cloud-default-group-empty",)),
        body={
            "security_group_id": Id("security_group", "default", project="chnp"),
            "direction": "ingress",
            "ethertype": "IPv4",
            "remote_ip_prefix": ANYWHERE,
        },
    ),
    ShareMade(
        name="cloud-share",
        title="a hospital's network is shared with another hospital",
        target="cloud-chnp",
        causes=causes(
            "cloud-chnp", "RBAC share access_as_shared of network chnp-clinical for hrs", fails=("cloud-share-of-tenant",)
        ),
        body={
            "object_type": "network",
            "object_id": Id("network", "chnp-clinical"),
            "action": "access_as_shared",
            "target_tenant": Id("project", "hrs"),
        },
    ),
    ShareMade(
        name="cloud-wildcard-share",
        title="a hospital's network is shared with every project",
        target="cloud-hrs",
        causes=causes(
            "cloud-hrs",
            "RBAC share access_as_shared of network hrs-clinical for *",
            "network hrs-clinical/shared",
            fails=("cloud-network-shared", "cloud-share-of-tenant", "cloud-share-wildcard"),
        ),
        body={
            "object_type": "network",
            "object_id": Id("network", "hrs-clinical"),
            "action": "access_as_shared",
            "target_tenant": "*",
        },
    ),
    Made(
        name="cloud-network",
        title="a hospital's project has a network that nobody declared",
        target="cloud-hrs",
        causes=causes("cloud-hrs", f"network {SCRATCH}", fails=("cloud-network-marked",)),
        path="/networks",
        singular="network",
        body={"name": SCRATCH, "project_id": Id("project", "hrs")},
    ),
)
