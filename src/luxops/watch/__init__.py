"""Continuous scanning: what is due is looked at, what changes is told, what grows old counts as unknown."""

from luxops.watch.configuration import Configuration
from luxops.watch.schedule import Schedule
from luxops.watch.signals import stopping_on_signals
from luxops.watch.watch import Watch, Watched

__all__ = ["Configuration", "Schedule", "Watch", "Watched", "stopping_on_signals"]
