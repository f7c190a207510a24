"""A cloud in memory: objects in Pulumi's terms, and the lists that OpenStack's APIs would give of them.

It says how an API writes things, and does nothing that an API does by itself: no checks, no side effects but those named here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from luxops.domains.cloud.kinds import BY_NAME, KINDS
from luxops.domains.cloud.kinds.interface import Each
from luxops.domains.cloud.kinds.server import MARKED
from luxops.domains.cloud.matching import in_order, kind_of
from luxops.domains.cloud.nouns import Declared, Graph, Lookup, Ref, Urn
from luxops.domains.cloud.sweep import Hole, Sweep
from luxops.model import Failure, FailureReason, utc_now

USER: Final = "f" * 32
OWN_PROJECT: Final = "e" * 32
"""In which luxops itself works."""
ROLES: Final = {name: uuid.uuid5(uuid.NAMESPACE_OID, name).hex for name in ("member", "reader", "admin", "manager")}
_SINGULAR: Final = {"network": "networks", "subnet": "subnets", "port": "ports", "router": "routers",
                    "security_group": "security_groups", "security_group_rule": "security_group_rules",
                    "share": "rbac_policies", "floating_ip": "floatingips"}  # fmt: skip
_HEX: Final = frozenset({"project", "people_group"})
"""Kinds of Keystone, whose ids have no dashes."""
DEFAULT_RULES: Final = ["egress any protocol all ports to anywhere (IPv4)", "egress any protocol all ports to anywhere (IPv6)"]


@dataclass
class Thing:
    """One object."""

    kind: str
    id: str
    project: str
    properties: dict[str, Any]
    urn: Urn | None = None


@dataclass
class CloudWorld:
    """Everything there is."""

    things: dict[tuple[str, str], Thing] = field(default_factory=dict)
    holes: dict[Hole, Failure] = field(default_factory=dict)
    ids: dict[Urn, str] = field(default_factory=dict)
    """Of what was declared."""
    _count: int = 0

    @classmethod
    def of(cls, graph: Graph) -> CloudWorld:
        """As if everything declared had been made."""
        world = cls()
        for urn in in_order(graph):
            world.declare(graph.resources[urn])
        return world

    def declare(self, declared: Declared) -> Thing:
        """Make what a program declares."""
        properties = {name: self._filled(value) for name, value in declared.properties.items()}
        project = "" if declared.project is None else str(self._filled(declared.project))
        thing = self.make(kind_of(declared).name, project, properties)
        thing.urn = declared.urn
        self.ids[declared.urn] = thing.id
        return thing

    def make(self, kind: str, project: str, properties: Mapping[str, Any]) -> Thing:
        """An object, declared or not."""
        own = dict(properties)
        identifier = _identifier(kind, own) or self._new(kind)
        thing = Thing(kind, identifier, project or str(own.get("tenantId") or ""), own)
        self.things[kind, identifier] = thing
        return thing

    def _new(self, kind: str) -> str:
        self._count += 1
        made = uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {self._count}")
        return made.hex if kind in _HEX else str(made)

    def at(self, urn: Urn) -> Thing:
        """The object that is the declared one."""
        return next(thing for thing in self.things.values() if thing.urn == urn)

    def drop(self, thing: Thing) -> None:
        """With what is part of it."""
        del self.things[thing.kind, thing.id]
        if thing.kind == "port":
            for kind in ("port_groups", "router_interface"):
                self.things.pop((kind, thing.id), None)

    def called(self, kind: str, name: str) -> list[Thing]:
        return [t for t in self.of_kind(kind) if t.properties.get("name") == name]

    def of_kind(self, kind: str) -> list[Thing]:
        return [thing for thing in self.things.values() if thing.kind == kind]

    def blind(self, collection: str, of: str = "", reason: FailureReason = FailureReason.REFUSED) -> Failure:
        """A list that could not be had, or only without what one project has of it."""
        failure = self.holes[Hole(collection, of)] = Failure(reason=reason, detail=f"{collection} {of}: 500")
        return failure

    def _filled(self, value: Any) -> Any:  # noqa: ANN401 - any declared value
        if isinstance(value, Ref):
            return self.ids[value.urn]
        if isinstance(value, Lookup):
            return answer(value)
        if isinstance(value, Mapping):
            return {key: self._filled(inner) for key, inner in value.items()}
        return [self._filled(inner) for inner in value] if isinstance(value, list | tuple) else value

    def sweep(self) -> Sweep:
        """What a sweep of it would bring."""
        seen = _Rendering(self.things.values()).lists()
        for hole in self.holes:
            seen[hole.collection] = [] if not hole.of else [i for i in seen[hole.collection] if i.get("$of") != hole.of]
        return Sweep(utc_now(), seen, dict(self.holes), {"user_id": USER, "project_id": OWN_PROJECT})


def answer(lookup: Lookup) -> str:
    """What this cloud says to an invoke."""
    if "getAuthScope" in lookup.function:
        return {"userId": USER, "projectId": OWN_PROJECT}[lookup.output]
    return ROLES[dict(lookup.arguments)["name"]]


def _identifier(kind: str, p: Mapping[str, Any]) -> str:
    """Of kinds whose ids follow from what they are; nothing for the others."""
    if kind == "role_assignment":
        return "/".join(p.get(name) or "" for name in ("domainId", "projectId", "groupId", "userId", "roleId"))
    known: dict[str, Callable[[], str]] = {
        "key_pair": lambda: f"{USER}/{p['name']}",
        "flavour": lambda: p["flavorId"],
        "port_groups": lambda: p["portId"],
        "router_routes": lambda: p["routerId"],
        "router_interface": lambda: p.get("portId") or "",
        "default_group": lambda: _default(p["projectId"]),
        "volume_attachment": lambda: f"{p['instanceId']}/{p['volumeId']}",
        **dict.fromkeys(("compute_quota", "volume_quota", "network_quota"), lambda: p["projectId"]),
    }
    return known[kind]() if kind in known else ""


class _Rendering:
    """The APIs' lists."""

    def __init__(self, things: Iterable[Thing]) -> None:
        self._by_kind: dict[str, list[Thing]] = {kind.name: [] for kind in KINDS}
        for thing in things:
            self._by_kind[thing.kind].append(thing)

    def lists(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {name: [] for kind in KINDS for name in kind.reads}
        found |= {"users": [{"id": USER, "name": "admin"}], "roles": [{"id": i, "name": n} for n, i in ROLES.items()]}
        for kind, collection in _SINGULAR.items():
            found[collection] = [_neutron(thing) for thing in self._by_kind[kind]]
        for kind, collection in (
            ("project", "projects"),
            ("people_group", "groups"),
            ("image", "images"),
        ):
            found[collection] = [_plain(thing) for thing in self._by_kind[kind]]
        found["flavors"] = [_plain(t) | {"extra_specs": t.properties.get("extraSpecs") or {}} for t in self._by_kind["flavour"]]
        found["images"] = [item | {"status": "active", "owner": OWN_PROJECT} for item in found["images"]]
        found["role_assignments"] = [_assignment(thing) for thing in self._by_kind["role_assignment"]]
        found["keypairs"] = [{"keypair": {**_plain(t), "fingerprint": "aa:bb"}, "$of": USER} for t in self._by_kind["key_pair"]]
        found["security_groups"] += self._default_groups()
        found["security_group_rules"] += self._default_rules()
        self._join_routers(found)
        self._join_ports(found)
        found["servers"] = [self._server(thing) for thing in self._by_kind["server"]]
        found["volumes"] = [_volume(thing) for thing in self._by_kind["volume"]]
        for kind, collection in (
            ("compute_quota", "compute_use"),
            ("volume_quota", "volume_use"),
            ("network_quota", "network_use"),
        ):
            found[collection] = list(self._quotas(kind))
        return found

    def _quotas(self, kind: str) -> Iterator[dict[str, Any]]:
        """Every project has some, declared or not."""
        set_ = {thing.id: thing.properties for thing in self._by_kind[kind]}
        fields = {name: known.api for name, known in BY_NAME[kind].properties.items() if known.api}
        for project in {**{thing.id: None for thing in self._by_kind["project"]}, **dict.fromkeys(set_)}:
            limits = set_.get(project, {})
            yield {"$of": project, **{api: {"limit": limits.get(name, 10), "used": 0} for name, api in fields.items()}}

    def _default_groups(self) -> list[dict[str, Any]]:
        return [{"id": _default(t.id), "name": "default", "project_id": t.id, "tags": []} for t in self._by_kind["project"]]

    def _default_rules(self) -> Iterator[dict[str, Any]]:
        """As Neutron makes them, unless the group was closed."""
        closed = {thing.properties["projectId"]: thing.properties.get("rules", []) for thing in self._by_kind["default_group"]}
        for project in self._by_kind["project"]:
            for number, _ in enumerate(closed.get(project.id, DEFAULT_RULES)):
                yield {
                    "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{project.id} {number}")), "project_id": project.id,
                    "security_group_id": _default(project.id), "direction": "egress", "ethertype": ("IPv4", "IPv6")[number % 2],
                    "protocol": None, "port_range_min": None, "port_range_max": None, "remote_ip_prefix": None,
                }  # fmt: skip

    def _join_routers(self, found: dict[str, list[Any]]) -> None:
        routes = {thing.id: thing.properties["routes"] for thing in self._by_kind["router_routes"]}
        for router in found["routers"]:
            router["routes"] = [
                {"destination": way["destinationCidr"], "nexthop": way["nextHop"]} for way in routes.get(router["id"], ())
            ]

    def _join_ports(self, found: dict[str, list[Any]]) -> None:
        ports = {port["id"]: port for port in found["ports"]}
        for thing in self._by_kind["router_interface"]:
            own = {
                "id": thing.id, "name": "", "project_id": "", "network_id": "", "mac_address": "fa:16:3e:00:00:01",
                "fixed_ips": [{"subnet_id": thing.properties.get("subnetId"), "ip_address": "192.0.2.1"}], "tags": [],
                "port_security_enabled": False, "admin_state_up": True,
            }  # fmt: skip
            port = ports.setdefault(thing.id, own)
            port |= {"device_owner": "network:router_interface", "device_id": thing.properties["routerId"]}
        for thing in self._by_kind["port_groups"]:
            if thing.id in ports:
                ports[thing.id]["security_groups"] = thing.properties["securityGroupIds"]
        for server in self._by_kind["server"]:
            for network in server.properties["networks"]:
                if network.get("port") in ports:
                    ports[network["port"]] |= {"device_owner": "compute:nova", "device_id": server.id}
        found["ports"] = list(ports.values())

    def _server(self, thing: Thing) -> dict[str, Any]:
        p = thing.properties
        volumes = [
            t.properties["volumeId"] for t in self._by_kind["volume_attachment"] if t.properties["instanceId"] == thing.id
        ]
        return {
            "id": thing.id, "name": p["name"], "tenant_id": thing.project, "user_id": USER, "status": "ACTIVE",
            "metadata": p.get("metadata") or {},
            "OS-EXT-STS:vm_state": "active" if p.get("powerState", "active") == "active" else "stopped",
            "OS-EXT-AZ:availability_zone": p.get("availabilityZone"), "flavor": {"id": p.get("flavorId")},
            "image": {"id": p["imageId"]} if p.get("imageId") else "", "key_name": p.get("keyPair"),
            "config_drive": "True" if p.get("configDrive") else "",
            "os-extended-volumes:volumes_attached": [{"id": volume} for volume in volumes],
        }  # fmt: skip


def _default(project: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"default {project}"))


def _plain(thing: Thing) -> dict[str, Any]:
    known = BY_NAME[thing.kind].properties
    return {"id": thing.id, **{known[name].api: value for name, value in thing.properties.items() if known[name].api}}


def _neutron(thing: Thing) -> dict[str, Any]:
    item = {"name": "", "description": "", "project_id": thing.project, "tags": [], **_plain(thing)}
    special: dict[str, Any] = _SPECIAL[thing.kind](thing.properties) if thing.kind in _SPECIAL else {}
    return item | special


def _network(p: Mapping[str, Any]) -> dict[str, Any]:
    (segment,) = p.get("segments") or [{}]
    return {
        "provider:network_type": segment.get("networkType", "geneve"),
        "provider:physical_network": segment.get("physicalNetwork"),
        "provider:segmentation_id": segment.get("segmentationId"),
    }


def _subnet(p: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "gateway_ip": None if p.get("noGateway") else p.get("gatewayIp") or "192.0.2.1",
        "allocation_pools": p.get("allocationPools") or [],
        "host_routes": [],
        "dns_nameservers": p.get("dnsNameservers") or [],
    }


def _port(p: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "mac_address": "fa:16:3e:00:00:02",
        "fixed_ips": [{"subnet_id": ip["subnetId"], "ip_address": ip.get("ipAddress") or "192.0.2.9"} for ip in p["fixedIps"]],
        "allowed_address_pairs": [
            {"ip_address": pair["ipAddress"], "mac_address": pair.get("macAddress") or "fa:16:3e:00:00:02"}
            for pair in p.get("allowedAddressPairs") or ()
        ],
        "security_groups": [] if p.get("noSecurityGroups") else p.get("securityGroupIds") or ["unknown"],
        "device_owner": "",
        "device_id": "",
    }


def _router(p: Mapping[str, Any]) -> dict[str, Any]:
    if not p.get("externalNetworkId"):
        return {"external_gateway_info": None}
    fixed = [{"subnet_id": ip["subnetId"], "ip_address": ip["ipAddress"]} for ip in p.get("externalFixedIps") or ()]
    outside = {"network_id": p["externalNetworkId"], "enable_snat": p.get("enableSnat"), "external_fixed_ips": fixed}
    return {"external_gateway_info": outside}


_SPECIAL: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "network": _network,
    "subnet": _subnet,
    "port": _port,
    "router": _router,
    "share": lambda _: {"project_id": OWN_PROJECT},
}


def _assignment(thing: Thing) -> dict[str, Any]:
    p = thing.properties
    who = {"user": {"id": p["userId"]}} if p.get("userId") else {"group": {"id": p["groupId"]}}
    where = {"project": {"id": p["projectId"]}} if p.get("projectId") else {"domain": {"id": p["domainId"]}}
    return {"role": {"id": p["roleId"]}, "scope": where, **who}


def _volume(thing: Thing) -> dict[str, Any]:
    item = _plain(thing)
    return {"description": "", "attachments": [], "status": "available", "size": thing.properties["size"],
            "os-vol-tenant-attr:tenant_id": thing.project, "metadata": {}, **item}  # fmt: skip


PER_PROJECT: Final = frozenset(name for kind in KINDS for name, wanted in kind.reads.items() if wanted.each is Each.PROJECT)
MARK_KEY: Final = MARKED
