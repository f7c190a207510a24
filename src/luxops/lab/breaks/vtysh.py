"""Lines typed into FRR by hand, not saved: shared by the breaks that do so."""

from __future__ import annotations

from luxops.lab import routing
from luxops.lab.breaks.interface import Bench, BreakBase


class Typed(BreakBase):
    """`lines` are typed in configuration mode; `undo` takes them back."""

    lines: tuple[str, ...]
    undo: tuple[str, ...]
    shown: str
    """Line of the running configuration that tells whether the fault is there."""
    removed: bool = False
    """Whether the fault is that this line is not there."""
    sessions: tuple[str, ...] = ()
    """Routers that lose a session by it."""

    def apply(self, bench: Bench) -> None:
        self._type(bench, self.lines)
        routing.wait_for(self.sessions, settled=False)

    def heal(self, bench: Bench) -> None:
        if self.in_force(bench):
            self._type(bench, self.undo)
        routing.wait_for(self.sessions, settled=True)

    def in_force(self, bench: Bench) -> bool:
        return bench.says(self.shown, "vtysh", "-c", "show running-config") != self.removed

    def _type(self, bench: Bench, lines: tuple[str, ...]) -> None:
        bench.run("vtysh", *(word for line in ("configure terminal", *lines) for word in ("-c", line)))
