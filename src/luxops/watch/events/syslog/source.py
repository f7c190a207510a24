"""Syslog as a source of events: whose a message is, whether it tells of a change, and how many are read at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from luxops.model import TargetId
from luxops.watch.events.interface import Event, Post
from luxops.watch.events.syslog.message import MalformedError, SyslogMessage, parse_message
from luxops.watch.events.syslog.programs import PROGRAMS
from luxops.watch.events.syslog.receiver import Receiver, parse_address

if TYPE_CHECKING:
    from luxops.federation import Federation
    from luxops.metrics import EventMetrics

READ = 500
"""Messages of one sender that are read each second. What comes beyond is counted, and is an event by itself."""


@dataclass
class _Budget:
    second: int = 0
    read: int = 0


class SyslogSource:
    """A message belongs to the router whose management or loopback address sent it.

    Of a relay, and of no other sender, the host name in the message decides.
    """

    name = "syslog"

    def __init__(self, addresses: Sequence[str], relays: Sequence[IPv4Address | IPv6Address], metrics: EventMetrics) -> None:
        """Raises UsageError where an address is none."""
        self._receiver = Receiver([parse_address(text) for text in addresses], self.take, self._lost)
        self._relays = frozenset(map(str, relays))
        self._metrics = metrics
        self._lock = threading.Lock()
        self._routers: Mapping[str, TargetId] = {}
        self._names: Mapping[str, TargetId] = {}
        self._budgets: dict[str, _Budget] = {}
        self._post: Post | None = None

    @property
    def ports(self) -> Sequence[int]:
        """Where it listens, address by address."""
        return self._receiver.ports

    def follow(self, federation: Federation) -> None:
        routers = federation.routers.values()
        addresses = {f"{a}": TargetId(router.id) for router in routers for a in (router.management, router.loopback)}
        names = {router.id.lower(): TargetId(router.id) for router in routers}
        with self._lock:
            self._routers, self._names = addresses, names
            self._budgets = {sender: self._budgets.get(sender) or _Budget() for sender in (*addresses, *self._relays)}

    def open(self, post: Post) -> None:
        self._post = post
        self._receiver.open()

    def close(self) -> None:
        self._receiver.close()

    def take(self, sender: str, data: bytes) -> None:
        """One message. It is counted, whatever becomes of it."""
        now = time.monotonic()
        with self._lock:
            budget, target = self._budgets.get(sender), self._routers.get(sender)
        if budget is None:
            self._metrics.messages.labels("unknown-sender").inc()
        elif not _afford(budget, now):
            self._metrics.messages.labels("flood").inc()
            if target is not None:
                self._tell(Event(target=target, source=self.name, what="it sends more messages than are read"), now)
        else:
            self._read(sender, data, target, now)

    def _read(self, sender: str, data: bytes, target: TargetId | None, now: float) -> None:
        try:
            message = parse_message(data)
        except MalformedError:
            self._metrics.messages.labels("malformed").inc()
            return
        if sender in self._relays:
            with self._lock:
                target = self._names.get(message.host.partition(".")[0], target)
        if target is None:
            self._metrics.messages.labels("unknown-sender").inc()
            return
        event = self._event(target, message)
        self._metrics.messages.labels("event" if event else "other").inc()
        if event is not None:
            self._tell(event, now)

    def _event(self, target: TargetId, message: SyslogMessage) -> Event | None:
        told = next((found for program in PROGRAMS if (found := program.told(message)) is not None), None)
        return None if told is None else Event(target=target, source=self.name, what=told.what, who=told.who)

    def _tell(self, event: Event, now: float) -> None:
        if self._post is not None:
            self._post(event, now)

    def _lost(self, why: str) -> None:
        del why
        self._metrics.messages.labels("lost-stream").inc()


def _afford(budget: _Budget, now: float) -> bool:
    if budget.second != int(now):
        budget.second, budget.read = int(now), 0
    budget.read += 1
    return budget.read <= READ
