"""From what was found to the exit code, the same for every command."""

from __future__ import annotations

from luxops.errors import ExitCode


def exit_code(*, bad: bool, incomplete: bool) -> ExitCode:
    """Findings or drift outweigh incompleteness; only a complete and clean look is good."""
    if bad:
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if incomplete else ExitCode.GOOD
