"""Limits on time for everything that a run holds open, and one switch that closes it all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from luxops.model import FailureReason
from luxops.transports.failures import SessionError

_TICK = 0.1
"""Seconds between two looks at the limits."""


class Lease:
    """What one session holds open, and until when. The watchdog closes it where a limit passes.

    Some waits in SSH libraries have no time-out of their own; closing the connection under them ends every wait.
    """

    def __init__(self) -> None:
        self._closers: list[Callable[[], object]] = []
        self._limits: list[tuple[float, str]] = []
        self._lock = threading.Lock()
        self._closed = False
        self.overran = ""
        """What took too long, once something has."""
        self.stopped = False
        """Whether the run was stopped."""

    def holds(self, closer: Callable[[], object]) -> None:
        """Close this too, whenever the lease ends. At once where it has ended already."""
        with self._lock:
            if not self._closed:
                self._closers.append(closer)
                return
        closer()

    @contextmanager
    def limit(self, seconds: float, what: str) -> Iterator[None]:
        """The block must be done in time. Raises TIMEOUT or INTERRUPTED in place of what the closing made it raise."""
        entry = (time.monotonic() + seconds, f"{what} took longer than {seconds:g} s")
        with self._lock:
            self._limits.append(entry)
        try:
            yield
        finally:
            with self._lock:
                self._limits.remove(entry)
            # On purpose in `finally`: what the closed connection made the block raise hides why it was closed.
            self.check()

    def check(self) -> None:
        """Raises TIMEOUT or INTERRUPTED where the lease has ended for that."""
        if self.stopped:
            raise SessionError(FailureReason.INTERRUPTED, "the run was stopped", retryable=True)
        if self.overran:
            raise SessionError(FailureReason.TIMEOUT, self.overran)

    def expire(self, now: float) -> None:
        """Close everything where a limit lies before `now` (monotonic seconds)."""
        with self._lock:
            late = [what for expires, what in self._limits if expires <= now]
        if late and not self._closed:
            self.overran = late[-1]
            self.close()

    def close(self) -> None:
        """Close what is held, the newest first. Harmless when repeated."""
        with self._lock:
            self._closed = True
            closers, self._closers = self._closers, []
        for closer in reversed(closers):
            closer()


class Watchdog:
    """Watches the leases of one run from one thread."""

    def __init__(self) -> None:
        self._leases: set[Lease] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="luxops-watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.stop()
        self._thread.join()

    @contextmanager
    def lease(self) -> Iterator[Lease]:
        """A lease that ends with the block. Raises INTERRUPTED where the run has been stopped."""
        lease = self.grant()
        try:
            yield lease
        finally:
            self.end(lease)

    def grant(self) -> Lease:
        """A lease that lasts until `end` or the end of the run."""
        lease = Lease()
        with self._lock:
            lease.stopped = self._stop.is_set()
            lease.check()
            self._leases.add(lease)
        return lease

    def end(self, lease: Lease) -> None:
        with self._lock:
            self._leases.discard(lease)
        lease.close()

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the run. Raises INTERRUPTED there."""
        if self._stop.wait(seconds):
            raise SessionError(FailureReason.INTERRUPTED, "the run was stopped", retryable=True)

    def stop(self) -> None:
        """Close everything that is open and grant nothing more."""
        with self._lock:
            self._stop.set()
            leases, self._leases = self._leases, set()
        for lease in leases:
            lease.stopped = True
            lease.close()

    def _watch(self) -> None:
        while not self._stop.wait(_TICK):
            now = time.monotonic()
            with self._lock:
                leases = list(self._leases)
            for lease in leases:
                lease.expire(now)
