"""In which order routers are changed: a canary first, and no two of a redundant group in a row as long as others wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from luxops.domains.network.planning.nouns import DevicePlan
from luxops.federation import Federation


def in_order(federation: Federation, devices: Sequence[DevicePlan]) -> tuple[DevicePlan, ...]:
    """Deterministic: by what a router carries, then by name.

    The canary is the router that carries least: an edge router of which another of the hospital stands by. Cores come last, for
    all hospitals stand on them. Members of a group, a hospital's edge routers or the cores, are spread as far as the others
    allow; where only members of one group are left, they follow one after the other, and a push never works on two at once.
    """
    ranks = {name: place for place, name in enumerate(federation.routers)}
    waiting = sorted(devices, key=lambda device: (_weight(federation, device), ranks[device.device]))
    left = Counter(_group(federation, device) for device in waiting)
    ordered: list[DevicePlan] = []
    while waiting:
        last = _group(federation, ordered[-1]) if ordered else ""
        free = [device for device in waiting if _group(federation, device) != last] or waiting
        lightest = _weight(federation, free[0])
        # Of the largest group that waits: otherwise its members would be left over at the end, side by side.
        alike = [device for device in free if _weight(federation, device)[0] == lightest[0]]
        chosen = max(alike, key=lambda device: left[_group(federation, device)]) if ordered else free[0]
        waiting.remove(chosen)
        left[_group(federation, chosen)] -= 1
        ordered.append(chosen)
    return tuple(ordered)


def _group(federation: Federation, device: DevicePlan) -> str:
    """Routers that stand in for each other."""
    router = federation.routers[device.device]
    return f"hospital {router.hospital}" if router.hospital else "cores"


def _weight(federation: Federation, device: DevicePlan) -> tuple[int, bool, int]:
    """Cores last; routers without another that stands by after those with one; then by the links they hold."""
    router = federation.routers[device.device]
    others = [r for r in federation.routers.values() if r.hospital == router.hospital and r.role == router.role]
    return int(router.role == "core"), len(others) < 2, len(federation.links_of(router.id))  # noqa: PLR2004 - itself and another
