"""Something done again and again beside other work, until that is over."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Pulse:
    """Calls `beat` every `interval` seconds from a thread of its own. `beat` must not raise."""

    def __init__(self, name: str, interval: float, beat: Callable[[], None]) -> None:
        self._interval = interval
        self._beat = beat
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when no beat is under way any more. May be called twice, and where it was never started."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._interval):
            self._beat()
