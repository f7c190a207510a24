"""An IOS-like device in memory: its command line, its archive, and its timer, which runs out when a test says so."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.support.frr_box import applied

NO_TIMER = "%No Rollback Confirmed Change pending"
INVALID = "          ^\n% Invalid input detected at '^' marker.\n"
_KNOWN = ("interface", "router", "address-family", "exit-address-family", "neighbor", "network", "ip ", "no ", "description",
          "route-map", "match", "set", "exit", "banner", "access-list", "permit", "deny", "hostname")  # fmt: skip


@dataclass
class IosBox:
    """`running`: its configuration, a blank a level."""

    name: str
    running: list[str]
    archive: str = "archive\n path bootflash:luxops-archive"
    files: list[str] = field(default_factory=lambda: ["packages.conf"])
    startup: list[str] = field(default_factory=list)
    before: list[str] | None = None
    """What the timer goes back to; None: none runs."""
    minutes: int = 0
    log: list[str] = field(default_factory=list)
    """What was done to it: `armed`, `lines`, `confirmed`, `saved`, `reverted`."""
    errors: dict[str, str] = field(default_factory=dict)
    """Part of a line → what the device answers instead of taking it."""
    late: dict[str, str] = field(default_factory=dict)
    """Part of a line → what the device says of it after its prompt has come."""
    silent: str = ""
    """Part of a line after which no prompt comes any more."""
    no_file: bool = False
    """Its storage takes no file."""
    cut: bool = False
    """No session can be opened."""

    def __post_init__(self) -> None:
        self.startup = self.startup or list(self.running)

    def fire(self) -> int:
        """The timer runs out. How many did."""
        if self.before is None:
            return 0
        self.running, self.before = self.before, None
        self.log.append("reverted")
        return 1

    def timers(self) -> list[int]:
        return [] if self.before is None else [self.minutes * 60]

    def lines(self) -> tuple[str, ...]:
        return tuple(self.running)

    def saved(self) -> bool:
        return self.startup == self.running

    def session(self) -> IosSession:
        return IosSession(self)


class IosSession:
    """One terminal session."""

    def __init__(self, box: IosBox) -> None:
        self.box = box
        self.mode = ""
        self._typed: list[str] = []
        self._late = ""

    @property
    def prompt(self) -> str:
        return f"{self.box.name}{self.mode}#"

    def say(self, line: str) -> tuple[str, str, str | None]:
        """What comes before the echo, the answer, and the prompt after it; None: it never comes."""
        late, self._late = self._late, next((said for part, said in self.box.late.items() if part in line), "")
        if self.box.silent and self.box.silent in line:
            return late, "", None
        wrong = next((said for part, said in self.box.errors.items() if part in line), None)
        text = wrong if wrong is not None else self._configure(line.strip()) if self.mode else self._execute(line.strip())
        return late, text, self.prompt

    def _execute(self, line: str) -> str:  # noqa: C901, PLR0911 - a table of commands
        box = self.box
        if line in {"", "!"} or line.startswith(("terminal ", "no terminal")):
            return ""
        if line == "show running-config | section ^archive":
            return box.archive
        if line == "show archive config rollback timer":
            return self._timer()
        if line.startswith("dir "):
            return "Directory of bootflash:/\n" + "\n".join(
                f"   {n}  -rw-  29  Nov 25 2026 09:00:00 +00:00  {f}" for n, f in enumerate(box.files)
            )
        if line.startswith("show clock | redirect "):
            if not box.no_file:
                box.files.append(line.rpartition(":")[2])
            return "%Error opening bootflash: (No space left on device)" if box.no_file else ""
        if line.startswith("delete /force "):
            box.files = [name for name in box.files if name != line.rpartition(":")[2]]
            return ""
        if match := re.fullmatch(r"configure terminal(?: revert timer (\d+))?", line):
            return self._enter(match[1])
        if line == "configure confirm":
            if box.before is None:
                return NO_TIMER
            box.before = None
            box.log.append("confirmed")
            return ""
        if line == "configure revert now":
            return "Rollback Confirmed Change: rollback done" if box.fire() else NO_TIMER
        if line == "write memory":
            box.startup = list(box.running)
            box.log.append("saved")
            return "Building configuration...\n[OK]"
        return INVALID

    def _enter(self, minutes: str | None) -> str:
        box = self.box
        if minutes:
            if box.before is not None:
                return "%Rollback Confirmed Change already pending"
            box.before, box.minutes = list(box.running), int(minutes)
            box.log.append("armed")
        self.mode = "(config)"
        noted = (
            "Rollback Confirmed Change: Backing up current running config to bootflash:luxops-archive-Nov-25-1\n\n"
            if minutes
            else ""
        )
        return noted + "Enter configuration commands, one per line.  End with CNTL/Z."

    def _timer(self) -> str:
        if self.box.before is None:
            return NO_TIMER
        began = "Time configured(of rollback): 09:00:00 UTC\nTimer type: absolute timer"
        return f"{began}\nTimer value: {self.box.minutes} min\nUser: luxops"

    def _configure(self, line: str) -> str:
        if line == "do show archive config rollback timer":
            return self._timer()
        if line == "end":
            self.mode, self._typed = "", []
            return ""
        if line in {"", "!"}:
            return ""
        if not line.startswith(_KNOWN):
            return INVALID
        self._typed.append(line)
        self.box.running = applied(self.box.running, self._typed)
        self.box.log.append("lines")
        self.mode = "(config-router)" if line.startswith("router") else self.mode
        return ""
