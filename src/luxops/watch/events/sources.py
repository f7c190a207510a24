"""Every source of events, and those that this installation has switched on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from luxops.watch.events.syslog.source import SyslogSource

if TYPE_CHECKING:
    from luxops.metrics import EventMetrics
    from luxops.settings import WatchSettings
    from luxops.watch.events.interface import EventSource


def _syslog(settings: WatchSettings, metrics: EventMetrics) -> EventSource | None:
    if not settings.syslog:
        return None
    return SyslogSource(settings.syslog, settings.syslog_relays, metrics)


SOURCES: Mapping[str, Callable[[WatchSettings, EventMetrics], EventSource | None]] = MappingProxyType({"syslog": _syslog})
"""Name → how it is made of the settings; None where they do not ask for it."""


def open_sources(settings: WatchSettings, metrics: EventMetrics) -> tuple[EventSource, ...]:
    """Those that are switched on, not listening yet. Raises UsageError where a setting is wrong."""
    made = (make(settings, metrics) for make in SOURCES.values())
    return tuple(source for source in made if source is not None)
