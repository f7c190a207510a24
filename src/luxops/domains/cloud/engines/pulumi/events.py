"""The CLI's engine events in luxops' terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from luxops.domains.cloud.changes import Effect, Operation, Outcome, PlannedChange, StackPlan
from luxops.domains.cloud.engines.pulumi.protocol import Said, Step, urn_of
from luxops.domains.cloud.nouns import Declared, Graph, Ref, StackId, Urn, references
from luxops.model import PathChange

if TYPE_CHECKING:
    from pulumi.automation.events import EngineEvent, StepEventMetadata, StepEventStateMetadata

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How Pulumi writes, in events, a value that is not known before something else exists."""

OPERATIONS: Final[Mapping[str, Operation]] = {
    "create": Operation.CREATE,
    "import": Operation.CREATE,
    "update": Operation.UPDATE,
    "delete": Operation.DELETE,
    "create-replacement": Operation.REPLACE,
    "delete-replaced": Operation.REPLACE,
    "import-replacement": Operation.REPLACE,
    "replace": Operation.REPLACE,
}
"""What changes something. All else looks, or changes the state alone."""
_HALVES: Final = frozenset({"delete-replaced", "replace"})
"""Of a replacement: told once, when the new object is there."""
_HOLLOW: Final = frozenset({"update failed", "preview failed", "destroy failed", "resource destruction failed"})
"""What the engine says of a stack when one of its resources has said why."""
_COUNTED = re.compile(r"\d+ errors? occurred:")
_PATH = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')


def line_of(event: EngineEvent, at: float) -> Step | Said | None:
    """What of an event concerns luxops. None for the rest."""
    if event.resource_pre_event is not None:
        pre = event.resource_pre_event
        return _step(pre.metadata, "planned" if pre.planning else "begun", at)
    if event.res_outputs_event is not None:
        done = event.res_outputs_event
        return None if done.planning else _step(done.metadata, "done", at)
    if event.res_op_failed_event is not None:
        return _step(event.res_op_failed_event.metadata, "failed", at)
    said = event.diagnostic_event
    if said is not None and not said.ephemeral and said.severity in {"error", "warning"}:
        return Said(severity=said.severity, text=_plain(said.message), urn=said.urn or "")
    return None


def _step(metadata: StepEventMetadata, stage: Literal["begun", "planned", "done", "failed"], at: float) -> Step:
    state = metadata.new or metadata.old
    planned = stage == "planned"
    return Step(
        stage=stage,
        op=str(metadata.op.value),
        urn=metadata.urn,
        type=metadata.type,
        custom=bool(state and state.custom),
        id=(metadata.old or metadata.new).id if metadata.old or metadata.new else "",  # type: ignore[union-attr] # one of them
        protect=any(bool(s and s.protect) for s in (metadata.old, metadata.new)),
        properties=_declared(state.inputs or {}) if planned and state else {},
        paths=tuple(_paths(metadata)) if planned else (),
        at=at,
    )


def _paths(metadata: StepEventMetadata) -> Iterator[PathChange]:
    old, new = metadata.old, metadata.new
    if old is None or new is None:
        return
    detailed = metadata.detailed_diff or {}
    if detailed:
        for path, difference in sorted(detailed.items()):
            yield PathChange(path=path, desired=_at(new.inputs, path), actual=_actual(old, path, inputs=difference.input_diff))
        return
    for name in sorted({*(metadata.diffs or ()), *(metadata.keys or ())}):
        yield PathChange(path=name, desired=_at(new.inputs, name), actual=_actual(old, name, inputs=False))


def _actual(old: StepEventStateMetadata, path: str, *, inputs: bool) -> Any:  # noqa: ANN401 - any property value
    found = _at(old.inputs if inputs else old.outputs, path)
    return found if found is not None else _at(old.inputs, path)


def _at(value: Any, path: str) -> Any:  # noqa: ANN401 - any property value
    """What stands at a path such as `fixedIps[0].ipAddress`; None where there is nothing."""
    for quoted, index, name in _PATH.findall(path):
        if index:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
        else:
            key = quoted.replace('\\"', '"') if quoted else name
            value = value.get(key) if isinstance(value, Mapping) else None
    return _declared(value)


def _declared(value: Any) -> Any:  # noqa: ANN401 - any property value
    """Without what the provider's bridge keeps for itself, and with words for what is not known."""
    if isinstance(value, Mapping):
        return {key: _declared(inner) for key, inner in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_declared(inner) for inner in value]
    return str(Ref(Urn("::?"))) if value == UNKNOWN else value


def _plain(text: str) -> str:
    """Without colour marks and empty lines."""
    text = re.sub(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m", "", text)
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


def concerns(step: Step) -> bool:
    """Whether a step is about an object of the cloud; stacks, providers and components are Pulumi's own."""
    return step.custom and not step.type.startswith("pulumi:") and step.op in OPERATIONS


def stack_plan(stack: StackId, steps: Iterable[Step]) -> StackPlan:
    """What a preview says is to become of a stack."""
    found: dict[Urn, PlannedChange] = {}
    for step in steps:
        urn = urn_of(step.urn)
        if step.stage != "planned" or not concerns(step) or (step.op in _HALVES and urn in found):
            continue
        earlier = found.get(urn)
        found[urn] = PlannedChange(
            op=OPERATIONS[step.op],
            urn=urn,
            type=step.type,
            name=str(step.properties.get("name") or urn.rpartition("::")[2]),
            paths=step.paths or (earlier.paths if earlier else ()),
            live_id=step.id or (earlier.live_id if earlier else ""),
            protected=step.protect or bool(earlier and earlier.protected),
        )
    return StackPlan(stack=stack, changes=tuple(found.values()))


def planned_resources(stack: StackId, steps: Iterable[Step], graph: Graph) -> dict[Urn, Declared]:
    """Every resource that a preview would leave behind, in the captured graph's terms, so that policies can judge it.

    What the preview does not know yet is what the graph refers to at the same place.
    """
    found: dict[Urn, Declared] = {}
    for step in steps:
        urn = urn_of(step.urn)
        if (
            step.stage != "planned"
            or not step.custom
            or step.type.startswith("pulumi:")
            or step.op.startswith(("delete", "discard"))
        ):
            continue
        known = graph.resources.get(urn)
        properties = {name: _known(value, known, name) for name, value in step.properties.items()}
        found[urn] = Declared(
            urn=urn,
            stack=stack,
            type=step.type,
            name=urn.rpartition("::")[2],
            properties=properties,
            parent=known.parent if known else "",
            depends_on=known.depends_on if known else (),
            protect=step.protect,
            project=known.project if known else None,
        )
    return found


def _known(value: Any, declared: Declared | None, name: str) -> Any:  # noqa: ANN401 - any property value
    captured = None if declared is None else declared.properties.get(name)
    return captured if captured is not None and any(references(captured)) else value


def why_of(text: str) -> str:
    """A provider's error without the counting and listing that its bridge wraps it in."""
    lines = [line.strip().removeprefix("* ") for line in text.splitlines()]
    return "\n".join(line for line in lines if not _COUNTED.fullmatch(line))


class Telling:
    """From one stack's steps to effects, as they happen."""

    def __init__(self, stack: StackId) -> None:
        self._stack = stack
        self._begun: dict[str, float] = {}
        self._why: dict[str, str] = {}
        self.told: set[Urn] = set()
        self.failed = False
        """Whether a single resource has failed, and has said why."""
        self.general: list[str] = []
        """Errors of no single resource: the program's, the engine's."""

    def hears(self, line: Step | Said) -> Effect | None:
        if isinstance(line, Said):
            if line.severity == "error":
                self._why[line.urn] = why_of(line.text)  # the engine's word comes last, and holds the provider's
                if ("::pulumi:pulumi:Stack::" in line.urn or not line.urn) and line.text not in _HOLLOW:
                    self.general.append(line.text)
            return None
        if line.stage == "begun":
            self._begun.setdefault(line.urn, line.at)
            return None
        if line.stage == "planned" or not concerns(line) or (line.stage == "done" and line.op in _HALVES):
            return None
        urn = urn_of(line.urn)
        self.told.add(urn)
        self.failed |= line.stage == "failed"
        return Effect(
            stack=self._stack,
            op=OPERATIONS[line.op],
            urn=urn,
            outcome=Outcome.DONE if line.stage == "done" else Outcome.FAILED,
            detail="" if line.stage == "done" else self._why.get(line.urn, ""),
            seconds=max(0.0, line.at - self._begun.get(line.urn, line.at)),
        )
