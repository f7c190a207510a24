"""The pipeline over a domain that answers from memory, a real store and real policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from luxops import pipeline
from luxops.errors import UsageError
from luxops.evaluation import Evaluator
from luxops.federation import Federation, load_federation
from luxops.model import (
    Coverage,
    Drift,
    DriftKind,
    FactName,
    FactValue,
    Failure,
    FailureReason,
    Observation,
    ScanState,
    Selection,
    Target,
    TargetId,
    TargetKind,
    Verdict,
)
from luxops.policies import load_policies
from luxops.progress import Progress, Silent
from luxops.store import Store, open_store

POLICY = """
- id: door-closed
  title: The door is closed
  applies_to: host
  needs: [door]
  check: door.closed
  severity: high
  rationale: An open door lets everyone in.
  remediation: Close it.
  mappings: {ours: [one]}
  examples: {pass: {door: {closed: true}}, fail: {door: {closed: false}}}
"""
FRAMEWORK = "id: ours\ntitle: Ours\nsource: This test\nrequirements: {one: Doors are closed}\n"


class Door(FactValue):
    closed: bool


DOWN = Failure(reason=FailureReason.UNREACHABLE, detail="refused", retryable=True)


class Doors:
    """A domain whose hosts answer as told; a target without an answer is not answered for."""

    name = "doors"

    def __init__(self, answers: Mapping[str, Door | Failure], kind: TargetKind = TargetKind.HOST) -> None:
        self.answers = answers
        self.kind = kind
        self.during: Callable[[], None] = lambda: None

    def targets(self, federation: Federation) -> Sequence[Target]:
        del federation
        return [Target(id=TargetId(name), kind=self.kind, hospital="chl") for name in ("west", "east", "north")]

    def desired(self, federation: Federation) -> Any:  # noqa: ANN401 - as the protocol has it
        return federation.digest

    def observe(self, targets: Sequence[Target], progress: Progress) -> Iterator[Sequence[Observation]]:
        del progress
        for target in targets:
            self.during()
            if target.id in self.answers:
                yield [Observation.of(target.id, FactName("door"), self.answers[target.id])]

    def compare(self, desired: Any, observations: Sequence[Observation]) -> Sequence[Drift]:  # noqa: ANN401 - see desired
        del desired
        return [
            Drift(target=o.target, domain=self.name, path="door", kind=DriftKind.CHANGED, desired="closed", actual="open")
            for o in observations
            if isinstance(o.value, Door) and not o.value.closed
        ]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/luxops.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def federation() -> Federation:
    return load_federation(Path(__file__).parent.parent / "federation" / "small")


@pytest.fixture
def evaluator(tmp_path: Path) -> Evaluator:
    for name, text in (("host/door.yaml", POLICY), ("mappings/ours.yaml", FRAMEWORK)):
        file = tmp_path / "policies" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Evaluator(load_policies(tmp_path / "policies"))


Run = Callable[..., pipeline.Outcome]


@pytest.fixture
def run(federation: Federation, evaluator: Evaluator, store: Store) -> Run:
    def scan(domain: Doors, *selectors: str) -> pipeline.Outcome:
        return pipeline.scan(federation, [domain], evaluator, Selection.parse(selectors), store, Silent())

    return scan


def test_each_target_is_judged_compared_and_counted(run: Run) -> None:
    outcome = run(Doors({"west": Door(closed=True), "east": Door(closed=False), "north": DOWN}))
    verdicts = {f.target: f.verdict for f in outcome.findings}
    assert verdicts == {"west": Verdict.PASS, "east": Verdict.FAIL, "north": Verdict.UNKNOWN}
    assert [d.target for d in outcome.drift] == ["east"]
    assert (outcome.scan.coverage.targets, outcome.scan.coverage.observed) == (3, 2)
    assert [(u.target, u.failure) for u in outcome.scan.coverage.unknown] == [("north", DOWN)]


def test_the_order_of_answers_does_not_show(run: Run) -> None:
    doors = {"west": Door(closed=False), "east": Door(closed=False), "north": Door(closed=False)}
    outcome = run(Doors(doors))
    assert [f.target for f in outcome.findings] == ["east", "north", "west"]
    assert [d.target for d in outcome.drift] == ["east", "north", "west"]


def test_selecting_nothing_is_an_error_and_leaves_no_scan(run: Run, store: Store) -> None:
    with pytest.raises(UsageError, match="No target matches `south`"):
        run(Doors({}), "south")
    assert store.scans() == []


def test_targets_that_no_policy_addresses_are_an_error_and_not_a_clean_scan(run: Run, store: Store) -> None:
    with pytest.raises(UsageError, match="No policy addresses"):
        run(Doors({"west": Door(closed=True)}, kind=TargetKind.ROUTER), "west")
    assert store.scans() == []


def test_a_domain_that_owes_an_observation_never_yields_a_scan(run: Run, store: Store) -> None:
    with pytest.raises(AssertionError, match="owes an observation of north"):
        run(Doors({"west": Door(closed=True), "east": Door(closed=True)}))
    assert [s.state for s in store.scans()] == [ScanState.INTERRUPTED]
    assert store.findings() == []


def test_ctrl_c_leaves_an_interrupted_scan_and_what_was_known_before(run: Run, store: Store) -> None:
    good = dict.fromkeys(("west", "east", "north"), Door(closed=True))
    run(Doors(good))
    domain = Doors({**good, "west": Door(closed=False)})

    def interrupt() -> None:
        raise KeyboardInterrupt

    domain.during = interrupt
    with pytest.raises(KeyboardInterrupt):
        run(domain)
    assert [s.state for s in store.scans()] == [ScanState.INTERRUPTED, ScanState.FINISHED]
    assert {r.finding.verdict for r in store.findings()} == {Verdict.PASS}


def test_a_selection_scans_only_its_targets(run: Run) -> None:
    outcome = run(Doors({"east": Door(closed=True)}), "east")
    assert [t.id for t in outcome.targets] == ["east"]
    assert outcome.scan.coverage == Coverage(targets=1, observed=1)
    assert outcome.scan.selection == "east"


def test_a_domain_of_which_nothing_is_selected_looks_at_nothing(
    federation: Federation, evaluator: Evaluator, store: Store
) -> None:
    class Windows(Doors):
        name = "windows"
        looked = False

        def targets(self, federation: Federation) -> Sequence[Target]:
            return [t.model_copy(update={"id": TargetId(f"window-{t.id}")}) for t in super().targets(federation)]

        def observe(self, targets: Sequence[Target], progress: Progress) -> Iterator[Sequence[Observation]]:
            self.looked = True
            yield from super().observe(targets, progress)

    doors, windows = Doors({"east": Door(closed=True)}), Windows({})
    outcome = pipeline.scan(federation, [doors, windows], evaluator, Selection.parse(["east"]), store, Silent())
    assert outcome.scan.coverage == Coverage(targets=1, observed=1)
    assert not windows.looked
