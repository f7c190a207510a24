"""Which targets are to be looked at because of events, and when. Pure: times are seconds of one clock, handed in.

Events of a target that come close together make one look. However many come, looks stay within two limits a minute; what goes
beyond is put off, never dropped, so that the last state is always read. Memory is bounded by the number of targets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from luxops.model import TargetId
from luxops.watch.events.interface import Event

MINUTE = 60.0
_PATIENCE = 4
"""Times `settle` after which a stream of events no longer puts a look off."""
_NAMES = 8
"""People remembered a target."""
_REMEMBERED = 900.0
"""Seconds for which someone who was said to be at work on a target is named beside its changes."""


@dataclass(frozen=True)
class Due:
    """One target to look at now."""

    first: float
    """When the first of its events came in."""
    events: int
    what: str
    """Of the last one."""
    by: tuple[str, ...]
    """Who was said to be at work on it lately."""


@dataclass
class _Waiting:
    first: float
    last: float
    events: int = 0
    what: str = ""
    not_before: float = 0.0


@dataclass
class _Target:
    waiting: _Waiting | None = None
    looks: deque[float] = field(default_factory=deque)
    """Within the last minute."""
    people: dict[str, float] = field(default_factory=dict)


class Agenda:
    """Not safe for threads by itself."""

    def __init__(self, settle: float, looks: int, looks_per_target: int) -> None:
        """`settle`: seconds of silence to wait for. `looks`, `looks_per_target`: at most so many in any minute."""
        self._settle = settle
        self._limit = looks
        self._limit_per_target = looks_per_target
        self._targets: dict[TargetId, _Target] = {}
        self._looks: deque[float] = deque()

    def follow(self, targets: Collection[TargetId]) -> None:
        """Know just these."""
        self._targets = {target: self._targets.get(target) or _Target() for target in targets}

    def tell(self, event: Event, now: float) -> bool:
        """Take an event in; False where its target is not followed."""
        target = self._targets.get(event.target)
        if target is None:
            return False
        if target.waiting is None:
            target.waiting = _Waiting(first=now, last=now)
        target.waiting.last = max(target.waiting.last, now)
        target.waiting.events += 1
        target.waiting.what = event.what
        if event.who:
            target.people.pop(event.who, None)
            target.people[event.who] = now
            while len(target.people) > _NAMES:
                del target.people[next(iter(target.people))]
        return True

    def again(self, target: TargetId, due: Due, at: float) -> None:
        """A look that counted for nothing: it is due again, not before `at`."""
        if (known := self._targets.get(target)) is not None and known.waiting is None:
            known.waiting = _Waiting(due.first, due.first, due.events, due.what, at)

    def take(self, now: float, busy: Collection[TargetId] = ()) -> dict[TargetId, Due]:
        """What is to be looked at now, except what is `busy`: those stay, and are taken as soon as they are free."""
        self._forget(now)
        ready = sorted(
            (self._ready(known), name)
            for name, known in self._targets.items()
            if known.waiting is not None and name not in busy and self._ready(known) <= now
        )
        found: dict[TargetId, Due] = {}
        for _, name in ready:
            known = self._targets[name]
            if len(self._looks) >= self._limit:
                break
            if len(known.looks) >= self._limit_per_target or known.waiting is None:
                continue
            waiting, known.waiting = known.waiting, None
            self._looks.append(now)
            known.looks.append(now)
            found[name] = Due(first=waiting.first, events=waiting.events, what=waiting.what, by=tuple(known.people))
        return found

    def people(self, target: TargetId) -> tuple[str, ...]:
        """Who was said to be at work on it lately."""
        known = self._targets.get(target)
        return tuple(known.people) if known else ()

    def next_due(self, now: float, busy: Collection[TargetId] = ()) -> float | None:
        """When `take` is worth calling again; None where nothing waits but what is `busy`."""
        self._forget(now)
        waiting = [known for name, known in self._targets.items() if known.waiting is not None and name not in busy]
        times = [self._allowed(known) for known in waiting]
        if not times:
            return None
        return max(min(times), self._looks[0] + MINUTE if len(self._looks) >= self._limit else min(times))

    @property
    def waiting(self) -> int:
        """Targets with an event that no look has answered yet."""
        return sum(known.waiting is not None for known in self._targets.values())

    def _ready(self, known: _Target) -> float:
        waiting = known.waiting
        if waiting is None:
            return float("inf")
        return max(waiting.not_before, min(waiting.last + self._settle, waiting.first + _PATIENCE * self._settle))

    def _allowed(self, known: _Target) -> float:
        ready = self._ready(known)
        return max(ready, known.looks[0] + MINUTE) if len(known.looks) >= self._limit_per_target else ready

    def _forget(self, now: float) -> None:
        for looks in (self._looks, *(known.looks for known in self._targets.values())):
            while looks and now >= looks[0] + MINUTE:  # the same sum as in `next_due`, rounded alike
                looks.popleft()
        for known in self._targets.values():
            for who in [who for who, at in known.people.items() if now - at > _REMEMBERED]:
                del known.people[who]
