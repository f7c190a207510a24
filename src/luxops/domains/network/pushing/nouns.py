"""What a push says: of every router exactly what was changed on it, and what was not."""

from __future__ import annotations

from enum import StrEnum

from luxops.errors import ExitCode
from luxops.model import ChangeId, Digest, Frozen, TargetId


class Outcome(StrEnum):
    """What became of one router."""

    DONE = "done"
    """Changed, verified, confirmed, saved, and read again: it is as planned."""
    ALREADY_DONE = "already-done"
    """It was as planned before anything was sent to it."""
    REFUSED = "refused"
    """Nothing was sent to it, for the reason given."""
    ROLLED_BACK = "rolled-back"
    """What was sent has been taken back, and it was seen to be as before."""
    INCOMPLETE = "incomplete"
    """It was looked at, and is neither as planned and saved nor as before: somebody must look at it."""
    UNKNOWN = "unknown"
    """What has become of it could not be seen."""
    NOT_BEGUN = "not-begun"
    """The change stopped before its turn: nothing was sent to it."""


GOOD = frozenset({Outcome.DONE, Outcome.ALREADY_DONE})
UNCLEAR = frozenset({Outcome.UNKNOWN, Outcome.INCOMPLETE})


class DeviceReport(Frozen):
    """One router's part of a push."""

    device: TargetId
    outcome: Outcome
    detail: str
    """In a sentence: why, and by what it went back. No secret stands in it."""
    token: str = ""
    """Of the attempt, as the router itself knows it; empty: there was none."""
    warnings: tuple[str, ...] = ()
    """What the router said and took all the same."""


class PushReport(Frozen):
    """A whole push."""

    change: ChangeId
    plan: Digest
    devices: tuple[DeviceReport, ...]
    """Every router of the plan once, in the order of the plan."""
    unchecked: tuple[str, ...]
    """What was not looked at after each router, because nothing was given that could: `flows`, `paths`."""

    @property
    def complete(self) -> bool:
        """Whether the whole change is in force."""
        return all(report.outcome in GOOD for report in self.devices)

    @property
    def exit_code(self) -> ExitCode:
        """What could not be seen outweighs what was taken back."""
        if any(report.outcome in UNCLEAR for report in self.devices):
            return ExitCode.INCOMPLETE
        return ExitCode.GOOD if self.complete else ExitCode.ROLLED_BACK


class Limits(Frozen):
    """Seconds."""

    dead_man: int = 600
    """Until a router goes back by itself, counted by the router from when its timer is armed."""
    verify: float = 180.0
    """For configuration, sessions, flows and paths to be as they must."""
    margin: float = 60.0
    """Before the timer runs out: nothing is sent and nothing confirmed any more."""
    poll: float = 3.0
    """Between two looks while something is waited for."""
    grace: float = 120.0
    """Beyond the timer, for a router that has gone back to be reachable again."""
