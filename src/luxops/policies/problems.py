"""What is wrong with the policies: everything at once, each mistake with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from luxops.errors import LuxopsError
from luxops.federation.documents import Document, Path_, nearest
from luxops.federation.problems import Problem


class PolicyError(LuxopsError):
    """The policies cannot be used. `problems` holds everything that was found, in order of file and line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{count} in the policies")
        self.problems = problems

    def diagnosis(self) -> str:
        return "\n".join([*map(str, self.problems), self.what])


def shape_problems(
    file: str, document: Document, error: ValidationError, model: type[BaseModel], above: Path_ = ()
) -> Iterator[Problem]:
    """One problem for each complaint of pydantic about the value at `above`."""
    for complaint in error.errors(include_url=False):
        path = (*above, *complaint["loc"])
        name = str(path[-1]) if path else ""
        match complaint["type"]:
            case "extra_forbidden":
                place = document.key(path)
                fields = _fields_at(model, complaint["loc"][:-1])
                why = f"there is no key `{name}` here{nearest(name, fields)}"
                yield Problem(file, *place, "unknown key", why, "known: " + ", ".join(fields))
            case "missing":
                yield Problem(file, *document.place(path[:-1]), f"the key `{name}` is missing")
            case _:
                value = f"`{name}`: " if isinstance(path[-1] if path else 0, str) else ""
                yield Problem(file, *document.place(path), value + str(complaint["msg"]), _shown(complaint.get("input")))


def _shown(value: object) -> str:
    return "" if isinstance(value, Mapping | list | BaseModel) else f"the value is {str(value)[:80]!r}"


def _fields_at(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """The keys that may stand at a place within a model; empty where it is no model's."""
    here: Any = model
    for step in path:
        field = here.model_fields.get(step) if isinstance(here, type) and issubclass(here, BaseModel) else None
        here = field.annotation if field is not None else here
    return [f.alias or name for name, f in here.model_fields.items()]
