"""From a folder of YAML files to a checked PolicySet, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from luxops.errors import UsageError
from luxops.federation.documents import Document, DocumentError, Path_, Tags, nearest, read_document
from luxops.federation.problems import Problem
from luxops.model import Frozen, PolicyId, TargetKind, digest_of
from luxops.policies.expression import read_expression
from luxops.policies.names import BUILT_IN
from luxops.policies.nouns import Framework, PolicySet, Waiver
from luxops.policies.problems import PolicyError, shape_problems
from luxops.policies.schema import PolicyEntry, unreadable_tag
from luxops.policies.tokens import ExpressionError

TAGS: Tags = {"!unreadable": unreadable_tag}
KINDS = ("host", "router", "cloud", "service")
"""Folders of policies: one for each kind of target."""
EXPRESSIONS = ("check", "when", "show")

N = TypeVar("N", bound=Frozen)


@dataclass(frozen=True)
class _Written(Generic[N]):
    """Something read from a file, and where it stands there."""

    value: N
    file: str
    document: Document
    path: Path_

    def problem(self, path: Path_, what: str, why: str = "", remedy: str = "", *, key: bool = False) -> Problem:
        full = (*self.path, *path)
        place = self.document.key(full) if key else self.document.place(full)
        return Problem(self.file, place.line, place.column, what, why, remedy)


class _Reader:
    """Reads the files of a folder and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def document(self, file: Path) -> Document | None:
        try:
            document = read_document(file, TAGS)
        except DocumentError as error:
            self.problems.append(Problem(str(file), *error.place, error.what, error.why, error.remedy))
            return None
        self.problems += [Problem(str(file), *m.place, m.what, m.why, m.remedy) for m in document.mistakes]
        return document

    def one(self, file: Path, model: type[N], document: Document, path: Path_ = ()) -> Iterator[_Written[N]]:
        value = document.value
        for step in path:
            value = value[step]
        try:
            yield _Written(model.model_validate(value), str(file), document, path)
        except ValidationError as error:
            self.problems += shape_problems(str(file), document, error, model, path)

    def several(self, file: Path, model: type[N]) -> Iterator[_Written[N]]:
        """The entries of a file that holds a list."""
        document = self.document(file)
        if document is None:
            return
        if not isinstance(document.value, list):
            remedy = "This file holds a list: begin each entry with `- `."
            self.problems.append(Problem(str(file), *document.place(()), "not a list", remedy=remedy))
            return
        for number in range(len(document.value)):
            yield from self.one(file, model, document, (number,))


def load_policies(folder: Path) -> PolicySet:
    """All policies, mappings and waivers of a folder.

    Raises UsageError where there is no such folder or no policy in it, and PolicyError with everything that is wrong:
    malformed YAML, unknown keys, ids given twice, mappings to nothing, expressions that are none.
    """
    if not folder.is_dir():
        raise UsageError(
            f"There is no folder {folder}", why="policies are read from it", remedy="Name another: --policies FOLDER"
        )
    reader = _Reader()
    frameworks = []
    for file in sorted((folder / "mappings").glob("*.yaml")):
        document = reader.document(file)
        frameworks += list(reader.one(file, Framework, document)) if document is not None else []
    files = [file for kind in KINDS for file in sorted((folder / kind).glob("*.yaml"))]
    entries = [entry for file in files for entry in reader.several(file, PolicyEntry)]
    waivers_file = folder / "waivers.yaml"
    waivers = list(reader.several(waivers_file, Waiver)) if waivers_file.exists() else []
    mappings = {written.value.id: written.value for written in frameworks}
    reader.problems += _duplicates(frameworks)
    reader.problems += _duplicates(entries)
    reader.problems += _duplicates(waivers)
    complete = not reader.problems
    for entry in entries:
        reader.problems += _of_expressions(entry)
        reader.problems += _of_mappings(entry, mappings)
        reader.problems += _of_folder(entry)
    if complete:  # else a waiver's policy may be among what could not be read
        reader.problems += _of_waivers(waivers, [entry.value.id for entry in entries])
    if reader.problems:
        raise PolicyError(tuple(sorted(reader.problems)))
    if not entries:
        kinds = ", ".join(f"{kind}/" for kind in KINDS)
        raise UsageError(
            f"There are no policies in {folder}", why=f"no *.yaml with one in {kinds}", remedy="Nothing can be judged."
        )
    return _set_of([e.value for e in entries], mappings, tuple(w.value for w in waivers))


def _set_of(entries: list[PolicyEntry], mappings: Mapping[str, Framework], waivers: tuple[Waiver, ...]) -> PolicySet:
    policies = tuple(entry.policy for entry in sorted(entries, key=lambda e: (KINDS.index(e.applies_to.value), e.id)))
    digest = digest_of(
        {
            "policies": [p.model_dump(mode="json") for p in policies],
            "mappings": {name: mappings[name].model_dump(mode="json") for name in sorted(mappings)},
            "waivers": [w.model_dump(mode="json") for w in sorted(waivers, key=lambda w: w.id)],
        }
    )
    examples = {PolicyId(entry.id): entry.examples for entry in entries}
    return PolicySet(policies=policies, examples=examples, mappings=mappings, waivers=waivers, digest=digest)


def _duplicates(written: list[_Written[N]]) -> Iterator[Problem]:
    first: dict[str, _Written[N]] = {}
    for one in written:
        name = getattr(one.value, "id")  # noqa: B009 - each of the three nouns has an id, which their common base does not say
        earlier = first.setdefault(name, one)
        if earlier is not one:
            there = earlier.problem(("id",), "")
            why = f"`{name}` stands already at {there.file}:{there.line}"
            yield one.problem(("id",), "id given twice", why, "Give each its own id.")


def _of_expressions(entry: _Written[PolicyEntry]) -> Iterator[Problem]:
    policy = entry.value
    looked_at: set[str] = set()
    broken = False
    for name in EXPRESSIONS:
        text = getattr(policy, name)
        if not text:
            continue
        try:
            expression = read_expression(text)
        except ExpressionError as error:
            broken = True
            yield entry.problem((name,), f"`{name}` is not an expression", f"{error} (at its character {error.column})")
            continue
        looked_at.update(expression.variables)
        for variable in sorted(set(expression.variables) - {*policy.needs, *BUILT_IN}):
            why = f"`{name}` looks at `{variable}`{nearest(variable, list(policy.needs))}"
            yield entry.problem((name,), "a fact that the policy does not need", why, "Add it to `needs`, or correct the name.")
    for number, fact in enumerate(policy.needs):
        if fact not in looked_at and not broken:
            yield entry.problem(("needs", number), "a fact that no expression looks at", f"`{fact}`", "Take it out of `needs`.")
    if policy.not_applicable and not policy.when:
        yield entry.problem(("not_applicable",), "`not_applicable` without `when`", "it would never be shown", key=True)


def _of_mappings(entry: _Written[PolicyEntry], frameworks: Mapping[str, Framework]) -> Iterator[Problem]:
    for name, ids in entry.value.mappings.items():
        framework = frameworks.get(name)
        if framework is None:
            why = f"there is no mapping `{name}`{nearest(name, list(frameworks))}"
            yield entry.problem(("mappings", name), "unknown mapping", why, "known: " + ", ".join(frameworks), key=True)
            continue
        for number, requirement in enumerate(ids):
            if requirement not in framework.requirements:
                why = f"`{name}` has no `{requirement}`{nearest(requirement, list(framework.requirements))}"
                remedy = f"Correct it, or add it to mappings/{name}.yaml."
                yield entry.problem(("mappings", name, number), "unknown mapping id", why, remedy)


def _of_folder(entry: _Written[PolicyEntry]) -> Iterator[Problem]:
    kind = Path(entry.file).parent.name
    if entry.value.applies_to.value != kind:
        yield entry.problem(
            ("applies_to",), "in the wrong folder", f"a policy for `{entry.value.applies_to}` stands in {kind}/", "Move it."
        )
    if entry.value.role and entry.value.applies_to is not TargetKind.HOST:
        yield entry.problem(("role",), "a role of hosts", f"this is a policy for a {entry.value.applies_to}", "Take it out.")


def _of_waivers(waivers: list[_Written[Waiver]], policies: list[str]) -> Iterator[Problem]:
    for waiver in waivers:
        if waiver.value.policy not in policies:
            why = f"there is no policy `{waiver.value.policy}`{nearest(waiver.value.policy, policies)}"
            yield waiver.problem(("policy",), "a waiver of nothing", why, "Correct the id, or take the waiver out.")
