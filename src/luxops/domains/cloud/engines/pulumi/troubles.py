"""What went wrong, for people: what, why, and what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from luxops.domains.cloud.engines.pulumi.locks import locks_in
from luxops.domains.cloud.engines.pulumi.protocol import Ended, Trouble
from luxops.errors import LuxopsError

if TYPE_CHECKING:
    from luxops.domains.cloud.nouns import StackId

_LINES: Final = 12
_EXCEPTION = re.compile(r"\s*(?:[\w.]*(?:Error|Exception)|[\w.]+\.[A-Z]\w+): ")


class PulumiError(LuxopsError):
    """The CLI could not do its work on a stack."""

    def __init__(self, what: str, *, why: str = "", remedy: str = "", trouble: Trouble = Trouble.FAILED) -> None:
        super().__init__(what, why=why, remedy=remedy)
        self.trouble = trouble


def error_of(stack: StackId, ended: Ended, said: Sequence[str]) -> PulumiError:
    """Of an operation that has not ended well. `said`: errors that belong to no single resource."""
    trouble = ended.trouble or Trouble.FAILED
    if trouble is Trouble.LOCKED:
        held = "; ".join(lock.told() for lock in locks_in(ended.text, stack))
        return PulumiError(
            f"Stack {stack} is locked" + (f" by {held}" if held else ""),
            why="a run is at work on it, or was killed before it could give the lock back",
            remedy=f"Wait for it. Where that process is dead: luxops cloud unlock {stack}",
            trouble=trouble,
        )
    if trouble is Trouble.MISSING:
        return PulumiError(f"The state has no stack {stack}", remedy=f"Make it: luxops cloud up {stack}", trouble=trouble)
    if trouble is Trouble.VERSION:
        return PulumiError(
            "The Pulumi CLI does not fit the SDK",
            why=ended.text,
            remedy="`luxops doctor` says which version does.",
            trouble=trouble,
        )
    if trouble is Trouble.PENDING:
        return PulumiError(
            f"Stack {stack} has creates that an interrupted run has left: {ended.text}",
            why="nobody knows whether the cloud has them, and another run would make them a second time",
            remedy=f"Have them looked for: luxops cloud up {stack}",
            trouble=trouble,
        )
    return PulumiError(f"Pulumi has not finished stack {stack}", why=_why(ended.text, said), trouble=trouble)


def _without_traceback(text: str) -> list[str]:
    """A program's error is told by the last line that names an exception, and by what follows it."""
    lines = text.splitlines()
    named = [number for number, line in enumerate(lines) if _EXCEPTION.match(line)]
    return [line.strip() for line in lines[named[-1] :]] if named else lines


def _why(text: str, said: Sequence[str]) -> str:
    lines = [line for one in dict.fromkeys(said) for line in _without_traceback(one)]
    if not lines:
        lines = [line for line in text.splitlines() if line.strip()]
        errors = [number for number, line in enumerate(lines) if "error:" in line]
        lines = lines[errors[0] :] if errors else lines
    return "\n".join(lines[-_LINES:])
