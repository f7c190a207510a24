"""What luxops knows of one kind of thing in a cloud. Plan, drift, adoption and `reconcile` all stand on this.

A kind is a table and a few functions, in a file of its own. Reading is pure: from lists that the sweep has fetched, over all
projects at once, to objects in the terms in which a program would declare them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from luxops.model import Severity

if TYPE_CHECKING:
    from luxops.domains.cloud.nouns import Live
    from luxops.transports.openstack import CloudSession, ServiceName

Json = Any
Properties = Mapping[str, Any]
"""By Pulumi's names; references resolved."""


class Each(StrEnum):
    """What a list has to be asked for one by one, where no API gives it for all at once."""

    ONCE = "once"
    PROJECT = "project"
    USER = "user"


class Collection(NamedTuple):
    """A list that the sweep fetches."""

    service: ServiceName
    path: str
    """Below the service's endpoint; `{id}` stands for the project's or user's."""
    key: str
    """Where in the answer the list is. Of an answer per project that is an object, the sweep makes a list of one."""
    parameters: tuple[tuple[str, str], ...] = ()
    each: Each = Each.ONCE
    microversion: str = ""
    """Of Nova's or Cinder's API, where the oldest does not tell enough."""


Seen = Mapping[str, list[Json]]
"""Name of a collection → its items, as the API gave them. An item that was asked for one by one has `$of`: whose it is."""


class Change(StrEnum):
    """What it takes to change a property."""

    UPDATE = "update"
    """The object stays."""
    REPLACE = "replace"
    """Another object has to come in its place."""
    NEVER = "never"
    """Said once, at creation; not compared afterwards. The reason stands beside it."""


CONFLICT: Final = 409


def once(make: Callable[[], str], find: Callable[[], str | None]) -> str:
    """Its id. Where nobody knows whether the request to make it arrived, it is looked for before it is sent again.

    Where there is one already, that is it: a killed run's last request may have had its effect only now.
    """
    from luxops.transports.openstack import CloudError  # noqa: PLC0415 - kinds are a table; sessions are only for those who act

    try:
        return make()
    except CloudError as error:
        if not error.uncertain and error.status != CONFLICT:
            raise
        found = find()
        if found is None and not error.uncertain:
            raise
        return found or make()


Canonical = Callable[[Any], Any]


def as_is(value: Any) -> Any:  # noqa: ANN401 - any property value
    """Nothing to make alike."""
    return value


def unordered(value: Any) -> Any:  # noqa: ANN401 - any property value
    """A list whose order means nothing."""
    return sorted(value or (), key=lambda item: json.dumps(item, sort_keys=True, default=str))


def text(value: Any) -> Any:  # noqa: ANN401 - any property value
    """None and nothing are the same."""
    return value or ""


@dataclass(frozen=True)
class Property:
    """One property that a program may declare."""

    change: Change = Change.UPDATE
    api: str = ""
    """What the API calls it; nothing where the kind's own functions see to it."""
    canonical: Canonical = as_is
    """Both sides are compared in this form."""
    why: str = ""
    """Of NEVER."""


@dataclass(frozen=True)
class ResourceKind:
    """One kind of thing."""

    name: str
    type: str
    """Pulumi's type token."""
    service: ServiceName
    reads: Mapping[str, Collection]
    """Collections that `read` needs, by name; the same name means the same collection in all kinds."""
    read: Callable[[Seen], Iterator[Live]]
    key: tuple[str, ...]
    """Properties that together name one object; `$project` is the project it belongs to. No two objects should share them."""
    properties: Mapping[str, Property]
    create: Callable[[CloudSession, str, Properties], str]
    """With the id of the project to work in (nothing: the platform's) and what is declared → the new object's id."""
    change: Callable[[CloudSession, Live, Properties], object]
    """With all that is declared."""
    delete: Callable[[CloudSession, Live], object]
    """Deleting what is gone already is no error."""
    import_id: Callable[[Live], str] = field(default=lambda live: live.id)
    """As `pulumi import` wants it; `{region}` stands for the name of the cloud's region."""
    other_key: tuple[str, ...] = ()
    """Where a program declares these in place of `key`."""
    severity: Severity = Severity.MEDIUM
    """Of any difference in it."""
    find: Callable[[CloudSession, str, Properties], str | None] | None = None
    """Ask for one object by its key; where there is no such way, a sweep has to tell."""
    belongs: bool = True
    """Whether the object can stand alone: what comes and goes with another (a port's groups) is never unmanaged by itself."""
    title: str = ""
    """For people; the name where nothing is said."""
    called: Callable[[Properties], str] | None = None
    """What `read` would call an object with these properties: for one that is not there. Where nothing is said, its `name`."""
    precious: bool = False
    """Whether data goes with it. One that is declared no more is deleted only with leave for protected objects."""
    shown: tuple[str, ...] = ()
    """What `read` gives beside the properties: only the live cloud shows it, and no program declares it."""
    derived: Mapping[str, Callable[[Properties], Any]] = field(default_factory=dict)
    """For policies, which cannot compute it: what follows from the properties, live or planned."""
