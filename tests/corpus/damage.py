"""What ways of damaging hosts' and routers' answers have in common."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

from luxops.model import FailureReason

NOISE: tuple[tuple[str, bytes], ...] = (
    ("byte order mark", b"\xef\xbb\xbf"),
    ("message of the day", b"Linux chl 6.1.0-1 #1 SMP Debian\n\nLast login: Mon Nov 23 03:00:00 2026 from 10.255.0.5\n"),
    ("prompt", b"luxops@elsewhere:~$ "),
    ("terminal colours", b"\x1b[0m\x1b[31m"),
    ("null bytes", b"\x00\x00\x00"),
    ("newline", b"\n"),
    ("bell", b"\x07"),
    ("not UTF-8", b"\xff\xfe\xc3"),
)
SESSION_FAILURES = (FailureReason.TIMEOUT, FailureReason.SESSION_LOST, FailureReason.TOO_LARGE)
T = TypeVar("T")


def garbled(data: bytes, place: int, how: int) -> bytes:
    """One byte at `place` changed in one of nine ways; always another text than before."""
    byte = data[place]
    before, after = data[:place], data[place + 1 :]
    made = (
        lambda: before + bytes([byte ^ 1]) + after,
        lambda: before + bytes([byte ^ 0x80]) + after,
        lambda: before + (b"0" if byte != ord("0") else b"1") + after,
        lambda: before + (b"a" if byte != ord("a") else b"b") + after,
        lambda: before + (b"\n" if byte != ord("\n") else b" ") + after,
        lambda: before + after,
        lambda: before + b"0" + data[place:],
        lambda: before + bytes([byte]) + data[place:],
        lambda: before + bytes([byte, byte ^ 2]) + after,
    )[how % 9]()
    return made if made != data else before + bytes([byte ^ 4]) + after


def places(size: int, count: int, offset: int = 0) -> list[int]:
    """At most `count` places, evenly over 0 … size-1."""
    step = max(1, size // max(1, count))
    return list(range(offset % step, size, step))


def orders(items: Sequence[T]) -> Iterator[tuple[str, list[T]]]:
    """Other orders of the same items."""
    for place in range(len(items) - 1):
        swapped = list(items)
        swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
        yield f"swapped {place} and {place + 1}", swapped
    yield "reversed", list(reversed(items))
    for seed in range(5):
        shuffled = list(items)
        random.Random(seed).shuffle(shuffled)  # noqa: S311 - the same every time
        yield f"shuffled {seed}", shuffled
