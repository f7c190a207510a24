"""Damaged looks in the store: what failed is not fixed, what drifted is not closed, and no exit code says all is good."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.corpus.corpus import Given, HostAnswer, Looker, RecordedAnswer, Reference, RouterAnswer

from luxops import pipeline
from luxops.cli.exit import exit_code
from luxops.errors import ExitCode
from luxops.model import Failure, FailureReason, Selection, TargetId, Verdict
from luxops.progress import Silent
from luxops.store import Store, open_store

pytestmark = pytest.mark.slow

Answers = Mapping[TargetId, RecordedAnswer]
Change = Callable[[RecordedAnswer, RecordedAnswer], RecordedAnswer]
LOST = Failure(reason=FailureReason.SESSION_LOST, detail="closed", retryable=True)


def _cut(answer: RecordedAnswer, _: RecordedAnswer) -> RecordedAnswer:
    if isinstance(answer, HostAnswer):
        return answer.saying(answer.reply.output[: len(answer.reply.output) // 2])
    return answer.saying({c: text[: len(text) // 2] for c, text in answer.reply.transcripts.items()})


def _nothing(answer: RecordedAnswer, _: RecordedAnswer) -> RecordedAnswer:
    return answer.saying(b"") if isinstance(answer, HostAnswer) else answer.saying({})


def _lost(answer: RecordedAnswer, _: RecordedAnswer) -> RecordedAnswer:
    return answer.saying(b"", failure=LOST) if isinstance(answer, HostAnswer) else answer.saying({}, failure=LOST)


def _stranger(answer: RecordedAnswer, other: RecordedAnswer) -> RecordedAnswer:
    if isinstance(answer, HostAnswer) and isinstance(other, HostAnswer):
        return answer.saying(other.reply.output)
    assert isinstance(answer, RouterAnswer)
    assert isinstance(other, RouterAnswer)
    return answer.saying(other.reply.transcripts)


def _twice(answer: RecordedAnswer, _: RecordedAnswer) -> RecordedAnswer:
    if isinstance(answer, HostAnswer):
        return answer.saying(answer.reply.output * 2)
    return answer.saying({c: text * 2 for c, text in answer.reply.transcripts.items()})


CHANGES: Mapping[str, Change] = {
    "cut": _cut, "nothing": _nothing, "session lost": _lost, "another target's": _stranger, "twice": _twice,
}  # fmt: skip


def _scan(looker: Looker, store: Store, answers: Answers) -> tuple[pipeline.Outcome, ExitCode]:
    domains = Given(answers).domains()
    outcome = pipeline.scan(looker.federation, domains, looker.evaluator, Selection(), store, Silent(), replayed=True)
    totals = outcome.scan.totals
    incomplete = bool(totals.UNKNOWN) or not outcome.scan.coverage.complete
    return outcome, exit_code(bad=bool(totals.FAIL or outcome.drift), incomplete=incomplete)


def _answers(references: list[Reference], name: str) -> dict[TargetId, RecordedAnswer]:
    return {r.target.id: r.given for r in references if r.name.startswith(name)}


@pytest.mark.parametrize("change", CHANGES)
def test_a_damaged_look_neither_fixes_nor_closes(
    references: list[Reference], looker: Looker, tmp_path: Path, change: str
) -> None:
    broken = _answers(references, "broken/")
    kinds = {kind: [t for t, a in broken.items() if isinstance(a, kind)] for kind in (HostAnswer, RouterAnswer)}
    after = {t: names[(names.index(t) + 1) % len(names)] for names in kinds.values() for t in names}
    damaged = {target: CHANGES[change](answer, broken[after[target]]) for target, answer in broken.items()}
    with open_store(f"sqlite:///{tmp_path}/luxops.db") as store:
        _, code = _scan(looker, store, broken)
        assert code is ExitCode.FINDINGS
        failing = {(r.finding.target, r.finding.policy): r.failing_since for r in store.findings(verdicts=[Verdict.FAIL])}
        drifting = {(r.drift.target, r.drift.path): r.drifting_since for r in store.drift()}
        assert failing
        assert drifting

        outcome, code = _scan(looker, store, damaged)
        assert code in {ExitCode.FINDINGS, ExitCode.INCOMPLETE}
        assert not outcome.scan.coverage.complete
        known = {(r.finding.target, r.finding.policy): r for r in store.findings()}
        for key, since in failing.items():
            assert known[key].finding.verdict in {Verdict.FAIL, Verdict.UNKNOWN}
            assert (known[key].failing_since, known[key].fixed_at) == (since, None)
        still = {(r.drift.target, r.drift.path): r.drifting_since for r in store.drift()}
        assert drifting.items() <= still.items()

        _scan(looker, store, broken)
        again = {(r.finding.target, r.finding.policy): r.failing_since for r in store.findings(verdicts=[Verdict.FAIL])}
        assert again == failing
        assert {(r.drift.target, r.drift.path): r.drifting_since for r in store.drift()} == drifting


def test_damage_of_untouched_answers_is_never_all_good(references: list[Reference], looker: Looker, tmp_path: Path) -> None:
    untouched = _answers(references, "untouched/")
    for number, (target, answer) in enumerate(
        (TargetId(name), untouched[TargetId(name)]) for name in ("chl-pacs1", "dc1-core1")
    ):
        with open_store(f"sqlite:///{tmp_path}/{number}.db") as store:
            outcome, code = _scan(looker, store, {**untouched, target: _cut(answer, answer)})
        assert code in {ExitCode.FINDINGS, ExitCode.INCOMPLETE}
        assert [u.target for u in outcome.scan.coverage.unknown] == [target]
        assert any(f.verdict is Verdict.UNKNOWN for f in outcome.findings if f.target == target)
