"""Several stacks' processes at once, what they tell as it comes, and their common end."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from luxops.domains.cloud.changes import Effect, Operation, Outcome, StackPlan
from luxops.domains.cloud.engines.pulumi.events import Telling
from luxops.domains.cloud.engines.pulumi.process import PATIENCE, StackProcess
from luxops.domains.cloud.engines.pulumi.protocol import Ended, Said, Step
from luxops.domains.cloud.engines.pulumi.troubles import error_of
from luxops.domains.cloud.nouns import StackId, Urn
from luxops.errors import LuxopsError
from luxops.model import TargetId

if TYPE_CHECKING:
    from luxops.domains.cloud.engines.pulumi.environment import Surroundings
    from luxops.domains.cloud.engines.pulumi.protocol import Request
    from luxops.progress import Progress

OWN_TYPES = "luxops:"
"""What luxops itself sees to, whatever engine is used: the provider has nothing for it."""
_LOOK = 0.1

Start = Callable[["Request", "Surroundings"], StackProcess]


class Will:
    """Whether the work is still wanted."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self.hurried = threading.Event()

    def watch(self, process: StackProcess, done: threading.Event) -> None:
        """Until the work is done: pass on that it is to stop, and after its time, or in a hurry, end it."""
        asked = 0.0
        while not done.wait(_LOOK):
            if self.stopped.is_set() and not asked:
                asked = time.monotonic()
                process.stop()
            if asked and (self.hurried.is_set() or time.monotonic() - asked > PATIENCE):
                process.kill()
                return


class Crew:
    """Starts processes, so many at once."""

    def __init__(self, around: Surroundings, start: Start, at_once: int) -> None:
        self._around = around
        self._start = start
        self._at_once = max(1, at_once)

    def work(self, request: Request) -> tuple[list[Step], Ended]:
        """One piece of work that is waited for. Raises PulumiError."""
        lines = list(self._lines(request, Will()))
        ended = lines[-1]
        assert isinstance(ended, Ended)  # noqa: S101 - what a process promises
        if ended.trouble is not None:
            raise error_of(request.stack, ended, [x.text for x in lines if isinstance(x, Said) and x.severity == "error"])
        return [line for line in lines if isinstance(line, Step)], ended

    def _lines(self, request: Request, will: Will) -> Iterator[Step | Said | Ended]:
        process = self._start(request, self._around)
        done = threading.Event()
        watcher = threading.Thread(target=will.watch, args=(process, done), daemon=True)
        watcher.start()
        try:
            yield from process.lines()
        finally:
            done.set()
            watcher.join()
            process.close()

    def effects(
        self, stacks: Sequence[StackId], request_of: Callable[[StackId], tuple[Request, StackPlan | None]], progress: Progress
    ) -> Iterator[Effect]:
        """Of all stacks, as they come. Where the caller stops, every process is asked to stop and waited for."""
        heard: queue.Queue[Effect | None] = queue.Queue()
        places = threading.BoundedSemaphore(self._at_once)
        will = Will()

        def run(stack: StackId) -> None:
            with places:
                if not will.stopped.is_set():
                    progress.observing(TargetId(stack))
                    began = time.monotonic()
                    for effect in self._of_stack(stack, request_of, will):
                        heard.put(effect)
                    progress.observed(TargetId(stack), time.monotonic() - began, None)
            heard.put(None)

        threads = [threading.Thread(target=run, args=(stack,)) for stack in stacks]
        for thread in threads:
            thread.start()
        try:
            for _ in stacks:
                yield from iter(heard.get, None)
        finally:
            _joined(threads, will)

    def _of_stack(
        self, stack: StackId, request_of: Callable[[StackId], tuple[Request, StackPlan | None]], will: Will
    ) -> Iterator[Effect]:
        try:
            request, planned = request_of(stack)
            telling = Telling(stack)
            ended = Ended()
            for line in self._lines(request, will):
                if isinstance(line, Ended):
                    ended = line
                elif (effect := telling.hears(line)) is not None:
                    yield effect
        except LuxopsError as error:
            yield stack_effect(stack, error.diagnosis())
            return
        why = "Pulumi's state says that it is so already: luxops cloud repair goes by the cloud"
        if ended.trouble is not None:
            if telling.general or not telling.failed:
                yield stack_effect(stack, error_of(stack, ended, telling.general).diagnosis())
            why = "something that it needs has failed, or the run was stopped"
        yield from untried(planned, telling.told, why)


def _joined(threads: Sequence[threading.Thread], will: Will) -> None:
    """All at their end. Whoever interrupts the wait is in a hurry."""
    will.stopped.set()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        will.hurried.set()
        for thread in threads:
            thread.join()
        raise


def stack_effect(stack: StackId, detail: str) -> Effect:
    """What went wrong with a stack as a whole."""
    urn = Urn(f"{stack}::pulumi:pulumi:Stack::{stack.partition('/')[2]}")
    return Effect(stack=stack, op=Operation.UPDATE, urn=urn, outcome=Outcome.FAILED, detail=detail)


def untried(planned: StackPlan | None, told: set[Urn], why: str) -> Iterator[Effect]:
    """What was planned and did not come to pass."""
    for change in () if planned is None else planned.changes:
        ours = change.type.startswith(OWN_TYPES)
        if change.op is not Operation.UNMANAGED and change.urn not in told and not ours:
            yield Effect(stack=planned.stack, op=change.op, urn=change.urn, outcome=Outcome.SKIPPED, detail=why)  # type: ignore[union-attr] # not None here
