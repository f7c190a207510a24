"""What is declared, one entry each, and which of it a user's selectors mean."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Generic, TypeVar

from luxops.errors import UsageError, did_you_mean
from luxops.federation.federation import Federation, Flow, FlowEnd
from luxops.federation.flows import zones_of
from luxops.federation.schema import ZonePlace
from luxops.model import Frozen, Selection, Selector

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Attributes = Mapping[str, Iterable[str]]
"""What stands before the colon in a selector → the values that match it."""


class HostEntry(Frozen):
    """One host with what its group and owner say of it."""

    id: str
    hospital: str
    group: str
    zone: str
    service: str | None
    place: str
    level: str
    role: str | None
    collector: str
    management: str
    address: str | None


@dataclass(frozen=True)
class Entry(Generic[T_co]):
    """One declared thing under all names that it answers to."""

    value: T_co
    attributes: Attributes

    def matches(self, selector: Selector) -> bool:
        return all(
            any(fnmatch.fnmatchcase(value, wanted) for value in self.attributes.get(name, ()))
            for name, wanted in selector.terms
        )


def chosen(entries: Sequence[Entry[T]], selection: Selection) -> list[T]:
    """Those that any selector matches, or all where there is none."""
    return [e.value for e in entries if not selection.selectors or any(e.matches(s) for s in selection.selectors)]


def check_selection(entries: Sequence[Entry[object]], selection: Selection) -> None:
    """Raises UsageError for a selector that matches nothing at all: an empty answer must not look like an answer."""
    for selector in selection.selectors:
        if not any(entry.matches(selector) for entry in entries):
            raise UsageError(
                f"Nothing matches `{selector}`{_nearest(selector, entries)}",
                why=f"the inventory declares {len(entries)} things that could be meant",
                remedy="`luxops inventory show` lists them all.",
            )


def _nearest(selector: Selector, entries: Sequence[Entry[object]]) -> str:
    for name, wanted in selector.terms:
        known = {value for entry in entries for value in entry.attributes.get(name, ())}
        if not known:
            return did_you_mean(name, sorted({key for entry in entries for key in entry.attributes}))
        if not fnmatch.filter(known, wanted):
            return did_you_mean(wanted, sorted(known))
    return ""


def hospital_entries(federation: Federation) -> list[Entry[Frozen]]:
    """Answer to kind, hospital."""
    return [Entry(h, {"id": [h.id], "kind": ["hospital"], "hospital": [h.id]}) for h in federation.hospitals.values()]


def router_entries(federation: Federation) -> list[Entry[Frozen]]:
    """Answer to kind, hospital (the federation for cores), role, platform, place."""
    entries: list[Entry[Frozen]] = []
    for router in federation.routers.values():
        owner, place = router.hospital or federation.file.id, router.datacentre or "campus"
        attributes = {
            "id": router.id,
            "kind": "router",
            "hospital": owner,
            "role": router.role,
            "platform": router.platform,
            "place": place,
        }
        entries.append(Entry(router, {name: [value] for name, value in attributes.items()}))
    return entries


def link_entries(federation: Federation) -> list[Entry[Frozen]]:
    """Answer to kind, hospital (the federation between cores), router, risk."""
    entries: list[Entry[Frozen]] = []
    for link in federation.links:
        ends = [link.a.router, link.b.router]
        owners = {federation.routers[end].hospital or federation.file.id for end in ends}
        # A link from a hospital to a core is the hospital's; one between cores is the federation's own.
        hospitals = owners - {federation.file.id} or owners
        attributes = {"id": [link.id], "kind": ["link"], "hospital": hospitals, "router": ends, "risk": link.shared_risks}
        entries.append(Entry(link, attributes))
    return entries


def service_entries(federation: Federation) -> list[Entry[Frozen]]:
    """Answer to kind, service, zone, hospital (provider and consumers)."""
    return [
        Entry(
            s,
            {
                "id": [s.id],
                "kind": ["service"],
                "service": [s.id],
                "hospital": [s.provider, *s.consumers],
                "zone": [s.hosted_in.zone],
            },
        )
        for s in federation.services.values()
    ]


def host_entries(federation: Federation) -> list[Entry[HostEntry]]:
    """Answer to kind, hospital, group, zone, service, place, level, role."""
    entries = []
    for owner, file in federation.hosts.items():
        for group in file.groups:
            for host in group.hosts:
                entry = HostEntry(
                    id=host.id,
                    hospital=owner,
                    group=group.id,
                    zone=group.zone,
                    service=group.service,
                    place=host.place,
                    level=group.level,
                    role=group.role,
                    collector=group.collector,
                    management=str(host.management),
                    address=None if host.address is None else str(host.address),
                )
                names = ("id", "hospital", "group", "zone", "service", "place", "level", "role")
                attributes = {name: [value] for name in names if (value := getattr(entry, name)) is not None}
                entries.append(Entry(entry, {**attributes, "kind": ["host"]}))
    return entries


def flow_entries(federation: Federation) -> list[Entry[Flow]]:
    """Answer to hospital, service, peer, zone and protocol; the id is the flow's own or that of who declares it."""
    entries = []
    for flow in federation.flows:
        owners = {end.owner for end in (*flow.sources, *flow.destinations)}
        attributes: dict[str, Iterable[str]] = {
            "id": {flow.id, flow.origin},
            "hospital": owners & set(federation.hospitals),
            "service": owners & set(federation.services),
            "peer": owners - set(federation.hospitals) - set(federation.services),
            "zone": {end.zone for end in (*flow.sources, *flow.destinations)} - {""},
            "protocol": {flow.protocol},
        }
        entries.append(Entry(flow, attributes))
    return entries


def narrowed(flows: Iterable[Flow], source: str, destination: str) -> list[Flow]:
    """The flows from `source` to `destination`, with only those ends; empty text means anywhere.

    An end is written `OWNER`, `OWNER.ZONE`, `OWNER.ZONE@PLACE` or as a prefix or address, which matches what it overlaps.
    """
    found = []
    for flow in flows:
        sources = tuple(end for end in flow.sources if _is(end, source))
        destinations = tuple(end for end in flow.destinations if _is(end, destination))
        if sources and destinations:
            found.append(flow.model_copy(update={"sources": sources, "destinations": destinations}))
    return found


def check_end(federation: Federation, text: str) -> None:
    """Raises UsageError where `text` names an end that nothing declares, so that a slip does not read as "may not pass"."""
    if not text:
        return
    if text[0].isdigit():
        _prefix(text)
        return
    name, at, place = text.partition("@")
    owner, dot, zone = name.partition(".")
    known: dict[str, Mapping[str, Mapping[ZonePlace, IPv4Network]]] = {peer.id: {} for peer in federation.file.peers}
    known |= {name: zones_of(hospital) for name, hospital in federation.hospitals.items()}
    known |= {name: zones_of(service) for name, service in federation.services.items()}
    if owner not in known:
        raise UsageError(f"There is no hospital, service or peer `{owner}`{did_you_mean(owner, list(known))}")
    if dot and zone not in known[owner]:
        near = did_you_mean(zone, list(known[owner]))
        raise UsageError(f"There is no zone `{zone}` in {owner}{near}", why="known: " + ", ".join(known[owner]))
    if at and place not in {at_ for name_, zone_ in known[owner].items() if zone in {"", name_} for at_ in zone_}:
        raise UsageError(f"`{text}` is not in `{place}`", remedy="A place is dc1, dc2 or campus, where the zone has a subnet.")


def _is(end: FlowEnd, wanted: str) -> bool:
    if not wanted:
        return True
    if wanted[0].isdigit():
        return end.prefix.overlaps(_prefix(wanted))
    name, at, place = wanted.partition("@")
    owner, dot, zone = name.partition(".")
    return end.owner == owner and (not dot or end.zone == zone) and (not at or end.place == place)


def _prefix(text: str) -> IPv4Network:
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        raise UsageError(f"`{text}` is not an address or prefix", remedy="Write 10.16.8.10 or 10.16.8.0/22.") from None
