"""A policy's expression: checked, compiled by CEL, and, where Python answers as CEL does, a Python function too."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import cel

from luxops.policies.paths import Touch
from luxops.policies.quick import Quick, quick
from luxops.policies.reader import Reader
from luxops.policies.tokens import ExpressionError, tokens_of, written_out
from luxops.policies.touching import touches_of

MAX_LENGTH = 4000
"""Characters in one expression."""


@dataclass(frozen=True)
class Expression:
    """A checked expression: its text, what it looks at, and how to answer it."""

    text: str
    touches: tuple[Touch, ...]
    program: cel.Program = field(repr=False, compare=False)
    """What it means."""
    quick: Quick | None = field(repr=False, compare=False)
    """The same answer at a small part of the cost, or an error where the program is to be asked."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Facts (and `target`, `now`) that it names, in order."""
        return tuple(dict.fromkeys(touch.path[0] for touch in self.touches))


@lru_cache(maxsize=4096)
def read_expression(text: str) -> Expression:
    """Raises ExpressionError for a syntax error, an unknown function, or CEL that policies may not use."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression is longer than {MAX_LENGTH} characters")
    tokens = tokens_of(text)
    reader = Reader(tokens)
    reader.whole()
    program = _compiled(text)
    if unseen := set(program.variables()) - reader.names:
        # Both parsers must agree on what is a variable, or the paths would be worth nothing.
        raise ExpressionError(f"`{min(unseen)}` is used in a way that policies may not")
    for pattern, column in reader.patterns:
        _check_pattern(pattern, column)
    try:
        node = Reader(written_out(tokens)).whole()
        return Expression(text, touches_of(node), program, quick(node))
    except RecursionError:
        raise ExpressionError("it is nested too deeply") from None


def _compiled(text: str) -> cel.Program:
    try:
        return cel.compile(text)
    except ValueError as error:
        message = str(error)
        start = max(message.find("ERROR:"), 0)
        raise ExpressionError(message[start:].splitlines()[0]) from None


def _check_pattern(pattern: str, column: int) -> None:
    try:
        cel.evaluate(f'"".matches({pattern})')
    except RuntimeError:
        raise ExpressionError(f"{pattern} is not a regular expression (RE2 syntax: no look-around)", column) from None
