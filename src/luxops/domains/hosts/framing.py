"""The framed answer: which sections arrived whole, and what that proves.

A frame is one line and a body:

    #luxops1 NONCE NAME STATUS LENGTH SHA256
    BODY, LENGTH bytes, and one newline that is not counted

SHA256 is over the line up to LENGTH, a newline, and BODY. `NAME!` frames carry what a section wrote to standard error.

What can be proven. The nonce is made for one request to one target and never used again. So a frame that carries it and
whose checksum is right was written for this request: it is no replay and, with the identity section beside it, no other
host's. The checksum covers the head too, so a changed name, status or length is seen as well as a changed body. Such a
frame stays proven when the rest of the answer is lost: a truncated answer loses sections, never parts of one.

What cannot. Not that a section ran on a host that is what it claims: root on the host can print anything. The checksum
shows damage, not malice; SSH's own integrity and the host key keep third parties out. Not why a section is missing: an
answer that stops early, and one whose end came without it, are told apart only by the end frame.

What follows. A section counts if exactly one whole frame of its name arrived. Twice: none of the two counts. A frame
that no script of ours would write, whole ones in another order, or another nonce mean that the answer is not what was
asked for: then nothing in it counts. Bytes between frames are damage of a frame that does not count; a body cannot be
mistaken for a frame's beginning, because whatever printed it did not know the nonce.
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
    """Name → what it printed; each arrived exactly once, whole."""
    repeated: frozenset[str]
    """Names that arrived more than once: none of theirs counts."""
    damaged: bool
    """There were bytes that belong to no whole frame."""


@dataclass(frozen=True)
class _Frame:
    name: str
    status: int
    body: bytes


def unframe(answer: bytes, nonce: str, expected: Sequence[str]) -> Frames:
    """Finds the whole frames. Raises ParseError where the answer as a whole is not one to this request."""
    frames, damaged = _whole_frames(answer, nonce)
    known = set(expected)
    for frame in frames:
        if frame.name.removesuffix("!") not in known:
            raise ParseError(f"the answer has a section that was not asked for: {frame.name}")
    counts = Counter(frame.name for frame in frames)
    repeated = frozenset(name for name, count in counts.items() if count > 1)
    once = [frame for frame in frames if frame.name not in repeated]
    places = {name: place for place, name in enumerate(expected)}
    order = [places[frame.name] for frame in once if not frame.name.endswith("!")]
    if order != sorted(order):
        raise ParseError("the answer's sections are not in the order in which they were asked for")
    said = {frame.name.removesuffix("!"): frame.body for frame in once if frame.name.endswith("!")}
    sections = {f.name: SectionAnswer(f.status, f.body, said.get(f.name, b"")) for f in once if not f.name.endswith("!")}
    return Frames(sections=sections, repeated=frozenset(name.removesuffix("!") for name in repeated), damaged=damaged)


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
