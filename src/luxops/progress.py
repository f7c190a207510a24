"""Observers of long work. The work reports; who watches (a bar, a log, metrics, nothing) is the edge's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from luxops.model import Failure, TargetId


class Progress(Protocol):
    """Told what happens, from any thread. An observer must be quick and must not raise."""

    def started(self, domain: str, total: int) -> None:
        """A domain begins to observe `total` targets."""

    def observing(self, target: TargetId) -> None:
        """A session to the target is being opened."""

    def observed(self, target: TargetId, seconds: float, failure: Failure | None) -> None:
        """The target answered, or failed, after `seconds`."""

    def finished(self, domain: str) -> None:
        """No target of the domain is left."""


class Silent:
    """Nobody watches."""

    def started(self, domain: str, total: int) -> None: ...
    def observing(self, target: TargetId) -> None: ...
    def observed(self, target: TargetId, seconds: float, failure: Failure | None) -> None: ...
    def finished(self, domain: str) -> None: ...
