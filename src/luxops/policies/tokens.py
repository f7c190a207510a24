"""The words of an expression: split, checked, and loops over lists of literals written out."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class ExpressionError(ValueError):
    """The text is not an expression that a policy may use. `column` counts from 1 within the text."""

    def __init__(self, message: str, column: int = 1) -> None:
        super().__init__(message)
        self.column = column


class Token(NamedTuple):
    kind: str
    """`string`, `number`, `name`, `mark` or `end`."""
    text: str
    at: int
    """Characters before it."""


MAX_TOKENS: Final = 6000
"""Loops are written out only so far."""

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
      | (?P<string>[rR]?"(?:[^"\\\n]|\\[^\n])*"|[rR]?'(?:[^'\\\n]|\\[^\n])*')
      | (?P<number>(?:\d+\.\d+(?:[eE][+-]?\d+)?|0[xX][0-9a-fA-F]+|\d+))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<mark>\|\||&&|[<>=!]=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE,
)
_QUOTED = re.compile(r"""\\([\\"'])""")
_ESCAPE = re.compile(r"""(?<!\\)(?:\\\\)*\\[^\\"']""")
_RAW = frozenset({"r", "R"})
_JOINED = {"all": "&&", "exists": "||"}


def tokens_of(text: str) -> list[Token]:
    """Raises ExpressionError for a character that begins no word. Ends with a token of kind `end`."""
    tokens = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise ExpressionError(f"unexpected `{text[at]}`", at + 1)
        if found.lastgroup != "space":
            tokens.append(Token(found.lastgroup, found.group(), at))
        at = found.end()
    return [*tokens, Token("end", "", len(text))]


def literal(token: Token) -> str | None:
    """A string literal's value; None for one with other escapes than of a quote or backslash, and for any other token."""
    if token.kind != "string":
        return None
    if token.text[0] in _RAW:
        return token.text[2:-1]
    body = token.text[1:-1]
    return None if _ESCAPE.search(body) else _QUOTED.sub(r"\1", body)


def written_out(tokens: list[Token]) -> list[Token]:
    """`["a", "b"].all(x, f(x))` → `((f("a")) && (f("b")))`, and `exists` with `||`.

    It means the same, errors included, and shows which keys a policy looks at.
    """
    at = 0
    while at < len(tokens) and len(tokens) < MAX_TOKENS:
        loop = _loop_at(tokens, at)
        if loop is None:
            at += 1
            continue
        items, join, body, end = loop
        mark = Token("mark", join, tokens[at].at)
        left, right = Token("mark", "(", tokens[at].at), Token("mark", ")", tokens[at].at)
        copies = [left]
        for number, item in enumerate(items):
            copies += [*([mark] if number else []), left, *_filled(body, item), right]
        tokens = [*tokens[:at], *copies, right, *tokens[end:]]
    return tokens


class _Loop(NamedTuple):
    items: list[Token]
    join: str
    body: list[Token]
    """With the variable first, to be filled in."""
    end: int


def _loop_at(tokens: list[Token], at: int) -> _Loop | None:
    """A loop over a list of string literals that begins here."""
    if tokens[at].text != "[" or (at and (tokens[at - 1].kind in {"name", "string"} or tokens[at - 1].text in {")", "]"})):
        return None  # no list, or an index
    items = []
    here = at + 1
    while tokens[here].kind == "string" and tokens[here + 1].text in {",", "]"}:
        items.append(tokens[here])
        here += 2
        if tokens[here - 1].text == "]":
            break
    else:
        return None
    dot, name, bracket, variable, comma = (tokens[here : here + 5] + [tokens[-1]] * 5)[:5]
    if (dot.text, bracket.text, comma.text) != (".", "(", ",") or name.text not in _JOINED or variable.kind != "name":
        return None
    end = _closing(tokens, here + 2)
    body = tokens[here + 5 : end]
    if end < 0 or not body or _bound_again(body, variable.text):
        return None
    return _Loop(items, _JOINED[name.text], [variable, *body], end + 1)


def _closing(tokens: list[Token], opening: int) -> int:
    depth = 0
    for number in range(opening, len(tokens)):
        if tokens[number].kind == "mark":
            depth += (tokens[number].text in {"(", "[", "{"}) - (tokens[number].text in {")", "]", "}"})
        if depth == 0:
            return number
    return -1


def _bound_again(body: list[Token], name: str) -> bool:
    """Whether the body has a loop of its own over the same name, or a comma that makes it no body."""
    depth = 0
    for before, token, after in zip([None, *body], body, [*body[1:], None], strict=False):
        if token.kind == "mark":
            depth += (token.text in {"(", "[", "{"}) - (token.text in {")", "]", "}"})
            if token.text == "," and depth == 0:
                return True
        bound = before is not None and before.text == "(" and after is not None and after.text == ","
        if token.kind == "name" and token.text == name and bound:
            return True
    return False


def _filled(body: list[Token], item: Token) -> list[Token]:
    variable, *rest = body
    filled = []
    for before, token in zip(body, rest, strict=False):
        is_it = token.kind == "name" and token.text == variable.text and before.text != "."
        filled.append(Token("string", item.text, token.at) if is_it else token)
    return filled
