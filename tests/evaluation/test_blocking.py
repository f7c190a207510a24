"""The index of touches says the same as laying each unreadable part beside each touch."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from luxops.evaluation.blocking import Blocking
from luxops.policies import read_expression
from luxops.policies.paths import ANY, Touch

TEXTS = (
    "f.a.b == 1",
    "size(f.a) == 1",
    "has(f.a.b)",
    "f.list.all(e, e.x == 1)",
    "f.list.exists(e, e.inner.exists(i, i.y == 2))",
    'f.map.all(k, f.map[k].x == "1")',
    'f.map["b"].x == f.a.c',
    'g.map[f.a.b].all(e, e.x == "1")',
    'size(g.map[f.a.b]) > 1 && "x" in g.list',
    "f == g",
)
EXPRESSIONS = [read_expression(text) for text in TEXTS]
KEYS = st.sampled_from(["a", "b", "c", "list", "map", "inner", "x", "y", ANY])
PARTS = st.builds(lambda fact, path: (fact, *path), st.sampled_from(["f", "g", "h"]), st.lists(KEYS, max_size=5))


def reaches(where: tuple[str, ...], touch: Touch) -> bool:
    """At or above what is touched, or beneath it where all beneath counts."""
    if len(where) > len(touch.path) and not touch.deep:
        return False
    return all(a == b or ANY in {a, b} for a, b in zip(where, touch.path, strict=False))


@given(st.lists(PARTS, max_size=6))
def test_each_expression_is_blocked_by_the_parts_that_it_touches(parts: list[tuple[str, ...]]) -> None:
    unreadable = {where: str(number) for number, where in enumerate(parts)}
    reasons = Blocking(EXPRESSIONS).reasons(unreadable)
    for expression in EXPRESSIONS:
        first = next((why for where, why in unreadable.items() if any(reaches(where, t) for t in expression.touches)), None)
        assert reasons.get(expression.text, "").rpartition(" ")[2] == (first or "")


def test_a_part_that_nothing_touches_blocks_nothing() -> None:
    assert Blocking(EXPRESSIONS).reasons({("h",): "x", ("f", "other"): "y"}) == {
        "f == g": "f.other could not be read: y",
    }
