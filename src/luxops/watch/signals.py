"""Ending on SIGTERM and SIGINT: the scan under way may finish if it does so soon, else it is interrupted."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

GRACE = 5.0
"""Seconds that a scan under way has to finish."""
_TICK = 1.0
"""Seconds between two wakings of the main thread. A signal that arrives just before a blocking call does not end it:
Python runs its handler when the call is over, and a watch on a busy machine would sleep on. A tick ends the call."""


@contextmanager
def stopping_on_signals(stop: Callable[[], None], grace: float = GRACE) -> Iterator[None]:
    """Within the block the first signal calls `stop`; after `grace`, or at a second signal, KeyboardInterrupt is raised.

    For the main thread. What was set before is put back at the end.
    """
    deadline = math.inf

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        nonlocal deadline
        if deadline < math.inf:
            raise KeyboardInterrupt
        deadline = time.monotonic() + grace
        stop()

    def tick(number: int, frame: FrameType | None) -> None:
        del number, frame
        if time.monotonic() >= deadline:
            raise KeyboardInterrupt

    before = {
        number: signal.signal(number, handler)
        for number, handler in ((signal.SIGTERM, ask), (signal.SIGINT, ask), (signal.SIGALRM, tick))
    }
    every = min(_TICK, grace)
    signal.setitimer(signal.ITIMER_REAL, every, every)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
