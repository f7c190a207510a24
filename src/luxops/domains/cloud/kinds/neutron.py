"""Kinds of Neutron: alike in path, tags and verbs, so a table says the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import (
    Change,
    Collection,
    Json,
    Properties,
    Property,
    ResourceKind,
    Seen,
    once,
    unordered,
)
from luxops.domains.cloud.nouns import Live, ProjectId
from luxops.model import Severity
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession

GONE: Final = 404
TAGS: Final = "tags"

NETWORKS = Collection("network", "/networks", "networks")
SUBNETS = Collection("network", "/subnets", "subnets")
PORTS = Collection("network", "/ports", "ports")
ROUTERS = Collection("network", "/routers", "routers")
GROUPS = Collection("network", "/security-groups", "security_groups")
RULES = Collection("network", "/security-group-rules", "security_group_rules")
SHARES = Collection("network", "/rbac-policies", "rbac_policies")
FLOATING = Collection("network", "/floatingips", "floatingips")

COLLECTIONS: Final[Mapping[str, Collection]] = {
    "networks": NETWORKS,
    "subnets": SUBNETS,
    "ports": PORTS,
    "routers": ROUTERS,
    "security_groups": GROUPS,
    "security_group_rules": RULES,
    "rbac_policies": SHARES,
    "floatingips": FLOATING,
}


def reads(*names: str) -> Mapping[str, Collection]:
    """The named collections."""
    return {name: COLLECTIONS[name] for name in names}


def tagged() -> Property:
    """The property of every kind that has tags."""
    return Property(api=TAGS, canonical=unordered)


def neutron_kind(  # noqa: PLR0913 - the table's columns
    name: str,
    type_: str,
    *,
    singular: str,
    collection: str,
    key: tuple[str, ...],
    properties: Mapping[str, Property],
    extra: Callable[[Json], dict[str, Any]] = lambda _: {},
    body: Callable[[Properties], dict[str, Any]] = lambda _: {},
    select: Callable[[Json], bool] = lambda _: True,
    title: str = "",
    label: Callable[[Json], str] = lambda item: str(item["name"]),
    marks: Callable[[Json], Iterable[str]] = lambda item: item.get(TAGS) or (),
    severity: Severity = Severity.MEDIUM,
    shown: Mapping[str, str] | None = None,
    derived: Mapping[str, Callable[[Properties], Any]] | None = None,
    unique: bool = False,
) -> ResourceKind:
    """A kind whose objects are items of one list.

    Args:
        name: the kind's.
        type_: Pulumi's type token.
        singular: what the API calls one object in a body.
        collection: of `COLLECTIONS`.
        key: as of every kind.
        properties: as of every kind; those with an `api` name are read and written under it.
        extra: properties that are not one field of the item.
        body: what a request's body has for those.
        select: which items of the list are of this kind.
        title: for people.
        label: what an object is called.
        marks: what says whose an object is: its tags.
        severity: as of every kind.
        shown: what is only seen → the API's name, or nothing where `extra` gives it.
        derived: as of every kind.
        unique: whether Neutron itself refuses a second one with the same key.
    """
    seen_only = shown or {}
    path = COLLECTIONS[collection].path
    plain = {pulumi: prop for pulumi, prop in properties.items() if prop.api and prop.api != TAGS}

    def read(seen: Seen) -> Iterator[Live]:
        for item in seen[collection]:
            if select(item):
                tags = frozenset(marks(item))
                values = {pulumi: item.get(prop.api) for pulumi, prop in plain.items()} | extra(item)
                values |= {pulumi: rest.shown(item, api) for pulumi, api in seen_only.items() if api}
                if TAGS in properties:
                    values[TAGS] = sorted(tags)
                owner = ProjectId(item.get("project_id") or item.get("tenant_id") or "")
                yield Live(kind=name, id=item["id"], project=owner, name=label(item), properties=values, tags=tags)

    def fields(wanted: Properties, changes: frozenset[Change]) -> dict[str, Any]:
        return {p.api: wanted[k] for k, p in plain.items() if k in wanted and p.change in changes}

    def create(cloud: CloudSession, project: str, wanted: Properties) -> str:
        sent = fields(wanted, frozenset(Change)) | body(wanted)
        # A killed run's last request may have had its effect since everything was listed, and Neutron takes any name twice.
        made = (None if unique else find(cloud, project, wanted)) or once(
            lambda: str(cloud.send("POST", "network", path, {singular: sent})[singular]["id"]),
            lambda: find(cloud, project, wanted),
        )
        tag(cloud, path, made, wanted)
        return made

    def change(cloud: CloudSession, live: Live, wanted: Properties) -> None:
        changeable = {name: value for name, value in wanted.items() if properties[name].change is Change.UPDATE}
        sent = fields(wanted, frozenset({Change.UPDATE})) | body(changeable)
        if sent:
            cloud.send("PUT", "network", f"{path}/{live.id}", {singular: sent})
        tag(cloud, path, live.id, wanted)

    def find(cloud: CloudSession, _: str, wanted: Properties) -> str | None:
        """By its key, in a list that Neutron filters."""
        query = {plain[name].api: str(wanted[name]) for name in key if name in plain and wanted.get(name) not in {None, ""}}
        found = cloud.listed("network", path, collection, parameters=query)
        same = [
            item["id"] for item in found if all(_same(item, plain[name], wanted.get(name)) for name in key if name in plain)
        ]
        return str(same[0]) if same else None

    return ResourceKind(
        name=name,
        type=type_,
        service="network",
        reads=reads(collection),
        read=read,
        key=key,
        properties=properties,
        create=create,
        change=change,
        delete=lambda cloud, live: deleted(cloud, f"{path}/{live.id}"),
        find=find,
        title=title,
        called=lambda wanted: label(_item(plain, wanted)),
        severity=severity,
        shown=tuple(seen_only),
        derived=derived or {},
    )


def _item(plain: Mapping[str, Property], wanted: Properties) -> Json:
    """What is declared, as the API would show it."""
    return {"id": ""} | {prop.api: wanted.get(name) for name, prop in plain.items()}


def _same(item: Json, known: Property, wanted: Any) -> bool:  # noqa: ANN401 - any property value
    return bool(known.canonical(item.get(known.api)) == known.canonical(wanted))


def tag(cloud: CloudSession, path: str, identifier: str, wanted: Properties) -> None:
    """As declared; Neutron takes tags only by themselves."""
    if TAGS in wanted:
        cloud.send("PUT", "network", f"{path}/{identifier}/tags", {TAGS: list(wanted[TAGS])})


def deleted(cloud: CloudSession, path: str) -> None:
    """Delete; what is gone already is as wished."""
    try:
        cloud.send("DELETE", "network", path)
    except CloudError as error:
        if error.status != GONE:
            raise
