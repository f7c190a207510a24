"""Every policy on every recorded answer: Python and CEL say the same."""

from __future__ import annotations

from typing import Any

import pytest
from tests.corpus.corpus import Reference
from tests.support.answers import ordered

from luxops.evaluation.answering import CEL_ERRORS, by_cel, value_of
from luxops.model import TargetKind
from luxops.policies import Expression, load_policies, read_expression
from luxops.policies.quick import DOUBTS
from luxops.settings import Settings


def cel_answer(expression: Expression, facts: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    try:
        return by_cel(expression, facts)
    except CEL_ERRORS:
        return CEL_ERRORS


@pytest.mark.slow
def test_python_and_cel_answer_alike(references: list[Reference]) -> None:
    expressions: dict[TargetKind, list[Expression]] = {kind: [] for kind in TargetKind}
    for policy in load_policies(Settings().policies).policies:
        if policy.role:
            continue  # no recorded host has a role: tests/hosts/test_openstack.py asks the same of controllers
        texts = filter(None, (policy.check, policy.when, policy.show))
        expressions[policy.applies_to] += map(read_expression, texts)
    answered = left = 0
    for reference in references:
        if any(o.failure is not None for o in reference.look.observations):
            continue
        target = {"id": reference.target.id, "hospital": reference.target.hospital, "labels": dict(reference.target.labels)}
        seen = {str(o.fact): o.json_form.plain for o in reference.look.observations}
        facts: dict[str, Any] = {"target": target, "now": 1768435200, **seen}
        for expression in expressions[reference.target.kind]:
            expected = cel_answer(expression, facts)
            try:
                answer = expression.quick(facts) if expression.quick is not None else DOUBTS
            except DOUBTS:
                answer = DOUBTS
            if answer is DOUBTS:
                left += 1
                continue
            answered += 1
            assert ordered(answer) == ordered(expected), expression.text
            assert value_of(expression, facts) == answer
    assert answered > 20 * left
