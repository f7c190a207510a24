"""How a platform is changed so that it goes back by itself unless the change is confirmed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from luxops.model import ChangeId, Frozen

if TYPE_CHECKING:
    from luxops.domains.network.planning.nouns import Step
    from luxops.transports.dialogue import Dialogue

_CHANGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


class Token(Frozen):
    """Names one attempt at one change of one device, on the device too. A later holder of the device has a higher fence."""

    change: ChangeId
    fence: int

    def __str__(self) -> str:
        return f"{self.change}.{self.fence}"

    @classmethod
    def parse(cls, text: str) -> Token:
        """Raises ValueError for what is no token."""
        change, _, fence = text.rpartition(".")
        if not _CHANGE.fullmatch(change) or not re.fullmatch(r"\d{1,18}", fence):
            raise ValueError(f"`{text[:80]}` is no token of a change")
        return cls(change=ChangeId(change), fence=int(fence))


class Attempt(Frozen):
    """What a device still knows of one attempt that has not come to its end."""

    token: Token
    armed: bool
    """Its dead-man timer runs."""
    confirmed: bool = False
    """It was confirmed, and not saved. A device that does not remember says neither this nor `fired`."""
    fired: bool = False
    """Its timer ran out, and not everything is back."""


class Standing(Frozen):
    """What a device says before anything is done with it."""

    refusal: str = ""
    """Why it cannot go back by itself; empty: it can."""
    attempts: tuple[Attempt, ...] = ()
    foreign: str = ""
    """A timer runs that luxops did not start, or of which it cannot tell whose it is: what the device says of it."""
    fence: int = 0
    """The highest fence that the device has seen."""


class Refused(Exception):  # noqa: N818 - what the device did, not what went wrong in luxops
    """The device would not do what it was asked; what it said. `line`: the line that it took offence at, where it is one."""

    def __init__(self, said: str, line: str = "") -> None:
        super().__init__(f"{line.strip()}: {said}" if line else said)
        self.said = said
        self.line = line


class TimerFired(Refused):
    """The dead-man timer has run out: the device has gone back, or is about to."""


class Changing(Protocol):
    """One platform's way. Methods raise Refused for what the device says, SessionError where the session ends before it has."""

    @property
    def mechanism(self) -> str:
        """What takes a change back on this platform, for people; empty: nothing does."""
        ...

    def is_save(self, step: Step) -> bool:
        """Whether the step makes the change outlast a restart. It is kept back until the change is confirmed: see `save`."""
        ...

    def unfit(self, steps: Sequence[Step]) -> str:
        """Why these steps cannot be sent to this platform at all, before anything is; empty: they can."""
        ...

    def standing(self, dialogue: Dialogue) -> Standing:
        """Look, and change nothing."""
        ...

    def arm(self, dialogue: Dialogue, token: Token, seconds: int, steps: Sequence[Step]) -> None:
        """Save what there is, start the timer, and see that it runs. `steps` says what must be saved."""
        ...

    def send(self, dialogue: Dialogue, token: Token, step: Step) -> Sequence[str]:
        """Send one step, its secrets filled in, and read every answer: the warnings among them. Anything worse is raised."""
        ...

    def leave(self, dialogue: Dialogue, token: Token) -> Sequence[str]:
        """After the last step: leave the configuration mode, and take what the device says late, as `send` does."""
        ...

    def enter_unguarded(self, dialogue: Dialogue) -> None:
        """Make ready for `send` without any timer, where that was overridden. Raises Refused where it cannot."""
        ...

    def confirm(self, dialogue: Dialogue, token: Token) -> None:
        """Stop the timer, and see that it has not fired. Raises TimerFired where it has."""
        ...

    def save(self, dialogue: Dialogue, token: Token) -> None:
        """Make what runs outlast a restart, and forget the attempt."""
        ...

    def revert(self, dialogue: Dialogue, token: Token, fence: int) -> None:
        """Go back now, and wait until that is done. `token`: the attempt; `fence`: of whoever takes it back."""
        ...


def masked(text: str, secrets: Mapping[str, str]) -> str:
    """The text with every secret's value replaced by its reference, as it may be shown and stored."""
    for name, value in sorted(secrets.items(), key=lambda item: -len(item[1])):
        if value:
            text = text.replace(value, f"<secret:{name}>")
    return text
