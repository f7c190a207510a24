"""Capacity and likeness of the datacentres as sheets: what a joint purchase of hardware starts from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from luxops.domains.cloud.capacity import RESOURCES, Amount, Capacity, PlaceShare, added
from luxops.domains.cloud.datacentres import Likeness
from luxops.reports.sheet import UNKNOWN, Cell, Sheet, SheetTable
from luxops.reports.text import plural

NO_RECORD: Final = "no record"
UNLIMITED: Final = "unlimited"
_TITLES: Final = {"cores": "cores", "ram_gib": "RAM GiB", "volumes_gib": "volumes GiB"}
_SCARCE: Final = 0.9
"""Share of the hardware from which a datacentre is said to be nearly full."""
_DAY: Final = 86400


def capacity_sheet(found: Capacity, title: str) -> Sheet:
    """Owners against their quotas, owners in datacentres, hardware, and how use has grown."""
    return Sheet(
        kind="Capacity report",
        title=title,
        taken_at=found.taken_at,
        conclusion=tuple(_capacity_conclusion(found)),
        tables=(
            _owners(found),
            _trend(found),
            _places(found),
            _shares(found.shares),
            _open(found),
        ),
    )


def _capacity_conclusion(found: Capacity) -> Iterator[tuple[str, str, str]]:
    if not found.complete:
        yield "unknown", "Unknown", "Not everything could be looked at: see what is UNKNOWN. Sums with a gap are UNKNOWN too."
    for place in found.places:
        for name in RESOURCES:
            ratio, amount = place.ratio(name), getattr(place.use, name)
            if ratio is not None and ratio >= _SCARCE:
                said = f"{place.zone}: {ratio:.0%} of its {_TITLES[name]} are taken ({amount.used:,} of {amount.limit:,})."
                yield "bad", "Scarce", said
    for owner in found.owners:
        if short := [_TITLES[name] for name in RESOURCES if (getattr(owner.use, name).free or 0) < 0]:
            yield "bad", "Over quota", f"{owner.title} uses more than it is granted: {', '.join(short)}."
    if found.complete:
        yield "good", "Complete", f"{plural(len(found.owners), 'owner')} in {plural(len(found.places), 'availability zone')}."


def _owners(found: Capacity) -> SheetTable:
    numbers = ("used", "quota", "free")
    rows = tuple(
        (owner.owner, owner.kind, _TITLES[name], *_amount(getattr(owner.use, name)))
        for owner in (*found.owners, found.total)
        for name in RESOURCES
    )
    return SheetTable(
        id="owners",
        title="By hospital and service",
        columns=("owner", "kind", "resource", *numbers),
        numbers=frozenset(numbers),
        rows=rows,
        note="Used as the services themselves count it, reservations included. Free is quota less use.",
    )


def _amount(amount: Amount) -> Iterator[Cell]:
    yield UNKNOWN if amount.used is None else amount.used
    for figure in (amount.limit, amount.free):
        yield UNLIMITED if amount.unlimited else UNKNOWN if figure is None else figure


def _trend(found: Capacity) -> SheetTable:
    """What was used then, one column a time, and what is now."""
    times = sorted({past.at for owner in found.owners for past in owner.past})
    named = tuple(f"{_days(found, at)} days ago" for at in times)
    rows: list[tuple[Cell, ...]] = []
    for owner in (*found.owners, found.total):
        if owner.past:
            for name in RESOURCES:
                then = {past.at: getattr(past, name) for past in owner.past}
                now = getattr(owner.use, name).used
                figures = (NO_RECORD if then.get(at) is None else then[at] for at in times)
                rows.append((owner.owner, _TITLES[name], *figures, UNKNOWN if now is None else now))
    return SheetTable(
        id="trend",
        title="Used then and now",
        columns=("owner", "resource", *named, "now"),
        numbers=frozenset({*named, "now"}),
        rows=tuple(rows),
        note="From recorded scans. No record does not mean that nothing was used. "
        "A sum is said only where every owner has a record.",
    )


def _days(found: Capacity, at: datetime) -> int:
    return round((found.taken_at - at).total_seconds() / _DAY)


def _places(found: Capacity) -> SheetTable:
    numbers = ("taken", "hardware", "free", "ratio")
    rows: list[tuple[Cell, ...]] = []
    for place in found.places:
        for name in RESOURCES:
            amount: Amount = getattr(place.use, name)
            ratio = place.ratio(name)
            rows.append((place.zone, place.datacentre or "none declared", _TITLES[name], *_of_hardware(amount, ratio)))
    for name in RESOURCES:
        hardware = added(getattr(place.use, name) for place in found.places)
        granted: Amount = getattr(found.total.use, name)
        promised = Amount(
            used=granted.limit, limit=hardware.limit, why=granted.why or hardware.why or "a quota without a limit"
        )
        ratio = None if promised.used is None or not promised.limit else promised.used / promised.limit
        said = [UNLIMITED, *_of_hardware(promised, ratio)[1:]] if granted.unlimited else _of_hardware(promised, ratio)
        rows.append(("all", "granted by quotas", _TITLES[name], *said))
    return SheetTable(
        id="datacentres",
        title="By datacentre: what is taken of the hardware",
        columns=("zone", "datacentre", "resource", *numbers),
        numbers=frozenset(numbers),
        rows=tuple(rows),
        note="A ratio above 1 is overcommitted: more is taken, or granted by all quotas together, than the hardware has.",
    )


def _of_hardware(amount: Amount, ratio: float | None) -> list[Cell]:
    figures: list[Cell] = [amount.used, amount.limit, amount.free, None if ratio is None else round(ratio, 2)]
    return [UNKNOWN if figure is None and amount.why else figure for figure in figures]


def _shares(shares: Sequence[PlaceShare]) -> SheetTable:
    numbers = ("servers", *(_TITLES[name] for name in RESOURCES))
    rows = []
    for share in shares:
        figures = [getattr(share, name) for name in RESOURCES]
        rows.append(
            (share.owner, share.zone, share.datacentre or "none declared", UNKNOWN if share.servers is None else share.servers,
             *(UNKNOWN if figure is None else figure for figure in figures))
        )  # fmt: skip
    return SheetTable(
        id="shares",
        title="Who has what where",
        columns=("owner", "zone", "datacentre", *numbers),
        numbers=frozenset(numbers),
        rows=tuple(rows),
        note="By the sizes of servers and volumes.",
    )


def _open(found: Capacity) -> SheetTable:
    rows: dict[tuple[Cell, ...], None] = {}
    named = [(o.owner, o.use) for o in found.owners] + [(place.zone, place.use) for place in found.places]
    for owner, use in named:
        for name in RESOURCES:
            if why := getattr(use, name).why:
                rows.setdefault((owner, _TITLES[name], why))
    for share in found.shares:
        if share.why and share.why not in found.unknown:
            rows.setdefault((share.owner, share.zone, share.why))
    for why in found.unknown:
        rows.setdefault(("all", why.partition(":")[0], why))
    return SheetTable(id="unknown", title="What is UNKNOWN", columns=("of", "what", "why"), rows=tuple(rows))


def likeness_sheet(found: Likeness, title: str) -> Sheet:
    """What is not alike in both datacentres, by owner and zone."""
    rows = tuple((u.owner, u.zone, u.what, u.item, u.declared, u.live) for u in found.unlike)
    return Sheet(
        kind="Two datacentres side by side",
        title=title,
        taken_at=found.taken_at,
        conclusion=tuple(_likeness_conclusion(found)),
        tables=(
            SheetTable(
                id="unlike",
                title="Not alike in both datacentres",
                columns=("owner", "zone", "what", "item", "declared", "live"),
                rows=rows,
                note="In rules, `here` is the rule's own datacentre and `there` the other one.",
            ),
            SheetTable(id="unknown", title="What is UNKNOWN", columns=("what",), rows=tuple((why,) for why in found.unknown)),
        ),
    )


def _likeness_conclusion(found: Likeness) -> Iterator[tuple[str, str, str]]:
    if found.unlike:
        words = f"{len(found.unlike):,} of {plural(found.compared, 'thing')} are not alike in both datacentres."
        yield "bad", "Unlike", words
    if found.unknown:
        yield "unknown", "Unknown", "Not everything could be looked at: " + "; ".join(found.unknown) + "."
    if not found.unlike and not found.unknown:
        yield "good", "Alike", f"{plural(found.compared, 'thing')} stand in both datacentres alike."
