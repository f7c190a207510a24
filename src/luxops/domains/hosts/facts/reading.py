"""The grammar that sections share: blocks of lines closed by a marker, and modes of files.

A section prints its parts one after the other and closes each with a line `@@ PART STATUS`. The marker comes after the lines,
so a part without lines is there and empty, and a part that is not closed is not there.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from luxops.domains.hosts.facts.interface import FileKind, FileMode, ParseError
from luxops.model import Unreadable

STAT = "stat -L -c '%f %U %u %G %g %n'"
"""Prints what `file_modes` reads: mode in hexadecimal, owner and group by name and number, path."""

_MARKER = re.compile(r"^@@ ([a-z_]+) (\d{1,3})\n", re.MULTILINE)
_ANY_MARKER = re.compile(r"^@@ .*", re.MULTILINE)
_STAT_LINE = re.compile(r"([0-9a-f]{1,8}) (\S+) (\d+) (\S+) (\d+) (/.*)")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})")
_KINDS: tuple[tuple[int, FileKind], ...] = ((stat.S_IFREG, "file"), (stat.S_IFDIR, "directory"), (stat.S_IFLNK, "link"))


@dataclass(frozen=True)
class Block:
    """One part of a section: its lines, and the exit status of what printed them."""

    status: int
    lines: tuple[str, ...]

    def or_unreadable(self, what: str) -> tuple[str, ...] | Unreadable:
        """The lines, or Unreadable where what printed them ended with another status than 0."""
        return self.lines if self.status == 0 else Unreadable(reason=f"{what} ended with status {self.status}")


def blocks(text: str, names: Iterable[str]) -> Mapping[str, Block]:
    """Splits what a section printed. Raises ParseError unless exactly the named parts are there, in order, all closed."""
    *parts, rest = _MARKER.split(text)
    found = {
        name: Block(int(status), tuple(lines.split("\n")[:-1]))
        for lines, name, status in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    }
    for lines in (*parts[::3], rest):
        if broken := _ANY_MARKER.search(lines):
            raise ParseError(f"not a marker: {broken[0][:80]!r}")
    if len(found) * 3 != len(parts):
        raise ParseError("a marker is given twice")
    if rest:
        raise ParseError("there are lines after the last marker")
    if list(found) != list(names):
        raise ParseError(f"parts are {', '.join(found) or 'missing'}; expected {', '.join(names)}")
    return found


@lru_cache(maxsize=4096)
def file_mode(raw: int, owner: str, group: str) -> FileMode:
    """A FileMode from the number that stat gives."""
    kind: FileKind = next((name for bits, name in _KINDS if stat.S_IFMT(raw) == bits), "other")
    return FileMode(
        kind=kind, mode=f"{stat.S_IMODE(raw):04o}", owner=owner, group=group,
        group_readable=bool(raw & stat.S_IRGRP), group_writable=bool(raw & stat.S_IWGRP),
        other_readable=bool(raw & stat.S_IROTH), other_writable=bool(raw & stat.S_IWOTH),
    )  # fmt: skip


def file_modes(lines: Iterable[str]) -> dict[str, FileMode]:
    """Path → mode, from lines that `STAT` printed. Raises ParseError for any other line."""
    modes = {}
    for line in lines:
        if not (match := _STAT_LINE.fullmatch(line)):
            raise ParseError(f"not a line of stat: {line[:80]!r}")
        raw, user, uid, group, gid, path = match.groups()
        modes[path] = file_mode(int(raw, 16), uid if user == "UNKNOWN" else user, gid if group == "UNKNOWN" else group)
    return modes


def number_or_text(text: str) -> int | str:
    """A number where the text is one in decimal without leading zeros (those are octal modes), else the text."""
    return int(text) if _NUMBER.fullmatch(text) else text


def split_once(line: str, separator: str, what: str) -> tuple[str, str]:
    """Both sides of the first separator. Raises ParseError where there is none."""
    left, found, right = line.partition(separator)
    if not found:
        raise ParseError(f"not a line of {what}: {line[:80]!r}")
    return left, right
