"""What policies see of a cloud: for each kind, the objects of one target, live or planned, in the same terms.

A fact is called `cloud_` and the kind's name: `cloud_port.objects.all(p, p.portSecurityEnabled)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pydantic import Field, PrivateAttr, create_model

from luxops.domains.cloud.kinds.interface import ResourceKind
from luxops.model import FactName, FactValue, Frozen

if TYPE_CHECKING:
    from luxops.domains.cloud.naming import Namer
    from luxops.domains.cloud.nouns import Live
    from luxops.domains.cloud.sweep import Sweep

PREFIX: Final = "cloud_"


class CloudObject(Frozen):
    """One object. Its other fields are the kind's properties, what it shows and what is derived; None where it has none."""

    id: str
    """OpenStack's; of what is planned, its URN, which stands in every property that leads to it."""
    name: str
    """As reports call it."""
    project: str
    """Name of its project."""
    stack: str
    """The stack that made it, by its mark; empty for what luxops has not made."""
    named: Mapping[str, Any]
    """The properties that hold ids, with names in their place. What has no name, or no value, is not in it."""


class CloudObjects(FactValue):
    """All objects of one kind in one target."""

    kind: ClassVar[str] = ""


class SweepFact(FactValue):
    """The look itself, for the comparison: it covers all targets at once, and is no evidence of any single one."""

    volatile: ClassVar[bool] = True
    _sweep: Any = PrivateAttr(default=None)

    @classmethod
    def holding(cls, seen: Sweep) -> SweepFact:
        fact = cls()
        fact._sweep = seen
        return fact

    @property
    def sweep(self) -> Sweep:
        assert self._sweep is not None  # noqa: S101 - made by `holding` alone
        return self._sweep  # type: ignore[no-any-return] # private attributes have no type of their own


@lru_cache(maxsize=256)
def shape_of(kind_name: str) -> type[CloudObjects]:
    """The class of a kind's fact: a policy that names another field is told so."""
    from luxops.domains.cloud.kinds import BY_NAME  # noqa: PLC0415 - the kinds' modules need this package

    fields: Any = dict.fromkeys(fields_of(BY_NAME[kind_name]), (Any, None))
    item = create_model(f"Cloud_{kind_name}", __base__=CloudObject, **fields)
    return create_model(f"Cloud_{kind_name}_objects", __base__=CloudObjects, objects=(tuple[item, ...], Field(default=())))


def fields_of(kind: ResourceKind) -> tuple[str, ...]:
    """What policies see of an object beside what they see of every kind's."""
    return tuple(name for name in (*kind.properties, *kind.shown, *kind.derived) if name not in CloudObject.model_fields)


def fact_name(kind: ResourceKind) -> FactName:
    """What policies call the objects of a kind."""
    return FactName(f"{PREFIX}{kind.name}")


def value_of(kind: ResourceKind, objects: Sequence[Mapping[str, Any]]) -> FactValue:
    """A fact's value. The order does not matter, and is the same every time."""
    shape: Any = shape_of(kind.name)
    item = shape.model_fields["objects"].annotation.__args__[0]
    value: FactValue = shape.model_construct(
        objects=tuple(item.model_construct(**o) for o in sorted(objects, key=lambda o: (o["name"], o["id"])))
    )
    return value


def live_object(kind: ResourceKind, live: Live, namer: Namer) -> dict[str, Any]:
    """What policies see of a live object."""
    return _object(kind, live.id, live.properties, namer) | {
        "name": str(namer.readable(live.name)),
        "project": str(namer.readable(live.project)),
        "stack": live.stack or "",
    }


def _object(kind: ResourceKind, identifier: str, properties: Mapping[str, Any], namer: Namer) -> dict[str, Any]:
    own = {name: properties.get(name) for name in fields_of(kind)} | derived_of(kind, properties)
    named = {name: readable for name, value in own.items() if (readable := namer.readable(value)) != value}
    return {"id": identifier, "named": named, **own}


def derived_of(kind: ResourceKind, properties: Mapping[str, Any]) -> dict[str, Any]:
    """What follows from an object's properties."""
    return {name: derive(properties) for name, derive in kind.derived.items()}
