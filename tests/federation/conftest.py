"""Inventories to break: a small whole one, and the complete example."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.support.drafts import COMPLETE, SMALL, Draft


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    return Draft(Path(shutil.copytree(SMALL, tmp_path / "inventory")))


@pytest.fixture
def complete_draft(tmp_path: Path) -> Draft:
    return Draft(Path(shutil.copytree(COMPLETE, tmp_path / "inventory", ignore=shutil.ignore_patterns("__pycache__"))))
