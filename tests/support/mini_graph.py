"""A graph of one tiny tenant, made without a program: it comes and goes in seconds, on a real cloud too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from luxops.domains.cloud.kinds import BY_NAME
from luxops.domains.cloud.nouns import Declared, Graph, Lookup, Ref, StackId, Urn, mark_of_stack, references
from luxops.model import digest_of

SCOPE = "openstack:identity/getAuthScope:getAuthScope"
ROLE = "openstack:identity/getRole:getRole"
RULES = (("ingress", "tcp", 443), ("ingress", "tcp", 11112), ("egress", "udp", 123))
PORTS = (10, 11)
FAR = "10.252.1.0/24"


def mini(name: str, *, protect: bool = False, without: tuple[str, ...] = ()) -> Graph:
    """The graph of stack `tenant/NAME`; `without`: logical names that are left out. `protect`: the project is protected."""
    declared = {r.urn: r for r in _Mini(name, protect).resources() if r.name not in without}
    stacks = (StackId(f"tenant/{name}"),)
    digest = digest_of([[r.urn, str(r.properties), r.depends_on] for r in declared.values()])
    return Graph(resources=declared, stacks=stacks, digest=digest)


class _Mini:
    def __init__(self, name: str, protect: bool) -> None:  # noqa: FBT001 - of one caller
        self._name = name
        self._stack = StackId(f"tenant/{name}")
        self._protect = protect
        self._tags = [mark_of_stack("tenant", name)]
        self._project = self._ref("project", "project")

    def _urn(self, kind: str, name: str) -> Urn:
        return Urn(f"{self._stack}::{BY_NAME[kind].type}::{name}")

    def _ref(self, kind: str, name: str) -> Ref:
        return Ref(self._urn(kind, name))

    def _made(self, kind: str, logical: str, /, **properties: Any) -> Declared:  # noqa: ANN401 - any property value
        """In the project, unless it is not of the kinds that have one."""
        if "tenantId" in BY_NAME[kind].properties:
            properties["tenantId"] = self._project
        if "tags" in BY_NAME[kind].properties:
            properties["tags"] = self._tags
        needs = {ref.urn for ref in references(properties) if isinstance(ref, Ref)}
        if kind not in {"project", "network_quota", "compute_quota", "volume_quota", "role_assignment"}:
            needs |= {self._urn("network_quota", "network-quota")}
        return Declared(
            urn=self._urn(kind, logical), stack=self._stack, type=BY_NAME[kind].type, name=logical, properties=properties,
            depends_on=tuple(sorted(needs)), protect=self._protect and kind == "project",
        )  # fmt: skip

    def resources(self) -> Iterator[Declared]:
        made, name, project = self._made, self._name, self._project
        yield made("project", "project", name=name, domainId="default", description="for a test", enabled=True, isDomain=False)
        yield made("network_quota", "network-quota", projectId=project, network=3, subnet=3, port=9, router=1, securityGroup=3)
        yield made("compute_quota", "compute-quota", projectId=project, cores=1, ram=64, instances=0)
        yield made("volume_quota", "volume-quota", projectId=project, gigabytes=1, volumes=0)
        me, member = Lookup(SCOPE, (("name", "luxops"),), "userId"), Lookup(ROLE, (("name", "member"),), "id")
        yield made("role_assignment", "member", projectId=project, roleId=member, userId=me)
        yield made("default_group", "default", projectId=project, rules=[])
        yield made("network", "net", name=f"{name}-net", adminStateUp=True, shared=False, portSecurityEnabled=True)
        network = self._ref("network", "net")
        yield made("subnet", "sub", name=f"{name}-sub", networkId=network, cidr="10.252.0.0/24", ipVersion=4,
                   gatewayIp="10.252.0.1", enableDhcp=False)  # fmt: skip
        subnet = self._ref("subnet", "sub")
        yield made("router", "router", name=f"{name}-router", adminStateUp=True)
        yield made("router_interface", "joined", routerId=self._ref("router", "router"), subnetId=subnet)
        yield made("security_group", "group", name=f"{name}-group", description="", stateful=True, deleteDefaultRules=True)
        group = self._ref("security_group", "group")
        for direction, protocol, port in RULES:
            yield made("security_group_rule", f"{direction}-{port}", securityGroupId=group, direction=direction,
                       ethertype="IPv4", protocol=protocol, portRangeMin=port, portRangeMax=port, remoteIpPrefix=FAR,
                       description=f"{self._tags[0]} for a test")  # fmt: skip
        for number in PORTS:
            yield made("port", f"port{number}", name=f"{name}-port{number}", networkId=network, adminStateUp=True,
                       portSecurityEnabled=True, fixedIps=[{"subnetId": subnet, "ipAddress": f"10.252.0.{number}"}],
                       allowedAddressPairs=[], securityGroupIds=[group])  # fmt: skip
            yield made("port_groups", f"port{number}", portId=self._ref("port", f"port{number}"), securityGroupIds=[group],
                       enforce=True)  # fmt: skip
