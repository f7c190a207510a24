"""YAML 1.2 with the place of every value. No anchors, no tags but those that the caller names, bounded in size and depth.

Parsed by libyaml, which is ten times as fast as a parser in Python; what plain words mean is decided here by the core schema of
YAML 1.2, so that `no` stays a word and `22:30` a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from luxops.errors import did_you_mean

MAX_BYTES = 2**20
"""A longer file is refused unread."""
MAX_DEPTH = 32

Path_ = tuple[str | int, ...]
"""Keys and indexes from the top of a document down to one value."""


Tags = Mapping[str, Callable[[Any], Any]]
"""Tag with its `!` → what it makes of the value that bears it; raises ValueError where that value does not fit."""
NO_TAGS: Tags = {}


class Place(NamedTuple):
    """Where something stands: both from 1."""

    line: int
    column: int


class DocumentError(Exception):
    """The file is not a document that can be looked at any further."""

    def __init__(self, place: Place, what: str, why: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.place, self.what, self.why, self.remedy = place, what, why, remedy


class Document(NamedTuple):
    """One file's value, JSON-like, with the place of each value and of each key."""

    value: Any
    values: dict[Path_, Place]
    keys: dict[Path_, Place]
    mistakes: tuple[DocumentError, ...] = ()
    """What is wrong without making the rest unreadable: keys given twice."""

    def place(self, path: Path_) -> Place:
        """Of the value at `path`, or of the nearest value around it."""
        while path not in self.values:
            path = path[:-1]
        return self.values[path]

    def key(self, path: Path_) -> Place:
        """Of the key at `path`; of the value where it has no key."""
        return self.keys.get(path) or self.place(path)


def read_document(path: Path, tags: Tags = NO_TAGS) -> Document:
    """Raises DocumentError for what is no regular file, too large, not UTF-8, or not one YAML document of the allowed kind."""
    start = Place(1, 1)
    try:
        if not path.is_file():
            raise DocumentError(start, "not a file", "a regular file, or a link to one, is needed here")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DocumentError(start, "file cannot be read", error.strerror or "") from None
    if len(content) > MAX_BYTES:
        raise DocumentError(start, "file is too large", f"an inventory file has at most {MAX_BYTES // 1024} KiB")
    try:
        return parse_document(content.decode("utf-8-sig"), tags)
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = Place(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        raise DocumentError(place, "not UTF-8", f"byte 0x{content[error.start]:02x}", "Save the file as UTF-8.") from None


def parse_document(text: str, tags: Tags = NO_TAGS) -> Document:
    """Raises DocumentError as `read_document` does."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    reader = _Reader(yaml.parse(text, Loader=loader), tags)
    try:
        return reader.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        why = " ".join(part for part in (error.context, error.problem) if part)
        raise DocumentError(
            place, "malformed YAML", why, "Check indentation, quotes and brackets here and just above."
        ) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise DocumentError(place, "malformed YAML", f"{error.reason}: character {error.character!r}") from None


class _Reader:
    """Builds one document out of libyaml's events."""

    def __init__(self, events: Iterator[yaml.Event], tags: Tags) -> None:
        self._events = events
        self._tags = tags
        self._values: dict[Path_, Place] = {}
        self._keys: dict[Path_, Place] = {}
        self._mistakes: list[DocumentError] = []

    def document(self) -> Document:
        next(self._events)  # the stream begins
        if isinstance(event := next(self._events), yaml.StreamEndEvent):
            raise DocumentError(Place(1, 1), "file is empty")
        value: Any = self._value(next(self._events), ())
        next(self._events)  # the document ends
        if not isinstance(event := next(self._events), yaml.StreamEndEvent):
            raise DocumentError(_place(event), "a second document", "a file holds one YAML document", "Take the `---` out.")
        return Document(value, self._values, self._keys, tuple(self._mistakes))

    def _value(self, event: Any, path: Path_) -> Any:  # noqa: ANN401 - any event in, any JSON value out
        place = _place(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise DocumentError(place, "anchors and aliases are not allowed", remedy="Write the value out.")
        if event.tag is not None and event.tag not in self._tags:
            raise DocumentError(place, "tags are not allowed", f"`{event.tag}`", "Leave the tag out.")
        if len(path) > MAX_DEPTH:
            raise DocumentError(place, "nested too deeply", f"more than {MAX_DEPTH} levels")
        self._values[path] = place
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = plain_scalar(event.value) if event.implicit[0] else event.value
        else:
            value = self._sequence(path) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path)
        return value if event.tag is None else self._tagged(event, value)

    def _tagged(self, event: Any, value: Any) -> Any:  # noqa: ANN401 - see _value
        try:
            return self._tags[event.tag](value)
        except ValueError as error:
            raise DocumentError(_place(event), f"`{event.tag}` does not fit its value", str(error)) from None

    def _sequence(self, path: Path_) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path_) -> dict[str, Any]:
        content: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            place = _place(event)
            if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None or event.tag is not None:
                raise DocumentError(place, "a key must be a plain word", remedy="Write `key: value`.")
            key = event.value
            inner = (*path, key)
            if key in content:
                first = self._keys[inner]
                why = f"`{key}` stands already in line {first.line}"
                self._mistakes.append(DocumentError(place, "key given twice", why, "Keep one of the two."))
                _Reader(self._events, self._tags)._value(next(self._events), inner)  # noqa: SLF001 - read past it, so that the first one counts
                continue
            self._keys[inner] = place
            content[key] = self._value(next(self._events), inner)
        return content


def _place(event: Any) -> Place:  # noqa: ANN401 - libyaml's events all have a mark, which their types do not say
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def plain_scalar(text: str) -> str | int | float | bool | None:
    """A plain scalar by YAML 1.2's core schema, without octal and hexadecimal numbers, infinities and NaN: they stay words."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def nearest(word: str, known: list[str]) -> str:
    """As `did_you_mean`, for a key that may be anything."""
    return did_you_mean(word, known) if len(word) < 64 else ""  # noqa: PLR2004 - nobody mistypes a name that long
