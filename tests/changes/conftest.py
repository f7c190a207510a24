"""People with keys, a small federation that declares them, and a change book on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.crowd import Crowd
from tests.support.drafts import SMALL, Draft

from luxops.changes import ChangeBook
from luxops.federation import Federation, load_federation
from luxops.store import Store, open_store


@pytest.fixture(scope="session")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Crowd:
    return Crowd(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def declared(crowd: Crowd, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small inventory with these people; network changes on Tuesday nights, emergencies at any time."""
    folder = Path(shutil.copytree(SMALL, tmp_path_factory.mktemp("changes") / "inventory"))
    draft = Draft(folder)
    text = (folder / "federation.yaml").read_text()
    draft.edit("federation.yaml", text[text.index("people:") :], crowd.yaml())
    emergency = '  - {id: emergency, windows: ["Mon-Sun 00:00-24:00"]}\npeople:\n'
    draft.edit("federation.yaml", "people:\n", emergency)
    return folder


@pytest.fixture(scope="session")
def federation(declared: Path) -> Federation:
    return load_federation(declared)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


@pytest.fixture
def book(store: Store) -> ChangeBook:
    return ChangeBook(store)
