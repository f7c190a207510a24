"""Over nothing there is no verdict: each way of selecting nothing ends with exit code 2 and the reason."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from luxops.cli.main import main
from luxops.errors import ExitCode

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests/federation/small"
GOOD_WORDS = ("all good", "no drift:", "nothing fails", "everything selected was looked at")
Run = Callable[..., "Done"]


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SMALL, tmp_path / "inventory"))


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path: Path, inventory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command over recorded answers, of which there are none: no target is ever contacted."""
    empty = tmp_path / "recordings"
    empty.mkdir()
    for name in [name for name in os.environ if name.startswith("LUXOPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LUXOPS_STORE__URL", f"sqlite:///{tmp_path}/luxops.db")
    monkeypatch.setenv("LUXOPS_CLOUD__STACKS", str(ROOT / "stacks"))
    monkeypatch.setenv("LUXOPS_CLOUD__CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LUXOPS_DOMAINS", '["hosts", "network"]')
    monkeypatch.chdir(tmp_path)

    def luxops(*arguments: str, policies: Path = ROOT / "policies", replay: Path = empty) -> Done:
        monkeypatch.setenv("LUXOPS_REPLAY", str(replay))
        options = ["--no-lab", "--inventory", str(inventory), "--policies", str(policies)]
        monkeypatch.setattr(sys, "argv", ["luxops", *options, *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return luxops


def _refused(done: Done, *reasons: str) -> None:
    said = done.out + done.err
    assert done.code == ExitCode.USAGE, said
    assert done.out == ""
    assert "Traceback" not in said
    assert "defect" not in said
    for reason in reasons:
        assert reason in said
    assert not any(words in said.lower() for words in GOOD_WORDS), said


def _without_targets(inventory: Path) -> None:
    """No host and no router is left; what needs one goes with it."""
    for folder in ("hosts", "hospitals", "services"):
        for file in (inventory / folder).glob("*.yaml"):
            file.unlink()
    for name in ("routers.yaml", "links.yaml"):
        (inventory / name).write_text("[]\n")
    yaml = YAML(typ="safe")
    document = yaml.load(inventory / "federation.yaml")
    yaml.dump({**document, "peers": []}, inventory / "federation.yaml")


@pytest.mark.parametrize("command", ["scan", "drift"])
def test_a_selector_that_matches_nothing(run: Run, command: str) -> None:
    _refused(run(command, "hospital:nobody"), "No target matches `hospital:nobody`")
    _refused(run(command, "chl-pacs1", "kind:cloud"), "No target matches `kind:cloud`")


@pytest.mark.parametrize("selector", ["", ",", "hospital:", "chl-pacs1,", ":"])
def test_a_selector_without_a_term(run: Run, selector: str) -> None:
    _refused(run("scan", selector), "is not a selector")


@pytest.mark.parametrize("command", [("scan",), ("drift",), ("findings",), ("drift", "--recorded")])
def test_an_inventory_without_hosts_and_routers(run: Run, inventory: Path, command: tuple[str, ...]) -> None:
    _without_targets(inventory)
    _refused(run(*command), "There is nothing to look at", "declares no targets")


@pytest.mark.parametrize("command", [("scan",), ("drift",), ("policy", "test"), ("policy", "list")])
def test_a_folder_without_policies(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "none").mkdir()
    _refused(run(*command, policies=tmp_path / "none"), "polic")
    _refused(run(*command, policies=tmp_path / "not-there"), "not-there")


def test_policy_files_without_a_policy(run: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "policies", tmp_path / "hollow"))
    for file in (*folder.glob("host/*.yaml"), *folder.glob("router/*.yaml")):
        file.write_text("[]\n")
    (folder / "waivers.yaml").unlink()
    _refused(run("scan", policies=folder), "polic")


@pytest.mark.parametrize(("gone", "kept"), [("router", "host"), ("host", "router")])
def test_targets_that_no_policy_addresses(run: Run, tmp_path: Path, gone: str, kept: str) -> None:
    folder = Path(shutil.copytree(ROOT / "policies", tmp_path / "half"))
    for file in (folder / gone).glob("*.yaml"):
        file.unlink()
    (folder / "waivers.yaml").unlink()
    _refused(run("scan", policies=folder), f"No policy addresses {gone} targets")
    assert run("scan", f"kind:{kept}", policies=folder).code == ExitCode.INCOMPLETE


def test_a_policy_that_does_not_exist(run: Run) -> None:
    _refused(run("findings", "--policy", "no-such-policy"), "no-such-policy")
    _refused(run("policy", "test", "no-such-policy"), "no-such-policy")


@pytest.mark.parametrize("command", ["scan", "drift"])
def test_answers_of_nobody_are_incomplete_and_never_good(run: Run, command: str) -> None:
    done = run(command, "--output", "json")
    assert done.code == ExitCode.INCOMPLETE
    coverage = json.loads(done.out)["coverage"]
    assert coverage["targets"] > 0
    assert coverage["observed"] == 0
    assert len(coverage["unknown"]) == coverage["targets"]


def test_a_folder_of_recordings_that_does_not_exist(run: Run, tmp_path: Path) -> None:
    _refused(run("scan", replay=tmp_path / "nowhere"), "nowhere")


def test_a_store_that_never_saw_a_scan_knows_nothing(run: Run) -> None:
    for command in (("findings",), ("drift", "--recorded")):
        done = run(*command)
        assert done.code in {ExitCode.USAGE, ExitCode.INCOMPLETE}, command
        assert not any(words in (done.out + done.err).lower() for words in GOOD_WORDS), done.out
    assert run("report").code == ExitCode.USAGE
    assert run("show", "chl-pacs1").code in {ExitCode.USAGE, ExitCode.INCOMPLETE}
