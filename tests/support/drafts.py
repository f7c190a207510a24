"""A copy of an inventory that a test changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from luxops.federation import InventoryError, Problem, load_federation

SMALL = Path(__file__).parents[1] / "federation" / "small"
COMPLETE = Path(__file__).parents[2] / "inventory"


class Draft:
    """A copy of an inventory that a test changes, and what loading it says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def edit(self, file: str, old: str, new: str) -> str:
        """Replace the one occurrence of `old`. A `^` in `new` is left out; its place is returned as `FILE:LINE:COLUMN`."""
        path = self.folder / file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        before, mark, after = new.partition("^")
        path.write_text(text.replace(old, before + after))
        if not mark:
            return file
        ahead = text[: text.index(old)] + before
        return f"{file}:{ahead.count(chr(10)) + 1}:{len(ahead) - ahead.rfind(chr(10))}"

    def write(self, file: str, text: str) -> None:
        (self.folder / file).write_text(text)

    def place(self, problem: Problem) -> str:
        return f"{Path(problem.file).relative_to(self.folder)}:{problem.line}:{problem.column}"

    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong; fails where nothing is."""
        with pytest.raises(InventoryError) as raised:
            load_federation(self.folder)
        return raised.value.problems

    def only_problem(self) -> Problem:
        problems = self.problems()
        assert len(problems) == 1, "\n".join(map(str, problems))
        return problems[0]
