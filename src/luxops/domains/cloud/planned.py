"""What programs declare, as policies see it: as if it were there already, in the terms of what is.

Where a live object has another's id, a planned one has the other's URN, so that a policy follows both in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from luxops.domains.cloud.facts import derived_of, fields_of
from luxops.domains.cloud.kinds import BY_TYPE, rest
from luxops.domains.cloud.kinds.interface import ResourceKind
from luxops.domains.cloud.nouns import Declared, Lookup, Ref, StackId, Urn
from luxops.model import Unreadable

if TYPE_CHECKING:
    from luxops.domains.cloud.comparing import Comparison

LIVE_ONLY: Final = Unreadable(reason="only the live cloud shows it")
IMPLIED: Final[Mapping[str, tuple[str, ...]]] = {
    "router_interface": ("networkProject",),
    "share": ("objectProject",),
    "port": ("deviceOwner", "deviceId"),
}
"""Kind → what only a live object shows by itself, and the graph tells of a planned one too."""
_OWNERS: Final = ("tenantId", "projectId")
_PARENTS: Final = ("routerId", "securityGroupId", "portId", "instanceId", "subnetId")
"""What leads to the object that says whose this one is."""


def declarable(kind: ResourceKind) -> bool:
    """Whether a program can declare objects of the kind: what is only watched is in no plan."""
    return kind.create is not rest.not_made_here


class PlannedObjects:
    """The graph's objects, kind by kind and stack by stack."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._resources = comparison.graph.resources

    def of(self, kind: ResourceKind, stack: StackId) -> list[dict[str, Any]]:
        """All that a stack's program declares of a kind."""
        here = self._comparison.graph.by_stack.get(stack, ())
        return [self._object(kind, resource) for resource in here if resource.type == kind.type]

    def _object(self, kind: ResourceKind, resource: Declared) -> dict[str, Any]:
        declared = {**resource.properties, **self._implied(kind, resource)}
        values = {name: _walked(value, self._identifier) for name, value in declared.items()}
        names = {name: self._comparison.readable(_walked(value, self._name)) for name, value in declared.items()}
        own: dict[str, Any] = {name: values.get(name) for name in fields_of(kind)}
        own |= {name: LIVE_ONLY for name in kind.shown if name not in declared}
        own |= derived_of(kind, values)
        return {
            "id": str(resource.urn),
            "name": str(declared.get("name") or resource.name),
            "project": self._project(resource),
            "stack": str(resource.stack),
            "named": {name: names[name] for name, value in values.items() if names[name] != value},
            **own,
        }

    def _identifier(self, reference: Ref | Lookup) -> str:
        if isinstance(reference, Lookup):
            return self._comparison.matched.answer(reference) or str(reference)
        return str(reference.urn) if reference.output == "id" else self._name(reference)

    def _name(self, reference: Ref | Lookup) -> str:
        """As the cloud would write it; of what is asked by its name, that name."""
        if isinstance(reference, Ref):
            resource = self._resources.get(reference.urn)
            return str(reference) if resource is None else str(resource.properties.get("name") or resource.name)
        answer = self._comparison.matched.answer(reference)
        known = answer and str(self._comparison.readable(answer))
        return known if known and known != answer else dict(reference.arguments).get("name", str(reference))

    def _project(self, resource: Declared | None) -> str:
        """Name of the project in which it will be; nothing where it belongs to none."""
        if resource is None:
            return ""
        for name in _OWNERS:
            if (owner := resource.properties.get(name)) is not None:
                return str(self._comparison.readable(_walked(owner, self._name)))
        if resource.project is not None:
            return self._name(resource.project)
        parent = next((found for name in _PARENTS if (found := self._led_to(resource, name)) is not None), None)
        return self._project(parent)

    def _led_to(self, resource: Declared, name: str) -> Declared | None:
        """The resource that a property leads to."""
        reference = resource.properties.get(name)
        return self._resources.get(reference.urn) if isinstance(reference, Ref) else None

    def _implied(self, kind: ResourceKind, resource: Declared) -> dict[str, Any]:
        """What follows from other resources."""
        if kind.name == "port":
            owner, device = self._devices.get(resource.urn, ("", ""))
            return {"deviceOwner": owner, "deviceId": device}
        if kind.name == "share":
            return _owner("objectProject", self._led_to(resource, "objectId"))
        return self._joined(resource) if kind.name == "router_interface" else {}

    def _joined(self, resource: Declared) -> dict[str, Any]:
        """What a router's interface joins, also where the program says it only by the port."""
        port = self._led_to(resource, "portId")
        subnet = resource.properties.get("subnetId")
        if port is not None and not subnet:
            subnet = next((ip.get("subnetId") for ip in port.properties.get("fixedIps") or ()), None)
        there = port or self._led_to(resource, "subnetId")
        network = None if there is None else self._led_to(there, "networkId")
        return {"subnetId": subnet, **_owner("networkProject", network)}

    @cached_property
    def _devices(self) -> Mapping[Urn, tuple[str, Ref]]:
        """Port → what Neutron will call its owner, and whose it will be."""
        found: dict[Urn, tuple[str, Ref]] = {}
        for resource in self._resources.values():
            kind = BY_TYPE[resource.type].name
            if kind == "router_interface" and isinstance(port := resource.properties.get("portId"), Ref):
                found[port.urn] = ("network:router_interface", resource.properties["routerId"])
            if kind == "server":
                for network in resource.properties.get("networks") or ():
                    if isinstance(port := network.get("port"), Ref):
                        found[port.urn] = ("compute:", Ref(resource.urn))
        return found


def _owner(name: str, resource: Declared | None) -> dict[str, Any]:
    """Whose a resource is, by the given name; nothing where that is not declared."""
    owner = None if resource is None else resource.properties.get("tenantId")
    return {} if owner is None else {name: owner}


def _walked(value: Any, told: Callable[[Ref | Lookup], str]) -> Any:  # noqa: ANN401 - any declared value
    """The value with text in place of references."""
    if isinstance(value, Ref | Lookup):
        return told(value)
    if isinstance(value, Mapping):
        return {key: _walked(inner, told) for key, inner in value.items()}
    return [_walked(inner, told) for inner in value] if isinstance(value, list | tuple) else value
