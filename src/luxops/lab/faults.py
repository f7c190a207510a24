"""Putting breaks into the running lab and taking them back, and knowing which are in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from luxops.errors import UsageError
from luxops.lab.breaks import BREAKS, Break, find
from luxops.lab.breaks.interface import Bench, Saved
from luxops.lab.lab import Lab
from luxops.lab.shell import LabError
from luxops.lab.state import locked, read_json, write_json
from luxops.model import utc_now


def active(lab: Lab) -> dict[str, str]:
    """Break that is in, or that was begun and not taken back → since when (ISO 8601), the first first. Empty without a lab."""
    noted = {**_notes(lab.state.breaks_note), **_notes(lab.cloud.layout.breaks_note)}
    return dict(sorted(((name, entry["since"]) for name, entry in noted.items()), key=lambda found: found[1]))


def apply(lab: Lab, name: str) -> bool:
    """Put a break in and verify that it is. False where it was in already. Raises UsageError, LabError, CloudError."""
    fault = find(name)
    with locked():
        bench, place = _bench(lab, fault), _place(lab, fault)
        notes = _notes(place)
        if name in notes and fault.in_force(bench):
            return False
        if name not in notes:
            if clash := [other for other in notes if find(other).target == fault.target and _share(find(other), fault)]:
                raise UsageError(
                    f"`{name}` would change what `{clash[0]}` has changed already",
                    remedy=f"Take that back first: luxops lab heal {clash[0]}",
                )
            if fault.in_force(bench):
                raise LabError(
                    f"The lab shows `{name}` already, but not by `luxops lab break`", remedy="luxops lab down, then up"
                )
            saved = [file.model_dump() for file in bench.save(fault.touches)]
            bench.kept = fault.keep(bench)
            # Noted before anything changes: what a killed `break` left can be healed.
            entry = {"since": utc_now().isoformat(), "saved": saved, "kept": bench.kept}
            write_json(place, {**notes, name: entry})
        fault.apply(bench)
        if not fault.in_force(bench):
            _take_back(place, fault, bench)
            raise LabError(f"The break `{name}` did not take effect; it was taken back")
    return True


def heal(lab: Lab, name: str) -> bool:
    """Take a break back and verify it. False where it was not in. Raises UsageError, LabError, CloudError."""
    fault = find(name)
    with locked():
        place = _place(lab, fault)
        if name not in _notes(place):
            return False
        bench = _bench(lab, fault)
        _take_back(place, fault, bench)
        if fault.in_force(bench):
            raise LabError(f"`{name}` is still there", remedy="Make the lab anew: luxops lab down, then luxops lab up")
    return True


def order() -> list[str]:
    """Names of all breaks, in the order in which they are listed."""
    return [fault.name for fault in BREAKS]


def _take_back(place: Path, fault: Break, bench: Bench) -> None:
    notes = _notes(place)
    bench.restore([Saved.model_validate(file) for file in notes[fault.name]["saved"]])
    fault.heal(bench)
    del notes[fault.name]
    write_json(place, notes)


def _bench(lab: Lab, fault: Break) -> Bench:
    kept = _notes(_place(lab, fault)).get(fault.name, {}).get("kept", {})
    if fault.domain != "cloud":
        return Bench(lab.state, lab.member(fault.target).name, kept)
    if not lab.cloud.stands():
        raise UsageError("The lab's cloud is not up", remedy="As root: luxops lab up cloud, then luxops cloud up")
    return Bench(lab.state, fault.target, kept)


def _place(lab: Lab, fault: Break) -> Path:
    """Where a break is noted: what is made afresh loses its breaks, and no other part of the lab does."""
    return lab.cloud.layout.breaks_note if fault.domain == "cloud" else lab.state.breaks_note


def _notes(place: Path) -> dict[str, Any]:
    notes: dict[str, Any] = read_json(place) or {}
    return notes


def _share(one: Break, other: Break) -> bool:
    return bool(set(one.touches) & set(other.touches))
