"""A small, strict parser of the part of CEL that policies may use.

It computes what an expression could look at (`touched`): where the answer could depend on a part of a fact, that part is
on one of the paths. Too many paths only cost precision; a missing one would let a policy pass on what nobody could read.
On the way it notes which parts of the text to replace by variables (`rewritten`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from luxops.policies.inputs import ANY, Comparison, Input, InputKind, Part, Path, Touch
from luxops.policies.regular import simple
from luxops.policies.rewriting import Replacement, rewrite, word_of
from luxops.policies.tokens import ExpressionError, Token, literal, texts_of
from luxops.policies.values import COMPUTED, TESTED, Inner, Loop, Use, Value

MAX_DEPTH: Final = 60
"""Nested brackets and operators in one expression."""

FUNCTIONS: Final = frozenset({"size", "int", "double", "string", "has"})
METHODS: Final = frozenset({"size", "contains", "startsWith", "endsWith", "matches"})
MACROS: Final = frozenset({"all", "exists", "exists_one", "filter", "map"})
WORDS: Final = frozenset({"true", "false", "null", "in"})

_LEVELS: Final = (("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"))
"""Binary operators, weakest first."""


class Reader:
    """Recursive descent over the tokens. Each method returns what is known of its part's value."""

    def __init__(self, tokens: list[Token]) -> None:
        self.touched: set[Touch] = set()
        self.names: set[str] = set()
        """Variables of loops."""
        self.patterns: list[tuple[str, int]] = []
        """Literal regular expressions, each with its column."""
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._loops: list[Loop] = []
        self._replacements: list[Replacement] = []
        self._ranges: set[int] = set()
        """Where a replacement begins whose value is only gone over, or searched."""
        self._keyed: set[Path] = set()

    def whole(self) -> None:
        """Read all of it. Raises ExpressionError."""
        self._use(self._expression())
        if self._token.kind != "end":
            raise self._wrong("expected an operator")

    def rewritten(self) -> tuple[tuple[Input, ...], str]:
        """The inputs, and the expression over them. Where one replacement lies within another, the outer one counts."""
        return rewrite(self._tokens, self._replacements, self._ranges, self._keyed)

    # What is touched, and what replaces it

    def _use(self, value: Value) -> Value:
        """The value itself matters, with all that lies beneath."""
        self.touched.update(Touch(path, deep=True) for path in value.aliases)
        self._complete(value)
        return COMPUTED

    def _look(self, value: Value) -> None:
        """How many elements there are matters, or which keys; not what lies beneath them."""
        self.touched.update(Touch(path, deep=False) for path in value.aliases)
        self.touched.update(Touch((*path, ANY), deep=False) for path in value.aliases)

    def _replace(self, start: int, end: int, wanted: Input) -> None:
        self._replacements.append(Replacement(start, end, (wanted,), (word_of(wanted.name),)))

    def _complete(self, value: Value, *, in_has: bool = False) -> None:
        """A path that goes no further, and whose value is used."""
        if value.fixed is not None:
            self._replace(value.start, value.end, Input(InputKind.VALUE, value.fixed))
        elif value.element is not None:
            if value.fields and not in_has:
                value.element.uses.append(Use(value.start, value.end, entry=False, fields=value.fields, test=None))
            else:
                value.element.whole = True
        elif value.entry is not None:
            self._enter(value, value.entry, value.start, value.end, None, in_has=in_has)

    def _enter(
        self, value: Value, entry: tuple[Path, Loop, int], start: int, end: int, test: Comparison | None,
        *, in_has: bool = False,
    ) -> None:  # fmt: skip
        path, loop, bracket = entry
        if loop.over == path and not in_has:
            loop.uses.append(Use(start, end, entry=True, fields=value.fields, test=test))
            return
        loop.whole = True
        if in_has:
            self._replace(start, bracket, Input(InputKind.VALUE, path))
        else:
            self._look_up(start, end, Input(InputKind.COLUMN, path, value.fields, test), loop.name)

    def _compare(self, value: Value, test: Comparison, start: int, end: int) -> Value:
        """A path that is compared with literal text, in the tokens from start to end."""
        if test.operator in {"has", "size"}:
            self._look(value)
        else:
            self.touched.update(Touch(path, deep=True) for path in value.aliases)
        if value.fixed is not None:
            self._replace(start, end, Input(InputKind.VALUE, value.fixed, (), test))
        elif value.element is not None:
            value.element.uses.append(Use(start, end, entry=False, fields=value.fields, test=test))
        elif value.entry is not None:
            self._enter(value, value.entry, start, end, test)
        return TESTED

    def _sized(self, value: Value, start: int) -> Value:
        """The size of a value, in the tokens from start to here."""
        if value.fixed is not None:
            self._look(value)
            self._replace(start, self._at, Input(InputKind.SIZE, value.fixed))
            return TESTED
        if value.plain and (value.fields or value.entry):
            return self._compare(value, Comparison("size", ("",)), start, self._at)
        self._look(value)
        if value.table is not None and not value.plain and start < value.start:
            self._replace(start, value.table[2], Input(InputKind.TABLE, value.table[0], (), Comparison("size", ("",))))
            self._replacements.append(Replacement(self._at - 1, self._at, (), ()))  # the bracket of `size(`
            return TESTED
        self._complete(value)
        return TESTED

    def _tabled(self, loop: Loop, table: tuple[Path, int, int], rows: tuple[Part, ...]) -> None:
        """`FIXED[…].all(x, …)` → the same over a table's rows. It counts before the fixed path itself."""
        self._at_number(table[1], table[2], Input(InputKind.TABLE, table[0], rows=rows), ())
        for use in loop.uses:
            words = (loop.name, "[", str(rows.index(Part(use.fields, use.test))), "]")
            self._replacements.append(Replacement(use.start, use.end, (), tuple(map(word_of, words))))

    def _look_up(self, start: int, end: int, column: Input, key: str) -> None:
        """`MAP[key].field` → the field's list at the key's number."""
        keyed = Input(InputKind.KEYED, column.path)
        self._keyed.add(column.path)
        words = tuple(map(word_of, (column.name, "[", keyed.name, "[", key, "]", "]")))
        self._replacements.append(Replacement(start, end, (column, keyed), words))

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

    def _expression(self) -> Value:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._wrong(f"nested deeper than {MAX_DEPTH}")
        value = self._binary(0)
        if self._take("?"):
            self._use(value)
            left = self._reference(self._binary(0))
            self._expect(":")
            value = Value(left.aliases | self._reference(self._expression()).aliases)
        self._depth -= 1
        return value

    def _reference(self, value: Value) -> Value:
        """What a path refers to, where the path as such ends."""
        self._complete(value)
        return Value(value.aliases)

    def _binary(self, level: int) -> Value:
        if level == len(_LEVELS):
            return self._unary()
        start = self._at
        left = self._binary(level + 1)
        while operator := self._take(_LEVELS[level]):
            begin = self._at
            right = self._binary(level + 1)
            left = self._operated(operator.text, (start, left), (begin, right))
        return left

    def _operated(self, operator: str, left: tuple[int, Value], right: tuple[int, Value]) -> Value:
        """`left operator right`, each with its first token."""
        start, begin = left[0], right[0]
        before = self._tokens[start : begin - 1]
        if operator in {"==", "!=", "in"} and left[1].plain and (texts := texts_of(self._tokens[begin : self._at])) is not None:
            one, listed = self._tokens[begin].kind == "string", operator == "in"
            if one != listed:
                return self._compare(left[1], Comparison(operator, texts), start, self._at)
        if operator in {"==", "!=", "in"} and right[1].plain and (texts := texts_of(before)) is not None:
            if operator != "in" and self._tokens[start].kind == "string":
                return self._compare(right[1], Comparison(operator, texts), start, self._at)
            if operator == "in" and right[1].fixed is not None and self._tokens[start].kind == "string":
                self._look(right[1])
                self._replace(start, self._at, Input(InputKind.MEMBER, right[1].fixed, texts))
                return COMPUTED
            if operator == "in" and self._tokens[start].kind == "string":
                return self._compare(right[1], Comparison("has", texts), start, self._at)
        if operator == "in" and right[1].fixed is not None:
            self._ranges.add(begin)
        self._use(left[1])
        return self._use(right[1])

    def _unary(self) -> Value:
        signs = 0
        while self._take("!-"):
            signs += 1
        if signs > MAX_DEPTH:
            raise self._wrong("too many signs")
        value = self._member()
        return self._use(value) if signs else value

    def _member(self) -> Value:
        start = self._at
        value = self._primary()
        while self._token.text in {".", "["} and self._token.kind == "mark":
            value = value._replace(start=start, end=self._at)
            self._at += 1
            dot = self._tokens[value.end].text == "."
            following = self._selected(value) if dot else self._indexed(value)
            if value.plain and not following.plain and not following.tested:
                self._complete(value)
            value = following
        return value._replace(start=start, end=self._at)

    def _selected(self, value: Value) -> Value:
        name = self._token
        if name.kind != "name" or name.text in WORDS:
            raise self._wrong("expected a field's or method's name")
        self._at += 1
        if not self._take("("):
            return value.select(name.text)
        if name.text in MACROS:
            return self._macro(name.text, value)
        if name.text not in METHODS:
            raise ExpressionError(f"there is no method `{name.text}`: {_listed(METHODS | MACROS)}", name.at + 1)
        if name.text == "size":
            self._expect(")")
            return self._sized(value, value.start)
        if name.text == "matches" and self._token.kind == "string":
            self.patterns.append((self._token.text, self._token.at + 1))
        text = literal(self._token)
        begin = self._at
        self._use(self._expression())
        single = self._at == begin + 1
        self._expect(")")
        if text is not None and single and value.plain and (name.text != "matches" or simple(text)):
            return self._compare(value, Comparison(name.text, (text,)), value.start, self._at)
        self.touched.update(Touch(path, deep=True) for path in value.aliases)
        return COMPUTED

    def _macro(self, name: str, over: Value) -> Value:
        variable = self._token
        if variable.kind != "name" or variable.text in WORDS:
            raise self._wrong(f"expected a variable's name in `{name}(…)`")
        if self._loop(variable.text) is not None:
            raise ExpressionError(f"the loop around this one has a variable `{variable.text}` too", variable.at + 1)
        self._at += 1
        self.names.add(variable.text)
        self._look(over)
        loop = Loop(variable.text, frozenset((*path, ANY) for path in over.aliases), over.fixed)
        self._loops.append(loop)
        self._expect(",")
        self._use(self._expression())
        if name == "map" and self._take(","):
            self._use(self._expression())
        self._loops.pop()
        self._expect(")")
        if over.fixed is not None:
            self._go_over(over.fixed, loop, over, elements=name == "filter")
        elif over.element is not None and over.element.over is not None and over.fields and name != "filter" and loop.in_parts:
            over.element.inners.append(Inner(loop, over.start, over.end, over.fields))
            return TESTED
        elif over.table is not None and name in {"all", "exists"} and (rows := loop.in_rows):
            self._tabled(loop, over.table, rows)
            if over.entry is not None:
                over.entry[1].whole = True
            return TESTED
        return Value(over.aliases) if name == "filter" else COMPUTED

    def _go_over(self, path: Path, loop: Loop, over: Value, *, elements: bool) -> None:
        """Numbers instead of elements, where nothing but parts of them is used; else whatever the range holds."""
        entries = loop.entries
        fields = bool(loop.inners) or any(use.fields and not use.entry for use in loop.uses)
        if elements or not loop.in_parts or (entries and fields):
            self._ranges.add(over.start)
            for use in entries:
                self._look_up(use.start, use.end, Input(InputKind.COLUMN, path, use.fields, use.test), loop.name)
            return
        kind = InputKind.NUMBERS if entries else InputKind.INDEXES if fields else InputKind.COUNT
        self._number(loop, Input(kind, path), (), (over.start, over.end), ())

    def _number(self, loop: Loop, numbers: Input, within: Path, over: tuple[int, int], outer: tuple[str, ...]) -> None:
        """Let a loop go over numbers. `within`: where its elements stand in the outermost loop's; `outer`: loops around it."""
        self._at_number(over[0], over[1], numbers, outer)
        around = (*outer, loop.name)
        for use in loop.uses:
            taken = InputKind.COLUMN if use.entry or use.fields or outer else InputKind.RANGE
            self._at_number(use.start, use.end, Input(taken, numbers.path, (*within, *use.fields), use.test), around)
        for inner in loop.inners:
            fields = (*within, *inner.fields)
            indexes = Input(InputKind.INDEXES, numbers.path, fields)
            self._number(inner.loop, indexes, (*fields, ANY), (inner.start, inner.end), around)

    def _at_number(self, start: int, end: int, wanted: Input, loops: tuple[str, ...]) -> None:
        """The input's list, at the numbers that these loops have reached. It counts before what else begins there."""
        words = [wanted.name, *(word for name in loops for word in ("[", name, "]"))]
        self._replacements.insert(0, Replacement(start, end, (wanted,), tuple(map(word_of, words))))

    def _indexed(self, value: Value) -> Value:
        token, following = self._token, self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        key = literal(token) if following.text == "]" else None
        if key == ANY:
            raise ExpressionError(f"`{ANY}` cannot be a key", token.at + 1)
        loop = None if following.text != "]" or token.kind != "name" or value.fixed is None else self._loop(token.text)
        if loop is not None and value.fixed is not None:
            self._at += 2  # a key is no more than a word or number: the loop has looked at it already
            beneath = frozenset((*path, ANY) for path in value.aliases)
            return Value(beneath, entry=(value.fixed, loop, value.end), table=(value.fixed, value.start, value.end))
        self._use(self._expression())
        self._expect("]")
        table = None if value.fixed is None else (value.fixed, value.start, value.end)
        return value.select(key) if key is not None else Value(frozenset((*p, ANY) for p in value.aliases), table=table)

    def _primary(self) -> Value:
        token = self._token
        if self._take("("):
            value = self._reference(self._expression())
            self._expect(")")
            return value
        if opening := self._take("[{"):
            self._list("]" if opening.text == "[" else "}")
            return COMPUTED
        if token.kind in {"string", "number"} or (token.kind == "name" and token.text in WORDS - {"in"}):
            self._at += 1
            return COMPUTED
        if token.kind != "name" or token.text == "in":
            raise self._wrong("expected a value")
        self._at += 1
        return self._call(token) if self._take("(") else self._variable(token.text)

    def _variable(self, name: str) -> Value:
        loop = self._loop(name)
        return Value(frozenset({(name,)}), (name,)) if loop is None else Value(loop.aliases, element=loop)

    def _loop(self, name: str) -> Loop | None:
        return next((loop for loop in reversed(self._loops) if loop.name == name), None)

    def _call(self, name: Token) -> Value:
        if name.text not in FUNCTIONS:
            raise ExpressionError(f"there is no function `{name.text}`: {_listed(FUNCTIONS)}", name.at + 1)
        start = self._at - 2
        value = self._expression()
        selected = self._tokens[self._at - 1].kind == "name"
        self._expect(")")
        if name.text == "has":
            self.touched.update(Touch(path, deep=False) for path in value.aliases)
            self._complete(value, in_has=True)
            if value.fixed is not None and selected:
                self._replace(start, self._at, Input(InputKind.HAS, value.fixed[:-1], value.fixed[-1:]))
        elif name.text == "size":
            return self._sized(value, start)
        else:
            self._use(value)
        return COMPUTED

    def _list(self, closing: str) -> None:
        while not self._take(closing):
            self._use(self._expression())
            if closing == "}":
                self._expect(":")
                self._use(self._expression())
            if not self._take(","):
                self._expect(closing)
                return


def _listed(words: Iterable[str]) -> str:
    return "policies may use " + ", ".join(sorted(words))
