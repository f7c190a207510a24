"""Events: something elsewhere says that a target was changed, and it is looked at at once instead of at its turn."""

from luxops.watch.events.agenda import Agenda, Due
from luxops.watch.events.interface import Event, EventSource, Post
from luxops.watch.events.sources import SOURCES, open_sources

__all__ = ["SOURCES", "Agenda", "Due", "Event", "EventSource", "Post", "open_sources"]
