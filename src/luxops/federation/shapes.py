"""From a document to a model of the schema, or to problems with their places."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Interface
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from luxops.federation.documents import Document, Path_, Place, nearest, plain_scalar

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

T = TypeVar("T")


class Mistake(NamedTuple):
    """A problem that does not know its file yet."""

    place: Place
    what: str
    why: str = ""
    remedy: str = ""


def shaped(document: Document, shape: type[T]) -> tuple[T | None, list[Mistake]]:
    """The document as `shape`, and everything that is wrong with it. Keys that are not known do not hide what else there is."""
    adapter: TypeAdapter[T] = TypeAdapter(shape)
    mistakes = [Mistake(m.place, m.what, m.why, m.remedy) for m in document.mistakes]
    value = document.value
    try:
        return _strictly(adapter, value), mistakes
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
    mistakes += [_mistake(document, shape, detail) for detail in details]
    known = copy.deepcopy(value)
    for detail in details:
        if detail["type"] == "extra_forbidden":
            path = _path(document, detail["loc"])
            _at(known, path[:-1]).pop(path[-1], None)
    try:
        return _strictly(adapter, known), mistakes
    except ValidationError:
        return None, mistakes


def _strictly(adapter: TypeAdapter[T], value: object) -> T:
    # JSON is what pydantic is strict about without refusing text for addresses: `1` is no text, `"1"` no number, 10 no network.
    return adapter.validate_json(json.dumps(value), strict=True)


def _path(document: Document, loc: Sequence[str | int]) -> Path_:
    """`loc` without what pydantic puts between: names of types, `[key]`, and the key that is missing."""
    path: Path_ = ()
    for part in loc:
        if (*path, part) in document.values:
            path = (*path, part)
    return path


def _at(value: Any, path: Path_) -> Any:  # noqa: ANN401 - any JSON value
    for part in path:
        value = value[part]
    return value


def _mistake(document: Document, shape: object, detail: ErrorDetails) -> Mistake:
    loc, kind = detail["loc"], detail["type"]
    path = _path(document, loc)
    fields = _fields(shape, path if kind == "missing" else path[:-1])
    if kind == "extra_forbidden":
        why = f"there is no `{path[-1]}`{nearest(str(path[-1]), fields)}"
        return Mistake(document.key(path), "unknown key", why, f"Known here: {', '.join(fields)}.")
    if kind == "missing":
        return Mistake(document.place(path), f"`{loc[-1]}` is missing", f"needed here: {', '.join(fields)}" if fields else "")
    if loc[-1:] == ("[key]",):
        return Mistake(document.key(path), f"`{path[-1]}` cannot be a name", _words(detail))
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    what = f"wrong value for `{name}`" if name else "wrong value"
    # What stands where a secret's reference belongs may be the secret.
    shown = "" if "secrets" in path else f"{_shown(detail['input'])}: "
    return Mistake(document.place(path), what, shown + _words(detail))


_PATTERNS = {
    r"^[a-z][a-z0-9-]{0,30}$": "an id has at most 31 lower case letters, digits and hyphens, and begins with a letter",
    r"^[A-Za-z][A-Za-z0-9./-]{0,31}$": "an interface name has letters, digits, `.`, `/` and `-`, and at most 32 of them",
    r"^[a-z_][a-z0-9_-]{0,31}$": "an account has lower case letters, digits, `_` and `-`",
}


def _words(detail: ErrorDetails) -> str:
    context: Mapping[str, Any] = detail.get("ctx", {})
    if detail["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], detail["msg"])
    if detail["msg"].endswith("has host bits set"):
        return f"has bits set beyond its length; did you mean `{IPv4Interface(detail['input']).network}`?"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return message[:1].lower() + message[1:]


def _shown(value: object) -> str:
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    # A text that would be something else without its quotes is shown with them: they are the mistake.
    text = value if isinstance(value, str) and isinstance(plain_scalar(value), str) else json.dumps(value, ensure_ascii=False)
    return f"`{text[:80]}…`" if len(text) > 80 else f"`{text}`"  # noqa: PLR2004 - as much as fits on a line


def _fields(shape: object, path: Path_) -> list[str]:
    """The keys that the schema knows at `path`; none where it is no mapping with known keys."""
    for part in path:
        shape = _inner(_plain(shape), part)
    shape = _plain(shape)
    if not (isinstance(shape, type) and issubclass(shape, BaseModel)):
        return []
    return [field.alias or name for name, field in shape.model_fields.items()]


def _plain(shape: object) -> object:
    """`shape` without Annotated and without None."""
    while get_origin(shape) in {Annotated, Union, UnionType}:
        shape = next(part for part in get_args(shape) if part is not type(None))
    return shape


def _inner(shape: object, part: str | int) -> object:
    """The type of what stands at `part` in a value of type `shape`; None where the schema has nothing there."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        named = {field.alias or name: field.annotation for name, field in shape.model_fields.items()}
        return named.get(str(part))
    arguments = get_args(shape)
    if not arguments:
        return None
    return arguments[0] if isinstance(part, int) else arguments[-1]
