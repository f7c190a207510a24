"""Whether a path can exist in a fact, by the types of the fact's class."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from luxops.errors import did_you_mean
from luxops.model import Unreadable
from luxops.policies.paths import ANY


def unknown_parts(shape: type[BaseModel], path: tuple[str, ...]) -> str:
    """Why no value of this class has anything at `path`; empty where one may have. `ANY` stands for every element."""
    here: list[Any] = [shape]
    for step in path:
        options = [option for kind in here for option in _options(kind)]
        following = [inner for option in options for inner in _step(option, step)]
        if not following:
            return _why(options, step)
        here = following
    return ""


def _options(kind: Any) -> list[Any]:  # noqa: ANN401 - any annotation
    """The alternatives of a union; `Annotated` taken off."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _options(get_args(kind)[0])
    if origin in {Union, types.UnionType}:
        return [option for part in get_args(kind) for option in _options(part)]
    return [kind]


def _step(option: Any, step: str) -> list[Any]:  # noqa: ANN401 - any annotation
    if option is Any:
        return [Any]
    if isinstance(option, type) and issubclass(option, BaseModel):
        fields = {name: field.annotation for name, field in option.model_fields.items()}
        return list(fields.values()) if step == ANY else [fields[step]] if step in fields else []
    origin, arguments = get_origin(option), get_args(option)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return [arguments[1]]
    if isinstance(origin, type) and issubclass(origin, Sequence) and step == ANY:
        return [argument for argument in arguments if argument is not Ellipsis]
    return []


def _why(options: list[Any], step: str) -> str:
    models = [o for o in options if isinstance(o, type) and issubclass(o, BaseModel) and o is not Unreadable]
    if not models:
        return f"what it holds there has no `{step}`"
    fields = [name for model in models for name in model.model_fields]
    return f"there is no field `{step}`{did_you_mean(step, fields)} (fields: {', '.join(fields)})"
