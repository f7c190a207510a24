"""A policy's expression: checked, and compiled over what it needs.

The library compiles and runs CEL but shows no syntax tree, so `reader` reads the same text, computes what it touches and
rewrites it. Handing whole facts to CEL would cost far more than any check: it copies a map whenever a member is taken
out of one, and making its maps and strings is slow. So each fixed path (`sshd.effective.permitrootlogin`) becomes one
variable, and loops over lists and maps of models go over numbers, with one list for each field that they look at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import cel

from luxops.policies.inputs import Input, Touch
from luxops.policies.reader import Reader
from luxops.policies.tokens import ExpressionError, tokens_of, written_out

MAX_LENGTH = 4000
"""Characters in one expression."""


@dataclass(frozen=True)
class Expression:
    """A checked expression: its text, what it touches, what it needs, and the compiled program over that."""

    text: str
    touches: tuple[Touch, ...]
    inputs: tuple[Input, ...]
    program: cel.Program = field(repr=False, compare=False)

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
    Reader(tokens).whole()
    _compiled(text)
    reader = Reader(written_out(tokens))
    reader.whole()
    inputs, rewritten = reader.rewritten()
    program = _compiled(rewritten)
    if unseen := set(program.variables()) - reader.names - {i.name for i in inputs}:
        # Both parsers must agree on what is a variable, or the paths would be worth nothing.
        raise ExpressionError(f"`{min(unseen)}` is used in a way that policies may not")
    for pattern, column in reader.patterns:
        _check_pattern(pattern, column)
    return Expression(text, tuple(sorted(reader.touched)), inputs, program)


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
