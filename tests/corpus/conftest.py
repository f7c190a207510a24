"""The corpus, looked at undamaged once a test run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.corpus.corpus import (
    NOW,
    RECORDINGS,
    HostAnswer,
    Looker,
    Reference,
    RouterAnswer,
    memoised,
    memoised_form,
    memoised_method,
    recorded_answers,
    whole,
)

from luxops.domains.hosts import answer, domain
from luxops.domains.hosts.facts import FACTS
from luxops.domains.network import domain as network_domain
from luxops.domains.network.platforms.frr.platform import Frr
from luxops.evaluation import Evaluator
from luxops.federation import load_federation
from luxops.lab import inventory
from luxops.lab.state import State
from luxops.model import observation
from luxops.policies import load_policies

ROOT = Path(__file__).parents[2]
PACKAGED = Path(inventory.__file__).parent / "recordings"
SETS = ("untouched", "broken")


@pytest.fixture(scope="session", autouse=True)
def _one_moment() -> Iterator[None]:
    """Equal answers give equal facts, and equal answers are parsed once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(domain, "utc_now", lambda: NOW)
        patch.setattr(network_domain, "utc_now", lambda: NOW)
        patch.setattr(answer, "FACTS", tuple(memoised(fact) for fact in FACTS))
        patch.setattr(Frr, "parse", memoised_method(Frr(), Frr.parse))
        patch.setattr(observation, "json_form_of", memoised_form(observation.json_form_of))
        yield


@pytest.fixture(scope="session")
def folder() -> Path:
    return RECORDINGS or PACKAGED


@pytest.fixture(scope="session")
def lab_inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = State(tmp_path_factory.mktemp("corpus") / "lab")
    state.create()
    inventory.derive(ROOT / "inventory", state)
    return state.inventory


@pytest.fixture(scope="session")
def looker(lab_inventory: Path) -> Looker:
    return Looker(load_federation(lab_inventory), Evaluator(load_policies(ROOT / "policies")))


@pytest.fixture(scope="session")
def references(folder: Path, looker: Looker) -> list[Reference]:
    """Every recorded answer of a declared target, in both sets."""
    return [
        Reference(f"{name}/{target}", looker.targets[target], given, looker.look(looker.targets[target], given), looker)
        for name in SETS
        for target, given in recorded_answers(folder / name).items()
    ]


@pytest.fixture(scope="session")
def hosts(references: list[Reference]) -> list[tuple[Reference, HostAnswer]]:
    """Those of hosts that came whole."""
    return [(r, r.given) for r in references if isinstance(r.given, HostAnswer) and whole(r.given)]


@pytest.fixture(scope="session")
def routers(references: list[Reference]) -> list[tuple[Reference, RouterAnswer]]:
    """Those of routers that came whole."""
    return [(r, r.given) for r in references if isinstance(r.given, RouterAnswer) and whole(r.given)]
