"""What the three kinds of quota share: one object a project, which is always there, and never somebody's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from luxops.domains.cloud.kinds.interface import Change, Collection, Json, Properties, Property, ResourceKind, Seen
from luxops.domains.cloud.nouns import Live, ProjectId
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession, ServiceName

GONE = 404
USED = "Used"
"""How the name of a quota's use ends: `cores` may be used, `coresUsed` are."""


def quota_kind(  # noqa: PLR0913 - the table's columns
    name: str,
    type_: str,
    *,
    service: ServiceName,
    collection: tuple[str, Collection],
    path: str,
    wrapper: str,
    fields: Mapping[str, str],
    title: str,
    extra: Callable[[Json], dict[str, Any]] = lambda _: {},
) -> ResourceKind:
    """A kind of quota.

    Args:
        name: the kind's.
        type_: Pulumi's type token.
        service: whose quota.
        collection: name and list with limits and use of each project.
        path: of one project's quota; `{id}` is the project's.
        wrapper: what a body is called.
        fields: Pulumi's name → the API's.
        title: for people.
        extra: further properties of an item.
    """
    listing, wanted_from = collection
    known = {"projectId": Property(Change.REPLACE)} | {pulumi: Property(api=api) for pulumi, api in fields.items()}

    def read(seen: Seen) -> Iterator[Live]:
        for item in seen[listing]:
            of = item["$of"]
            limits = {pulumi: item[api]["limit"] for pulumi, api in fields.items() if api in item}
            used = {f"{pulumi}{USED}": _use(item[api]) for pulumi, api in fields.items() if api in item}
            properties = {"projectId": of, **limits, **used, **extra(item)}
            yield Live(kind=name, id=of, project=ProjectId(of), name=of, properties=properties)

    def put(cloud: CloudSession, project: str, wanted: Properties) -> str:
        limits = {api: wanted[pulumi] for pulumi, api in fields.items() if pulumi in wanted}
        cloud.send("PUT", service, path.replace("{id}", project), {wrapper: limits})
        return project

    def reset(cloud: CloudSession, live: Live) -> None:
        try:
            cloud.send("DELETE", service, path.replace("{id}", live.id))
        except CloudError as error:
            if error.status != GONE:
                raise

    return ResourceKind(
        name=name,
        type=type_,
        service=service,
        reads={listing: wanted_from},
        read=read,
        key=("projectId",),
        properties=known,
        create=lambda cloud, _, wanted: put(cloud, wanted["projectId"], wanted),
        change=lambda cloud, live, wanted: put(cloud, live.id, wanted),
        delete=reset,
        import_id=lambda live: f"{live.id}/{{region}}",
        belongs=False,
        title=title,
        called=lambda wanted: str(wanted["projectId"]),
        shown=tuple(f"{pulumi}{USED}" for pulumi in fields),
    )


def _use(counted: Json) -> Any:  # noqa: ANN401 - as the API gives it
    """Neutron has another word for it than Nova and Cinder."""
    return counted["used"] if "used" in counted else counted.get("in_use")
