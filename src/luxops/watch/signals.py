"""Ending on SIGTERM and SIGINT: the scan under way may finish if it does so soon, else it is interrupted."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

GRACE = 5.0
"""Seconds that a scan under way has to finish."""


@contextmanager
def stopping_on_signals(stop: Callable[[], None], grace: float = GRACE) -> Iterator[None]:
    """Within the block the first signal calls `stop`; after `grace`, or at a second signal, KeyboardInterrupt is raised.

    For the main thread. What was set before is put back at the end.
    """
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        stop()
        signal.setitimer(signal.ITIMER_REAL, grace)

    def insist(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, handler)
        for number, handler in ((signal.SIGTERM, ask), (signal.SIGINT, ask), (signal.SIGALRM, insist))
    }
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
