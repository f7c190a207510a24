"""What a source of events is. A new one is one more member of `sources.SOURCES`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from luxops.model import Frozen, TargetId

if TYPE_CHECKING:
    from luxops.federation import Federation


class Event(Frozen):
    """Someone says that a target's configuration may have changed. It is a reason to look, never evidence."""

    target: TargetId
    source: str
    """Name of the source."""
    what: str
    """What it says, in luxops's own words: nothing of a message that could hold a secret."""
    who: str = ""
    """Who made the change, where the message says so; printable, at most 64 characters."""


Post = Callable[[Event, float], None]
"""Takes an event, and when it came in on the monotonic clock. Never blocks; may be called from any thread."""


class EventSource(Protocol):
    """Listens somewhere, from `open` to `close`, in threads of its own."""

    @property
    def name(self) -> str: ...

    def follow(self, federation: Federation) -> None:
        """Speak of this federation's targets from now on. Called before `open`, and again when the inventory was edited."""
        ...

    def open(self, post: Post) -> None:
        """Begin to listen. Raises UsageError where it cannot, for an address in use for instance."""
        ...

    def close(self) -> None:
        """End, and wait for its threads."""
        ...
