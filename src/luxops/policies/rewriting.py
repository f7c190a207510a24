"""Putting variables where an expression has paths and comparisons."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from luxops.policies.inputs import Input, InputKind, Path
from luxops.policies.tokens import Token, text_of


class Replacement(NamedTuple):
    """Words in place of a part of an expression."""

    start: int
    end: int
    """Tokens from start up to, not including, end."""
    inputs: tuple[Input, ...]
    tokens: tuple[Token, ...]


def word_of(text: str) -> Token:
    """A word to write; where it stood does not matter any more."""
    return Token("name", text, 0)


def rewrite(
    tokens: Sequence[Token], replacements: Sequence[Replacement], ranges: Collection[int], keyed: Collection[Path]
) -> tuple[tuple[Input, ...], str]:
    """The inputs, and the expression over them.

    Where one replacement lies within another, the outer one counts; of two for the same tokens, the first.
    `ranges`: where a path begins that is only gone over or searched; `keyed`: maps whose keys have numbers.
    """
    inputs: dict[Input, None] = {}
    written: list[Token] = []
    done = 0
    for start, end, wanted, words in sorted(replacements, key=lambda r: (r.start, -r.end)):
        if start < done:
            continue
        if start in ranges and wanted[0].kind is InputKind.VALUE and wanted[0].test is None:
            kind = InputKind.KEYED if wanted[0].path in keyed else InputKind.RANGE
            wanted = (Input(kind, wanted[0].path),)  # noqa: PLW2901 - the same input, as a range
            words = (word_of(wanted[0].name),)  # noqa: PLW2901 - the same
        inputs.update(dict.fromkeys(wanted))
        written += [*tokens[done:start], *words]
        done = end
    return tuple(inputs), text_of([*written, *tokens[done:]])
