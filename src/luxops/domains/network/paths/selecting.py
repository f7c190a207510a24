"""Which flows a user's selectors mean."""

from __future__ import annotations

from collections.abc import Iterable

from luxops.domains.network.paths.survey import Pair, crossing
from luxops.domains.network.paths.tracing import place_of
from luxops.errors import UsageError
from luxops.federation import Federation
from luxops.federation.entries import Entry, check_selection, chosen, flow_entries
from luxops.model import Selection


def selected(federation: Federation, selection: Selection) -> list[Pair]:
    """The flows that cross the fibre network and that any selector matches, by subnets; all where there is no selector.

    A selector is a flow's id, the hospital or service that declares it, or terms: hospital, service, peer, zone, place,
    protocol. Raises UsageError for one that matches nothing.
    """
    entries = [_entry(federation, pair) for pair in crossing(federation)]
    declared = flow_entries(federation)
    for selector in selection.selectors:
        if not any(entry.matches(selector) for entry in entries) and any(entry.matches(selector) for entry in declared):
            raise UsageError(
                f"No flow that `{selector}` means crosses the fibre network",
                why="those that it means stay within one campus or one datacentre",
                remedy="`luxops inventory flows` shows where they lead.",
            )
    check_selection(entries, selection)
    return chosen(entries, selection)


def _entry(federation: Federation, pair: Pair) -> Entry[Pair]:
    ends = pair.source, pair.destination
    owners = {end.owner for end in ends}
    known = set(federation.hospitals), set(federation.services)
    attributes: dict[str, Iterable[str]] = {
        "id": {pair.flow.id, pair.flow.origin},
        "hospital": owners & known[0],
        "service": owners & known[1],
        "peer": owners - known[0] - known[1],
        "zone": {end.zone for end in ends} - {""},
        "place": {word for end in ends for word in (end.place, place_of(end))},
        "protocol": {pair.flow.protocol},
    }
    return Entry(pair, attributes)
