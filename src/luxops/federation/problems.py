"""What is wrong with a declaration, where, and how to mend it."""

from __future__ import annotations

from typing import NamedTuple

from luxops.errors import LuxopsError


class Problem(NamedTuple):
    """One mistake. Sorts by place."""

    file: str
    """As a user can open it: the folder as it was given, then the file inside."""
    line: int
    """From 1."""
    column: int
    """From 1."""
    what: str
    why: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        lines = [f"{self.file}:{self.line}:{self.column}: {self.what}"]
        return "\n".join([*lines, *(f"  {line}" for part in (self.why, self.remedy) for line in part.splitlines())])


class InventoryError(LuxopsError):
    """The inventory cannot be used. `problems` holds everything that was found, in order of file and line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{count} in the inventory")
        self.problems = problems

    def diagnosis(self) -> str:
        return "\n".join([*map(str, self.problems), self.what])
