"""Whatever stands in the files: a federation, or problems with their places. Never anything else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.drafts import SMALL

from luxops.federation import InventoryError, load_federation

WORDS = ["chl", "10.16.0.0/16", "10.250.0.11", "[]", "{}", "null", "-1", "dc1", "x: y", '"', "- ", "consumers.x", "1.2.3.4/31"]


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
@given(st.data())
def test_it_loads_or_every_problem_has_a_place(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = Path(shutil.copytree(SMALL, tmp_path_factory.mktemp("any") / "inventory"))
    for _ in range(data.draw(st.integers(1, 3))):
        file = data.draw(st.sampled_from(sorted(folder.rglob("*.yaml"))))
        file.write_text("\n".join(_changed(file.read_text().splitlines(), data)) + "\n")
    try:
        load_federation(folder)
    except InventoryError as error:
        told = error.problems
    else:
        return
    assert told
    assert all(problem.line >= 1 and problem.column >= 1 and problem.what for problem in told)


def _changed(lines: list[str], data: st.DataObject) -> list[str]:
    """Lines are dropped, repeated and swapped, and words replaced."""
    a, b = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    match data.draw(st.sampled_from(["drop", "repeat", "swap", "word"])):
        case "drop":
            return lines[:a] + lines[a + 1 :] or [""]
        case "repeat":
            return [*lines[:b], lines[a], *lines[b:]]
        case "swap":
            lines[a], lines[b] = lines[b], lines[a]
            return lines
        case _:
            word = data.draw(st.sampled_from(WORDS))
            places = list(re.finditer(r"[\w./-]+", lines[a]))
            if places:
                place = data.draw(st.sampled_from(places))
                lines[a] = lines[a][: place.start()] + word + lines[a][place.end() :]
            return lines
