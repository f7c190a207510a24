"""An exported state, read and edited. Every function returns a new one: what was exported is not changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from luxops.domains.cloud.engines.pulumi.protocol import PulumiUrn, urn_of
from luxops.domains.cloud.nouns import Urn
from luxops.model import Frozen

Deployment = Mapping[str, Any]
"""`version` and `deployment`, as `pulumi stack export` writes it."""

_MAKING: Final = frozenset({"creating", "importing"})


class Pending(Frozen):
    """An operation that a run began and whose end it did not live to write down."""

    urn: Urn
    pulumi_urn: PulumiUrn
    operation: str
    """`creating`, `updating`, `deleting`, `reading` or `importing`."""
    type: str
    name: str
    """Declared name, or the logical one where none is declared."""
    inputs: Mapping[str, Any]

    @property
    def may_be_there(self) -> bool:
        """Whether the cloud may have an object that the state does not know, and that another run would make again."""
        return self.operation in _MAKING


def pending(exported: Deployment) -> tuple[Pending, ...]:
    """What an interrupted run has left, in the order in which it began."""
    return tuple(_pending(operation) for operation in _inner(exported).get("pending_operations") or ())


def _pending(operation: Mapping[str, Any]) -> Pending:
    resource = operation["resource"]
    urn = urn_of(resource["urn"])
    inputs = {key: value for key, value in (resource.get("inputs") or {}).items() if not key.startswith("__")}
    return Pending(
        urn=urn,
        pulumi_urn=resource["urn"],
        operation=operation["type"],
        type=resource["type"],
        name=str(inputs.get("name") or urn.rpartition("::")[2]),
        inputs=inputs,
    )


def settled(exported: Deployment, adopted: Mapping[Urn, str]) -> Deployment:
    """The state without pending operations. What the cloud has made (URN → its id) becomes a resource like any other.

    Its outputs stay empty: `up` refreshes before it compares. What an update or a deletion came to, a refresh sees by itself.
    """
    resources = list(_inner(exported).get("resources") or ())
    known = {resource["urn"] for resource in resources if not resource.get("delete")}
    for operation in _inner(exported).get("pending_operations") or ():
        made = adopted.get(urn_of(operation["resource"]["urn"]))
        if operation["type"] in _MAKING and made is not None and operation["resource"]["urn"] not in known:
            # Last: everything that it depends on is there already, and nothing depends on it.
            resources.append({**operation["resource"], "id": made, "outputs": {}})
    return _with(exported, resources=resources, pending_operations=[])


def owned(exported: Deployment) -> tuple[tuple[Urn, str], ...]:
    """URN and type of every object of the cloud that the stack has, the last made first."""
    found = [
        (urn_of(r["urn"]), str(r["type"]))
        for r in _resources(exported)
        if r.get("custom") and not r["type"].startswith("pulumi:")
    ]
    return tuple(dict.fromkeys(reversed(found)))


def protected(exported: Deployment) -> tuple[str, ...]:
    """Logical names of everything that is protected."""
    return tuple(sorted(urn_of(r["urn"]).rpartition("::")[2] for r in _resources(exported) if r.get("protect")))


def unprotected(exported: Deployment) -> Deployment:
    """The state with nothing protected in it."""
    return _with(
        exported, resources=[{key: value for key, value in r.items() if key != "protect"} for r in _resources(exported)]
    )


def _resources(exported: Deployment) -> Iterator[Mapping[str, Any]]:
    yield from _inner(exported).get("resources") or ()


def _inner(exported: Deployment) -> Mapping[str, Any]:
    return exported.get("deployment") or {}


def _with(exported: Deployment, **changed: object) -> Deployment:
    return {**exported, "deployment": {**_inner(exported), **changed}}
