"""What a push needs of the world: routers, a journal, fences, a clock, and checks of what must go on working."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from luxops.errors import LuxopsError

if TYPE_CHECKING:
    from luxops.domains.network.pushing.looking import Look
    from luxops.model import TargetId
    from luxops.transports.dialogue import Dialogue


class Access(Protocol):
    """How routers are reached."""

    def look(self, device: TargetId) -> Look:
        """All its facts, read in a session of their own. A router that does not answer is a value, not an exception."""
        ...

    def dialogue(self, device: TargetId) -> AbstractContextManager[Dialogue]:
        """A session to change it in. Raises SessionError."""
        ...


class Journal(Protocol):
    """Written to before anything is sent to a router, and after. Both methods return only when it is kept."""

    def intent(self, device: TargetId, token: str) -> None: ...
    def outcome(self, device: TargetId, outcome: str, detail: str) -> None: ...


class HeldError(LuxopsError):
    """Somebody else holds the router."""


class Fence(Protocol):
    """The right to change one router."""

    @property
    def token(self) -> int:
        """Higher than every earlier holder's."""
        ...

    def check(self) -> None:
        """Asked before each thing that is sent. Raises LuxopsError where the right is lost."""
        ...


class Fences(Protocol):
    """Who may change a router."""

    def hold(self, device: TargetId) -> AbstractContextManager[Fence]:
        """The router, for as long as the block. Raises HeldError."""
        ...


class Clock(Protocol):
    """Time, for whoever waits."""

    def now(self) -> float:
        """Seconds, from any beginning; never backwards."""
        ...

    def sleep(self, seconds: float) -> None: ...


class MonotonicClock:
    """The machine's own."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


Check = Callable[["TargetId"], AbstractSet[str]]
"""What works now, as far as the router matters to it: ids of flows that answer, or of paths that carry. What is in the set
before the router is changed must be in it afterwards. Raises LuxopsError where it cannot be told."""
Checks = Mapping[str, Check]
"""`flows`, `paths` → its check."""
Tell = Callable[["TargetId", str], None]
"""Told what is being done, for people who wait."""
