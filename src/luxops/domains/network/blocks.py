"""Configuration text as a tree: a line and what is indented below it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from luxops.domains.network.transcripts import ParseError

MAX_DEPTH = 8
ORDERED = re.compile(r"^(access-list|ip access-list|ipv6 access-list|nft) ")
"""Sections in which the first line that matches decides."""


@dataclass
class Block:
    """One line with the lines below it."""

    text: str
    children: list[Block] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        return self.text.split()


def indented(lines: Iterable[str], step: int = 1) -> list[Block]:
    """Top-level blocks of lines that are indented by `step` spaces a level.

    Raises ParseError where a line is indented deeper than the one above allows: a line is missing or garbled there.
    """
    top: list[Block] = []
    open_blocks: list[list[Block]] = [top]
    for line in lines:
        text = line.strip()
        depth, odd = divmod(len(line) - len(line.lstrip(" ")), step)
        if odd or depth >= min(len(open_blocks), MAX_DEPTH):
            raise ParseError(f"`{_shown(text)}` is indented without a line above it")
        block = Block(text)
        del open_blocks[depth + 1 :]
        open_blocks[depth].append(block)
        open_blocks.append(block.children)
    return top


def flattened(blocks: Iterable[Block], depth: int = 0) -> Iterator[str]:
    """Back to lines, two spaces a level."""
    for block in blocks:
        yield "  " * depth + block.text
        yield from flattened(block.children, depth + 1)


def canonical(blocks: Iterable[Block]) -> list[Block]:
    """In the one order that equal configurations share, whichever order a device or a renderer writes them in.

    Where the order has a meaning, it stays.
    """
    return sorted((b if ORDERED.match(b.text) else Block(b.text, canonical(b.children)) for b in blocks), key=lambda b: b.text)


def _shown(text: str) -> str:
    return text.partition(" ")[0][:40]
