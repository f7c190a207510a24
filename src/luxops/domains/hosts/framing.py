"""The framed answer: which sections arrived whole, and what that proves.

A frame holds one section, or a group of them. It is one line and a body:

    #luxops1 NONCE NAME STATUS LENGTH SHA256
    BODY, LENGTH bytes, and one newline that is not counted

SHA256 is over the line up to LENGTH, a newline, and BODY. In a group's body each section is closed by a mark, before which
there is one newline that is not the section's:

    NONCE SECTION STATUS

`NAME!` frames carry what a frame's sections wrote to standard error, each after a line `NONCE SECTION`.

What can be proven. The nonce is made for one request to one target and never used again. So a frame that carries it and
whose checksum is right was written for this request: it is no replay and, with the identity section beside it, no other
host's. The checksum covers the head too, so a changed name, status or length is seen as well as a changed body. Such a
frame stays proven when the rest of the answer is lost: a truncated answer loses groups, never parts of one. A section's
output cannot be mistaken for a mark, because whatever printed it did not know the nonce.

What cannot. Not that a section ran on a host that is what it claims: root on the host can print anything. The checksum
shows damage, not malice; SSH's own integrity and the host key keep third parties out. Not why a section is missing: an
answer that stops early, and one whose end came without it, are told apart only by the end frame.

What follows. A section counts if exactly one whole frame of its group arrived. Twice: none of the two counts. A frame
that no script of ours would write, one without all its sections in their order, whole ones in another order, or another
nonce mean that the answer is not what was asked for: then nothing in it counts. Bytes between frames are damage of a frame
that does not count; a body cannot be mistaken for a frame's beginning, because whatever printed it did not know the nonce.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from luxops.domains.hosts.facts.interface import ParseError, SectionAnswer

_MAGIC = b"#luxops1 "
_HEAD = re.compile(
    rb"(?P<signed>#luxops1 [0-9a-f]{16,64} (?P<name>[a-z_]+\.[a-z_]+!?) (?P<status>\d{1,3}) (?P<length>\d{1,9}))"
    rb" (?P<sum>[0-9a-f]{64})\n"
)
_LONGEST_HEAD = 512


@dataclass(frozen=True)
class Frames:
    """What of an answer is proven."""

    sections: Mapping[str, SectionAnswer]
    """Name of a section → what it printed; each arrived exactly once, whole."""
    repeated: frozenset[str]
    """Names of sections that arrived more than once: none of theirs counts."""
    damaged: bool
    """There were bytes that belong to no whole frame."""


@dataclass(frozen=True)
class _Frame:
    name: str
    status: int
    body: bytes


def unframe(answer: bytes, nonce: str, expected: Mapping[str, Sequence[str]]) -> Frames:
    """Finds the whole frames. Raises ParseError where the answer as a whole is not one to this request.

    `expected`: frames in order, each with its sections; none where it is one section itself.
    """
    frames, damaged = _whole_frames(answer, nonce)
    for frame in frames:
        if frame.name.removesuffix("!") not in expected:
            raise ParseError(f"the answer has a section that was not asked for: {frame.name}")
    counts = Counter(frame.name for frame in frames)
    repeated = {name for name, count in counts.items() if count > 1}
    once = {frame.name: frame for frame in frames if frame.name not in repeated}
    names = [name for name in once if not name.endswith("!")]
    if names != [name for name in expected if name in once]:
        raise ParseError("the answer's sections are not in the order in which they were asked for")
    sections: dict[str, SectionAnswer] = {}
    for name in names:
        said = once[f"{name}!"].body if f"{name}!" in once else b""
        sections |= _sections(once[name], said, nonce.encode(), expected[name])
    twice = {section for name in repeated for section in (expected[name.removesuffix("!")] or (name.removesuffix("!"),))}
    return Frames(sections=sections, repeated=frozenset(twice), damaged=damaged)


def _sections(frame: _Frame, said: bytes, nonce: bytes, names: Sequence[str]) -> dict[str, SectionAnswer]:
    """What each section of a frame printed, and wrote to standard error. Raises ParseError unless just the named are in it."""
    if not names:
        return {frame.name: SectionAnswer(frame.status, frame.body, said)}
    *parts, rest = re.split(rb"\n" + nonce + rb" ([a-z_]+\.[a-z_]+) (\d{1,3})\n", frame.body)
    found = [name.decode() for name in parts[1::3]]
    if found != list(names) or rest:
        raise ParseError(f"{frame.name} does not hold the sections that were asked for")
    before, *words = re.split(nonce + rb" ([a-z_]+\.[a-z_]+)\n", said)
    spoken = {name.decode(): text for name, text in zip(words[::2], words[1::2], strict=True)}
    return {
        name: SectionAnswer(int(status), body, spoken.get(name, before))
        for name, body, status in zip(found, parts[::3], parts[2::3], strict=True)
    }


def _whole_frames(answer: bytes, nonce: str) -> tuple[list[_Frame], bool]:
    mine = _MAGIC + nonce.encode() + b" "
    frames: list[_Frame] = []
    damaged = False
    position = 0
    while position < len(answer):
        found = _frame_at(answer, position, mine)
        if found is not None:
            frame, position = found
            frames.append(frame)
            continue
        damaged = True
        following = answer.find(mine, position + 1)
        gap = answer[position : following if following >= 0 else len(answer)]
        _refuse_other_nonce(gap, mine)
        position = following if following >= 0 else len(answer)
    return frames, damaged


def _frame_at(answer: bytes, position: int, mine: bytes) -> tuple[_Frame, int] | None:
    head = _HEAD.match(answer, position, position + _LONGEST_HEAD)
    if head is None or not head["signed"].startswith(mine):
        return None
    end = head.end() + int(head["length"])
    body = answer[head.end() : end]
    if answer[end : end + 1] != b"\n" or hashlib.sha256(head["signed"] + b"\n" + body).hexdigest().encode() != head["sum"]:
        return None
    return _Frame(head["name"].decode(), int(head["status"]), body), end + 1


def _refuse_other_nonce(gap: bytes, mine: bytes) -> None:
    """A whole head with another nonce in what is no frame of ours: another request's answer is mixed in."""
    for head in _HEAD.finditer(gap):
        if not head["signed"].startswith(mine):
            raise ParseError("the answer carries another request's mark: it is a replay or another target's")
