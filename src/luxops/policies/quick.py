"""An expression as a Python function over JSON values.

Asking CEL means handing it the facts, which costs far more than any check on them. So what Python can answer exactly as CEL
does becomes Python. Wherever the two could differ, the function raises instead of answering, and CEL is asked: about errors
and what absorbs them, about kinds that CEL compares in its own way, about what this module does not know how to write. A
JSON value is None, a bool, int, float, str, list or dict, so `value == "text"` means the same in both; `value == 1` does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from luxops.policies.regular import searched, simple
from luxops.policies.syntax import (
    Call,
    Choice,
    Element,
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

Quick = Callable[[Mapping[str, Any]], Any]
"""Facts in JSON form → the answer. Raises one of `DOUBTS` where CEL is to be asked."""
DOUBTS: Final = (LookupError, TypeError, AttributeError, ValueError)

_ROOM: Final = 2**62
"""CEL has room for the sum of two whole numbers nearer to zero than this."""
_TRUTHS: Final = frozenset({"all", "exists", "exists_one", "has", "startsWith", "endsWith", "contains", "matches"})
_STEPS: Final = 4
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})


class _LeftToCelError(Exception):
    """This part of an expression is not written in Python."""


def quick(node: Node) -> Quick | None:
    """None for an expression that is left to CEL altogether."""
    writer = _Writer()
    try:
        text = writer.value(node)
        # Nothing of the expression's own text is in it but names of variables, and literals, by `repr`.
        return eval(f"lambda facts: {text}", {**_HELPERS, **writer.searches, "__builtins__": {}})  # type: ignore[no-any-return]  # noqa: S307
    except (_LeftToCelError, SyntaxError, MemoryError, RecursionError):  # the last three: nested too deeply for Python
        return None


# What the functions call. Each gives CEL's answer, or raises.


def _truth(value: Any) -> bool:  # noqa: ANN401 - JSON
    if value is True or value is False:
        return value
    raise TypeError


def _each(value: Any) -> Any:  # noqa: ANN401 - JSON
    """What a loop goes over: elements, or keys."""
    if value.__class__ is list or value.__class__ is dict:
        return value
    raise TypeError


def _at(value: Any, at: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return value[at]  # all keys are text
    if isinstance(value, list) and at.__class__ is int and at >= 0:
        return value[at]
    raise TypeError


def _equal(left: Any, right: Any) -> bool:  # noqa: ANN401 - JSON
    one, other = left.__class__, right.__class__
    if one is str or other is str or left is None or right is None:
        return bool(left == right)
    if one is other and (one is int or one is bool):
        return bool(left == right)
    raise TypeError


def _within(value: Any, container: Any) -> bool:  # noqa: ANN401 - JSON
    if value.__class__ is str and (container.__class__ is list or container.__class__ is dict):
        return value in container
    if container.__class__ is list:
        return any(_equal(value, element) for element in container)
    raise TypeError


def _less(left: Any, right: Any) -> bool:  # noqa: ANN401 - JSON
    if left.__class__ is right.__class__ and (left.__class__ is int or left.__class__ is str):
        return bool(left < right)
    raise TypeError


def _sum(left: Any, right: Any) -> Any:  # noqa: ANN401 - JSON
    if left.__class__ is str and right.__class__ is str:
        return left + right
    if left.__class__ is int and right.__class__ is int and -_ROOM < left < _ROOM and -_ROOM < right < _ROOM:
        return left + right
    raise TypeError


def _difference(left: Any, right: Any) -> int:  # noqa: ANN401 - JSON
    if left.__class__ is int and right.__class__ is int and -_ROOM < left < _ROOM and -_ROOM < right < _ROOM:
        return int(left - right)
    raise TypeError


def _size(value: Any) -> int:  # noqa: ANN401 - JSON
    if value.__class__ is list or value.__class__ is dict or (value.__class__ is str and value.isascii()):
        return len(value)
    raise TypeError


def _has(value: Any, key: str) -> bool:  # noqa: ANN401 - JSON
    if value.__class__ is dict:
        return key in value
    raise TypeError


def _string(value: Any) -> str:  # noqa: ANN401 - JSON
    if value.__class__ is str or value.__class__ is int:
        return str(value)
    raise TypeError


def _contains(value: Any, text: str) -> bool:  # noqa: ANN401 - JSON
    if value.__class__ is str:
        return text in value
    raise TypeError


_HELPERS: Final[Mapping[str, Callable[..., Any]]] = {
    "all": all, "any": any, "sum": sum, "int": int, "truth": _truth, "each": _each, "at": _at, "equal": _equal,
    "within": _within, "less": _less, "plus": _sum, "minus": _difference, "size": _size, "has": _has, "string": _string,
    "contains": _contains, "searched": searched,
}  # fmt: skip


# Writing the function


class _Writer:
    """Each method gives Python with the value of a part of an expression, safe to put an operator beside."""

    def __init__(self) -> None:
        self.searches: dict[str, Any] = {}
        """Names of functions that search for a pattern."""
        self._whole: set[str] = set()
        """Variables of loops over literal whole numbers."""

    def value(self, node: Node) -> str:  # noqa: PLR0911 - one for each kind of node
        match node:
            case Text(str(literal)) | Number(literal) | Word(literal):
                return repr(literal)
            case Fact(name):
                return f"facts[{name!r}]"
            case Element(name):
                return f"e_{name}"
            case Select(of, key):
                return f"{self._part(of)}[{key!r}]"
            case Index(of, at):
                return f"at({self.value(of)}, {self.value(at)})"
            case Items(items):
                return f"[{', '.join(map(self.value, items))}]"
        return self._computed(node)

    def _computed(self, node: Node) -> str:
        match node:
            case Call(name, of) | Method("size" as name, of, _):
                return self._called(name, of)
            case Method(name, of, Text(str(text))):
                return self._method(name, of, text)
            case Loop():
                return self._looped(node)
            case Operation(operator, left, right):
                return self._operation(operator, left, right)
        return self._logic(node)

    def _logic(self, node: Node) -> str:
        match node:
            case Sign("!", of):
                return f"(not {self._truth(of)})"
            case Sign("-", Number(number)):
                return f"(-{number!r})"
            case Logic(operator, parts):
                return f"({(' and ' if operator == '&&' else ' or ').join(map(self._truth, parts))})"
            case Choice(test, yes, no):
                return f"({self.value(yes)} if {self._truth(test)} else {self.value(no)})"
        raise _LeftToCelError

    def _truth(self, node: Node) -> str:
        """The value, which must be true or false."""
        match node:
            case Logic() | Word(bool()) | Sign("!", _):
                return self.value(node)
            case Operation(name) if name in _COMPARISONS:
                return self.value(node)
            case Loop(name) | Call(name) | Method(name) if name in _TRUTHS:
                return self.value(node)
        if (short := self._short(node)) is not None:
            return f"({short} is True or {short} is not False and truth({self.value(node)}))"
        return f"truth({self.value(node)})"

    def _short(self, node: Node) -> str | None:
        """Python so cheap that it may stand twice. It gives text where a text is indexed, and CEL then an error."""
        steps = []
        while True:
            match node:
                case Select(of, key):
                    steps.append(repr(key))
                case Index(of, Number(int(number))):
                    steps.append(repr(number))
                case Fact() | Element() if len(steps) <= _STEPS:
                    return self.value(node) + "".join(f"[{step}]" for step in reversed(steps))
                case _:
                    return None
            node = of

    def _part(self, of: Node) -> str:
        """Of what a part is taken: nothing that never has one, of which Python warns."""
        if isinstance(of, Text | Number | Word | Items | Logic | Loop | Operation | Sign):
            raise _LeftToCelError
        return self.value(of)

    def _called(self, name: str, of: Node) -> str:
        match name, of:
            case "has", Select(inner, key):
                return f"has({self._part(inner)}, {key!r})"
            case (("size" | "string"), _):
                return f"{name}({self.value(of)})"
        raise _LeftToCelError

    def _method(self, name: str, of: Node, text: str) -> str:
        if name == "contains":
            return f"contains({self.value(of)}, {text!r})"
        if name != "matches":
            return f"{self._part(of)}.{name.lower()}({text!r})"
        if (pattern := simple(text)) is None:
            raise _LeftToCelError
        if text.startswith("(?i)"):
            return f"searched({text!r}, {self.value(of)})"
        search = f"search_{len(self.searches)}"
        self.searches[search] = pattern.search
        return f"({search}({self.value(of)}) is not None)"

    def _looped(self, loop: Loop) -> str:
        element = f"e_{loop.variable}"
        over = f"for {element} in each({self.value(loop.over)})"
        if isinstance(loop.over, Items) and all(isinstance(i, Number) and isinstance(i.value, int) for i in loop.over.items):
            self._whole.add(loop.variable)
        body, made = (self._truth, self.value) if loop.name != "map" or loop.made is not None else (self.value, self.value)
        text = body(loop.body)
        made_text = made(loop.made) if loop.made is not None else element
        self._whole.discard(loop.variable)
        match loop.name:
            case "all":
                return f"all({text} {over})"
            case "exists":
                return f"any({text} {over})"
            case "exists_one":
                return f"(sum([{text} {over}]) == 1)"
        return f"[{text} {over}]" if loop.name == "map" and loop.made is None else f"[{made_text} {over} if {text}]"

    def _operation(self, operator: str, left: Node, right: Node) -> str:
        match operator:
            case "==":
                return self._equality(left, right)
            case "!=":
                return f"(not {self._equality(left, right)})"
            case "in" if isinstance(right, Items) and all(isinstance(item, Text) for item in right.items):
                return f"({self.value(left)} in {self.value(right)})"
            case "<" | ">" | "<=" | ">=":
                return self._ordered(operator, left, right)
            case "in" | "+":
                helper = "within" if operator == "in" else "plus"
                return f"{helper}({self.value(left)}, {self.value(right)})"
            case "-":  # which text has not
                return f"minus({self._short(left) or self.value(left)}, {self._short(right) or self.value(right)})"
        raise _LeftToCelError

    def _equality(self, left: Node, right: Node) -> str:
        """Text equals nothing but the same text, and there is one true, one false and one null."""
        if isinstance(left, Text | Word | Number):
            left, right = right, left
        one, other = self.value(left), self.value(right)
        known = not isinstance(left, Text | Number | Word | Items)
        match right:
            case Text() if known:
                return f"({one} == {other})"
            case Word() if known:
                return f"({one} is {other})"
            case Number(int()) if (short := self._short(left)) is not None:
                return f"({short} == {other} if {short}.__class__ is int else equal({one}, {other}))"
        return f"equal({one}, {other})"

    def _ordered(self, operator: str, left: Node, right: Node) -> str:
        one, other = self.value(left), self.value(right)
        first, second = (one, other) if operator in {"<", ">="} else (other, one)
        if self._is_whole(left) and self._is_whole(right):
            return f"({one} {operator} {other})"
        sure = f"less({first}, {second})" if operator in {"<", ">"} else f"(not less({first}, {second}))"
        for known, node in ((left, right), (right, left)):
            if self._is_whole(known) and (short := self._short(node)) is not None:
                direct = f"{one} {operator} {short}" if node is right else f"{short} {operator} {other}"
                return f"({direct} if {short}.__class__ is int else {sure})"
        return sure

    def _is_whole(self, node: Node) -> bool:
        match node:
            case Number(int()) | Operation("-"):
                return True
            case Element(name):
                return name in self._whole
        return False
