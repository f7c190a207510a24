"""The one root error. What a user sees is what happened, why, and what to do; never a traceback."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status means. Where FINDINGS and INCOMPLETE both apply, FINDINGS."""

    GOOD = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    ROLLED_BACK = 4


class LuxopsError(Exception):
    """Something the user can act on. Rooms derive their own; the command line prints `diagnosis()` and exits."""

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, *, why: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.remedy = remedy

    def diagnosis(self) -> str:
        """The message as a user reads it: one line of what, then indented why and remedy where they are known."""
        return "\n".join([self.what, *(f"  {line}" for part in (self.why, self.remedy) for line in part.splitlines())])


class UsageError(LuxopsError):
    """The command was asked for something that does not exist or cannot be."""


def did_you_mean(word: str, known: list[str]) -> str:
    """`; did you mean `x`?` for the nearest known word, or nothing where none is near."""
    import difflib  # noqa: PLC0415 - only on the way to an error

    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean `{near[0]}`?" if near else ""
