"""When each target is looked at next. Pure: the clock and the chance are handed in. Times are seconds of one clock."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from luxops.model import TargetId


@dataclass
class _Turn:
    due: float
    begun: float | None = None
    """While a look is under way."""
    failures: int = 0
    """In a row."""


class Schedule:
    """A healthy target is looked at at least once an interval, never twice at once.

    Jitter only ever brings a look forward, so that the interval stays a promise. A target that is silent again is asked half as
    often each time, but never less than once in `slowest` intervals; it is never left out.
    """

    def __init__(self, interval: float, jitter: float, slowest: float, chance: random.Random) -> None:
        self._interval = interval
        self._jitter = jitter
        self._slowest = max(1.0, slowest)
        self._chance = chance
        self._turns: dict[TargetId, _Turn] = {}

    def watch(self, targets: Collection[TargetId], now: float) -> None:
        """Watch just these: new ones are due at once, the others keep their turn."""
        self._turns = {target: self._turns.get(target) or _Turn(due=now) for target in targets}

    def begin(self, now: float, ahead: float = 0.0, busy: Collection[TargetId] = ()) -> list[TargetId]:
        """Take what is due by now, or within `ahead` seconds, so that neighbours share a scan. Each must be ended.

        Not what is `busy`, being looked at by someone else: that stays due.
        """
        free = {target: turn.due for target, turn in self._turns.items() if turn.begun is None and target not in busy}
        due = [target for target, at in free.items() if at <= now]
        if due:
            due += [target for target, at in free.items() if now < at <= now + ahead]
        for target in due:
            self._turns[target].begun = now
        return sorted(due)

    def end(self, target: TargetId, *, observed: bool) -> None:
        """A look that was recorded. The next is counted from when it began."""
        turn = self._turns.get(target)
        if turn is None or turn.begun is None:
            return
        turn.failures = 0 if observed else turn.failures + 1
        intervals = min(2.0 ** max(0, turn.failures - 1), self._slowest)
        turn.due = turn.begun + self._interval * intervals * (1 - self._jitter * self._chance.random())
        turn.begun = None

    def postpone(self, targets: Iterable[TargetId], until: float) -> None:
        """A look that counted for nothing: it is due again, not before `until`."""
        for target in targets:
            if turn := self._turns.get(target):
                turn.begun, turn.due = None, until

    def is_open(self, target: TargetId) -> bool:
        """Whether a look has begun and not ended."""
        turn = self._turns.get(target)
        return turn is not None and turn.begun is not None

    def next_due(self) -> float | None:
        """When the next turn comes; None where nothing waits for one."""
        return min((turn.due for turn in self._turns.values() if turn.begun is None), default=None)

    def overdue(self, now: float) -> int:
        """Targets whose turn was an interval ago or longer."""
        return sum(now - turn.due >= self._interval for turn in self._turns.values())
