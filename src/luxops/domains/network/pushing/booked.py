"""The journal and the fences of a push, kept in the change book."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from luxops.changes import ChangeBook, ChangeRecord, Fence, FenceHeldError
from luxops.domains.network.pushing.interface import HeldError
from luxops.domains.network.pushing.nouns import GOOD, Outcome, PushReport
from luxops.model import ChangeEffect, ChangeState, TargetId

ACTION = "push"


class BookJournal:
    """Intents and effects of one change under way."""

    def __init__(self, record: ChangeRecord) -> None:
        self._record = record

    def intent(self, device: TargetId, token: str) -> None:
        self._record.intent(device, ACTION, int(token.rpartition(".")[2]))

    def outcome(self, device: TargetId, outcome: str, detail: str) -> None:
        self._record.effect(ChangeEffect(subject=device, action=ACTION, outcome=outcome, detail=detail))


class BookFences:
    """One luxops at a time on a router, over all machines of the store."""

    def __init__(self, book: ChangeBook, holder: str) -> None:
        self._book = book
        self._holder = holder

    @contextmanager
    def hold(self, device: TargetId) -> Iterator[Fence]:
        try:
            fence = self._book.fence(device, self._holder)
        except FenceHeldError as held:
            raise HeldError(held.what, why=held.why, remedy=held.remedy) from held
        with fence:
            yield fence


def state_after(report: PushReport) -> ChangeState:
    """Of the whole change. What may be pushed again, because looking at it may settle it, is interrupted and not over."""
    outcomes = {device.outcome for device in report.devices}
    if outcomes <= GOOD:
        return ChangeState.DONE
    nothing_sent = outcomes <= {Outcome.REFUSED, Outcome.NOT_BEGUN}
    if nothing_sent or outcomes & {Outcome.UNKNOWN, Outcome.INCOMPLETE}:
        return ChangeState.INTERRUPTED
    return ChangeState.FAILED if outcomes & GOOD else ChangeState.ROLLED_BACK
