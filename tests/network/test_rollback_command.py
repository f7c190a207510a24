"""`luxops network rollback` against simulated routers: back to before, as a change of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.routers import ROUTE, Site, site

from luxops.changes import ChangeBook
from luxops.cli.context import CliContext
from luxops.cli.network_plan import plan
from luxops.cli.network_rollback import rollback
from luxops.errors import ExitCode, UsageError
from luxops.federation import load_federation
from luxops.model import ChangeEffect, ChangeState
from luxops.store import open_store

pytestmark = pytest.mark.slow

EDGE = "chl-edge1"


@pytest.fixture
def routers(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path, EDGE) as made:
        yield made


def run(command: Any, routers: Site, *arguments: str) -> tuple[ExitCode, Any]:  # noqa: ANN401 - a click command
    context = CliContext()
    context.settings = routers.settings
    by = load_federation(routers.settings.inventory).file.people[0].id
    words = [*arguments, "--by", by, "--output", "json"]
    done = CliRunner().invoke(command, words, obj=context, standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.return_value, json.loads(done.stdout)


def pushed(routers: Site, monkeypatch: pytest.MonkeyPatch, outcome: str) -> str:
    """A change that took ROUTE away, as a push would have journalled it."""
    routers.routers[EDGE].typed()
    change = str(run(plan, routers, EDGE)[1]["change"]["id"])
    monkeypatch.setattr("luxops.changes.gates.refusals", lambda *_: ())
    federation = load_federation(routers.settings.inventory)
    with open_store(routers.settings.store.url) as store, ChangeBook(store).begin(change, federation, ()) as record:
        record.intent(EDGE, "push")
        record.effect(ChangeEffect(subject=EDGE, action="push", outcome=outcome))
        record.end(ChangeState.DONE)
    return change


def test_what_was_pushed_is_planned_back_as_a_change_of_its_own(routers: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    change = pushed(routers, monkeypatch, "done")
    routers.routers[EDGE].undone()
    code, told = run(rollback, routers, change)
    assert code is ExitCode.FINDINGS
    (device,) = told["devices"]
    assert ROUTE in device["after"]
    assert ROUTE not in device["before"]
    assert told["change"]["id"] != change
    assert told["change"]["approvals_needed"] == 1
    with open_store(routers.settings.store.url) as store:
        assert ChangeBook(store).proposal(told["change"]["id"]).title == f"network rollback {change}: {EDGE}"


def test_what_was_changed_since_goes_back_too(routers: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    change = pushed(routers, monkeypatch, "done")
    routers.routers[EDGE].undone()
    later = "ip route 10.98.0.0/16 blackhole"
    routers.routers[EDGE].typed(later)
    (device,) = run(rollback, routers, change)[1]["devices"]
    assert later in device["before"]
    assert later not in device["after"]


@pytest.mark.parametrize("outcome", ["done", "rolled-back"])
def test_what_is_as_before_is_nothing_to_roll_back(routers: Site, monkeypatch: pytest.MonkeyPatch, outcome: str) -> None:
    change = pushed(routers, monkeypatch, outcome)
    with pytest.raises(UsageError, match="nothing to roll back"):
        run(rollback, routers, change)
