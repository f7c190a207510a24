"""A progress bar on standard error: how far, and who is being waited for."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from luxops.cli.output import console

if TYPE_CHECKING:
    from rich.progress import TaskID

    from luxops.model import Failure, TargetId


class Bar:
    """Observer of a scan. Off a terminal it prints one line a domain when that is done, nothing in between."""

    def __init__(self, verb: str = "Observing") -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._console = console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"),
            console=self._console, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._verb = verb
        self._tasks: dict[str, TaskID] = {}
        self._current: str = ""
        self._lock = threading.Lock()
        self._open: dict[TargetId, float] = {}
        self._slowest: tuple[float, str] = (0.0, "")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def started(self, domain: str, total: int) -> None:
        self._current, self._slowest = domain, (0.0, "")
        self._tasks[domain] = self._bar.add_task(f"{self._verb} {domain}", total=total, note="")

    def observing(self, target: TargetId) -> None:
        with self._lock:
            self._open[target] = time.monotonic()
            self._note()

    def observed(self, target: TargetId, seconds: float, failure: Failure | None) -> None:
        del failure
        with self._lock:
            self._open.pop(target, None)
            self._slowest = max(self._slowest, (seconds, str(target)))
            self._bar.advance(self._tasks[self._current])
            self._note()

    def finished(self, domain: str) -> None:
        seconds, slowest = self._slowest
        note = f"{slowest} took longest: {seconds:.1f} s" if slowest else ""
        task = self._tasks[domain]
        self._bar.update(task, note=note)
        if self._bar.disable:
            total = self._bar.tasks[task].total if task < len(self._bar.tasks) else None
            self._console.print(f"{self._verb} {domain}: {total or 0:.0f} targets, {note}", markup=False)

    def _note(self) -> None:
        if self._open:
            oldest = min(self._open, key=self._open.__getitem__)
            self._bar.update(self._tasks[self._current], note=f"waiting for {oldest}")
