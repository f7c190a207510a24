"""A small, strict parser of the part of CEL that policies may use. The library compiles CEL but shows no syntax tree."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from luxops.policies.paths import ANY
from luxops.policies.syntax import (
    Call,
    Choice,
    Element,
    Entries,
    Fact,
    Index,
    Items,
    Logic,
    Loop,
    Method,
    Node,
    Number,
    Operation,
    Select,
    Sign,
    Text,
    Word,
)  # fmt: skip
from luxops.policies.tokens import ExpressionError, Token, literal

MAX_DEPTH: Final = 60
"""Nested brackets and operators in one expression."""

FUNCTIONS: Final = frozenset({"size", "int", "double", "string", "has"})
METHODS: Final = frozenset({"size", "contains", "startsWith", "endsWith", "matches"})
MACROS: Final = frozenset({"all", "exists", "exists_one", "filter", "map"})
WORDS: Final = {"true": True, "false": False, "null": None}
KEYWORDS: Final = frozenset({*WORDS, "in"})

_LEVELS: Final = (("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"))
"""Binary operators, weakest first."""


class Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self.names: set[str] = set()
        """Facts and variables of loops."""
        self.patterns: list[tuple[str, int]] = []
        """Literal regular expressions, each with its column."""
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._loops: list[str] = []

    def whole(self) -> Node:
        """All of it. Raises ExpressionError."""
        node = self._expression()
        if self._token.kind != "end":
            raise self._wrong("expected an operator")
        return node

    # Tokens

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _take(self, texts: Collection[str]) -> Token | None:
        token = self._token
        if token.kind not in {"string", "end"} and token.text in texts:
            self._at += 1
            return token
        return None

    def _expect(self, text: str) -> None:
        if not self._take((text,)):
            raise self._wrong(f"expected `{text}`")

    def _wrong(self, message: str) -> ExpressionError:
        token = self._token
        found = f", found `{token.text}`" if token.text else " before the end"
        return ExpressionError(message + found, token.at + 1)

    # Grammar, weakest operator first

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._wrong(f"nested deeper than {MAX_DEPTH}")
        node = self._logic(0)
        if self._take("?"):
            yes = self._logic(0)
            self._expect(":")
            node = Choice(node, yes, self._expression())
        self._depth -= 1
        return node

    def _logic(self, level: int) -> Node:
        following = self._logic if level == 0 else self._binary
        parts = [following(level + 1)]
        while self._take(_LEVELS[level]):
            parts.append(following(level + 1))
        return parts[0] if len(parts) == 1 else Logic(_LEVELS[level][0], tuple(parts))

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._binary(level + 1)
        while operator := self._take(_LEVELS[level]):
            node = Operation(operator.text, node, self._binary(level + 1))
        return node

    def _unary(self) -> Node:
        signs = []
        while sign := self._take("!-"):
            signs.append(sign.text)
        if len(signs) > MAX_DEPTH:
            raise self._wrong("too many signs")
        node = self._member()
        for text in reversed(signs):
            node = Sign(text, node)
        return node

    def _member(self) -> Node:
        node = self._primary()
        while mark := self._take(".["):
            node = self._selected(node) if mark.text == "." else self._indexed(node)
        return node

    def _selected(self, of: Node) -> Node:
        name = self._token
        if name.kind != "name" or name.text in KEYWORDS:
            raise self._wrong("expected a field's or method's name")
        self._at += 1
        if not self._take("("):
            return Select(of, name.text)
        if name.text in MACROS:
            return self._macro(name.text, of)
        if name.text not in METHODS:
            raise ExpressionError(f"there is no method `{name.text}`: {_listed(METHODS | MACROS)}", name.at + 1)
        if name.text == "matches" and self._token.kind == "string":
            self.patterns.append((self._token.text, self._token.at + 1))
        argument = None if name.text == "size" else self._expression()
        self._expect(")")
        return Method(name.text, of, argument)

    def _macro(self, name: str, over: Node) -> Node:
        variable = self._token
        if variable.kind != "name" or variable.text in KEYWORDS:
            raise self._wrong(f"expected a variable's name in `{name}(…)`")
        if variable.text in self._loops:
            raise ExpressionError(f"the loop around this one has a variable `{variable.text}` too", variable.at + 1)
        self._at += 1
        self._expect(",")
        self.names.add(variable.text)
        self._loops.append(variable.text)
        body = self._expression()
        made = self._expression() if name == "map" and self._take(",") else None
        self._loops.pop()
        self._expect(")")
        return Loop(name, over, variable.text, body, made)

    def _indexed(self, of: Node) -> Node:
        token = self._token
        at = self._expression()
        self._expect("]")
        if not isinstance(at, Text) or at.value is None:
            return Index(of, at)
        if at.value == ANY:
            raise ExpressionError(f"`{ANY}` cannot be a key", token.at + 1)
        return Select(of, at.value)

    def _primary(self) -> Node:
        token = self._token
        if self._take("("):
            node = self._expression()
            self._expect(")")
            return node
        if self._take("["):
            return Items(self._list("]"))
        if self._take("{"):
            return Entries(self._list("}"))
        self._at += 1
        if token.kind == "string":
            return Text(literal(token))
        if token.kind == "number":
            return Number(_number(token.text))
        return self._named(token)

    def _named(self, token: Token) -> Node:
        if token.kind != "name" or token.text == "in":
            self._at -= 1
            raise self._wrong("expected a value")
        if token.text in WORDS:
            return Word(WORDS[token.text])
        return self._call(token) if self._take("(") else self._variable(token.text)

    def _variable(self, name: str) -> Node:
        self.names.add(name)
        return Element(name) if name in self._loops else Fact(name)

    def _call(self, name: Token) -> Node:
        if name.text not in FUNCTIONS:
            raise ExpressionError(f"there is no function `{name.text}`: {_listed(FUNCTIONS)}", name.at + 1)
        of = self._expression()
        self._expect(")")
        return Call(name.text, of)

    def _list(self, closing: str) -> tuple[Node, ...]:
        items = []
        while not self._take(closing):
            items.append(self._expression())
            if closing == "}":
                self._expect(":")
                items.append(self._expression())
            if not self._take(","):
                self._expect(closing)
                break
        return tuple(items)


def _number(text: str) -> int | float:
    if text[:2] in {"0x", "0X"}:
        return int(text, 16)
    return float(text) if "." in text else int(text)


def _listed(words: Iterable[str]) -> str:
    return "policies may use " + ", ".join(sorted(words))
