"""What a host fact is: shell sections that run on the host, and one pure parser of what they print.

A fact file adds no mechanism of its own. Its sections print configuration reduced to what policies need, each ending with
a terminator that the parser demands, so that "there is none" and "the rest got lost" never look alike. Its parser raises
`ParseError` for anything that the sections cannot have printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeVar

from luxops.model import FactName, FactValue, Failure, FailureReason, HostRole, Unreadable

T = TypeVar("T")
Group = Literal["local", "system", "daemons"]
"""`local` reads configuration, folders and databases on disk, `system` what the kernel says; `daemons` asks programs."""

TIMED_OUT = frozenset({124, 137})
"""Exit statuses of `timeout`: the command was told to end, or was killed."""
NOT_FOUND = frozenset({126, 127})
"""Exit statuses of a shell that could not start the program."""


class ParseError(ValueError):
    """The answer is not what its sections can print. Becomes a failure of the fact: malformed."""


class CannotAnswer(Exception):  # noqa: N818 - not an error of the parser: the host said that it cannot say
    """The whole fact has no value, and the host said why: refused, timed out, unsupported."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


@dataclass(frozen=True)
class Section:
    """One piece of the composed script. Those of one group share a process, a time limit and a checksum."""

    name: str
    """`FACT.PART`, unique over all facts; two facts may share one section."""
    script: str
    """POSIX sh, run with standard input closed and no arguments. Writes nothing but its output."""
    group: Group
    """What of an answer is damaged or lost is lost for its whole group; what takes too long is lost alone."""
    privileged: bool = False
    """Runs as root, through the one `sudo -n` of the session."""


@dataclass(frozen=True)
class SectionAnswer:
    """What one section printed; its group's frame and checksum were right."""

    exit_status: int
    stdout: bytes
    stderr: bytes = b""


@dataclass(frozen=True)
class Answer:
    """All that one fact's parser may look at."""

    taken_at: datetime
    """When the answer came in, by the clock of luxops: ages are counted from here."""
    sections: Mapping[str, SectionAnswer]
    """Section name → what it printed."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Section name → why it never ran: sudo was refused."""

    def text(self, name: str, *, accept: frozenset[int] = frozenset({0})) -> str:
        """What a section printed, where the fact is nothing without it.

        Raises CannotAnswer where the host refused, ran out of time or lacks the program; ParseError for another exit
        status than those accepted, and for an answer without one byte.
        """
        if name in self.refused:
            raise CannotAnswer(Failure(reason=FailureReason.REFUSED, detail=self.refused[name]))
        section = self.sections[name]
        if section.exit_status not in accept:
            said = _first_line(section.stderr)
            if section.exit_status in TIMED_OUT:
                raise CannotAnswer(
                    Failure(reason=FailureReason.TIMEOUT, detail=f"{name} was ended by its time limit", retryable=True)
                )
            if section.exit_status in NOT_FOUND:
                raise CannotAnswer(Failure(reason=FailureReason.UNSUPPORTED, detail=f"{name}: {said or 'no such program'}"))
            raise CannotAnswer(
                Failure(reason=FailureReason.REFUSED, detail=f"{name} ended with status {section.exit_status}: {said}")
            )
        if not section.stdout:
            raise ParseError(f"{name} printed nothing")
        try:
            return section.stdout.decode()
        except UnicodeDecodeError as error:
            raise ParseError(f"{name} is not UTF-8 at byte {error.start}") from error

    def part(self, name: str, parser: Callable[[str], T], *, accept: frozenset[int] = frozenset({0})) -> T | Unreadable:
        """One part of a fact that is worth having without it: parsed, or the reason why it could not be read."""
        try:
            text = self.text(name, accept=accept)
        except CannotAnswer as refusal:
            return Unreadable(reason=refusal.failure.detail)
        return parser(text)


@dataclass(frozen=True)
class HostFact:
    """One subject: the sections it is made of and the parser that turns them into a value."""

    name: FactName
    sections: tuple[Section, ...]
    parse: Callable[[Answer], FactValue]
    """Pure. Raises ParseError, or CannotAnswer by way of `Answer.text`."""
    role: HostRole | None = None
    """Only hosts whose group declares this role are asked; None: every host."""

    def asked_of(self, role: str | None) -> bool:
        return self.role is None or self.role == role


def _first_line(text: bytes) -> str:
    return text.decode(errors="replace").strip().partition("\n")[0][:200]


FileKind = Literal["file", "directory", "link", "other"]


class FileMode(FactValue):
    """Who owns a file and who may do what with it; never what is in it. A link is followed: the mode is its target's."""

    kind: FileKind
    mode: str
    """Four octal digits, `0640`; the first holds setuid (4), setgid (2) and sticky (1)."""
    owner: str
    """Name, or the number where no account has it."""
    group: str
    group_readable: bool
    group_writable: bool
    other_readable: bool
    other_writable: bool
