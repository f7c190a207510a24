"""`luxops network backup` against simulated routers: exit codes and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.routers import ROUTE, Site, site

from luxops.cli.context import CliContext
from luxops.cli.network_backup import backup
from luxops.cli.session import open_session
from luxops.errors import ExitCode, UsageError
from luxops.model import Selection
from luxops.settings import NetworkSettings, Settings

pytestmark = pytest.mark.slow

Ask = Callable[..., tuple[ExitCode, Any]]
ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chl-edge1", "dc1-core1")


@pytest.fixture
def routers(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path, *NAMES) as made:
        yield made


@pytest.fixture
def ask(routers: Site) -> Ask:
    def asked(*arguments: str, words: Sequence[str] = ("--output", "json")) -> tuple[ExitCode, Any]:
        context = CliContext()
        context.settings = routers.settings
        done = CliRunner().invoke(backup, [*arguments, *words], obj=context, standalone_mode=False)
        if done.exception:
            raise done.exception
        return done.return_value, json.loads(done.stdout)

    return asked


def test_what_was_never_backed_up_is_a_finding_until_it_is(ask: Ask) -> None:
    code, found = ask("--check", *NAMES)
    assert code is ExitCode.FINDINGS
    assert {one["state"] for one in found["backups"]} == {"missing"}
    code, kept = ask(*NAMES, "--change", "20260115T120000Z-1a2b3c4d")
    assert (code, sorted(kept["new"]), kept["failed"]) == (ExitCode.GOOD, list(NAMES), {})
    assert ask("--check", *NAMES)[0] is ExitCode.GOOD
    assert "20260115T120000Z-1a2b3c4d" in ask("--log", NAMES[0])[1]["versions"][0]["title"]


def test_a_router_that_ends_early_is_told_and_keeps_its_last_backup(ask: Ask, routers: Site) -> None:
    ask(*NAMES)
    device = routers.routers[NAMES[0]].device
    device.answers = {command: answer[: len(answer) // 2] for command, answer in device.answers.items()}
    routers.routers[NAMES[1]].typed()
    code, kept = ask(*NAMES)
    assert code is ExitCode.INCOMPLETE
    assert (kept["changed"], list(kept["failed"])) == ([NAMES[1]], [NAMES[0]])
    assert f"+{ROUTE}" in ask("--diff", NAMES[1])[1]["lines"]
    assert "hunter2" not in json.dumps(ask("--show", NAMES[0])[1])


def test_a_scan_judges_what_the_command_has_kept(ask: Ask, routers: Site) -> None:
    ask(NAMES[0])
    chosen = {"policies": ROOT / "policies", "domains": ("network",)}
    verdicts = {}
    for folder in (routers.settings.network.backups, None):
        network = routers.settings.network.model_copy(update={"backups": folder})
        with open_session(routers.settings.model_copy(update=chosen | {"network": network})) as session:
            found = session.scan(Selection.parse([f"id:{name}" for name in NAMES])).findings
        verdicts[folder] = {str(f.target): str(f.verdict) for f in found if f.policy == "router-backup-recent"}
    assert verdicts[routers.settings.network.backups] == {NAMES[0]: "PASS", NAMES[1]: "FAIL"}
    assert verdicts[None] == dict.fromkeys(NAMES, "NOT_APPLICABLE")


@pytest.mark.parametrize("words", [(), ("--check",), ("--show", "chl-edge1")])
def test_where_no_place_is_set_the_command_says_what_to_set(words: Sequence[str]) -> None:
    context = CliContext()
    context.settings = Settings(network=NetworkSettings())
    with pytest.raises(UsageError, match="No place for backups") as told:
        CliRunner().invoke(backup, [*words], obj=context, standalone_mode=False, catch_exceptions=False)
    assert "LUXOPS_NETWORK__BACKUPS" in told.value.remedy
