"""What a user sees when something is wrong: one clear message, the right exit code, never a traceback.

Every command runs as a process of its own, over recorded answers or none: nothing outside this machine is contacted.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LUXOPS = Path(sys.executable).with_name("luxops")
ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = ROOT / "tests" / "federation" / "small"

UNREACHABLE = {"LUXOPS_REPLAY": "", "LUXOPS_CONNECTION__NETWORK_NAMESPACE": "luxops-nowhere"}
"""Real transports, in a namespace that does not exist: nothing can leave this machine."""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run luxops in an empty folder over the small inventory, its answers replayed from a folder that has none."""
    replay = tmp_path / "recordings"
    replay.mkdir()

    def luxops(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LUXOPS_INVENTORY": str(SMALL),
            "LUXOPS_POLICIES": str(ROOT / "policies"),
            "LUXOPS_STORE__URL": f"sqlite:///{tmp_path}/luxops.db",
            "LUXOPS_REPLAY": str(replay),
            "LUXOPS_DOMAINS": '["hosts", "network"]',
        }
        return subprocess.run(
            [LUXOPS, *arguments],
            env=environment | variables,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    return luxops


def assert_refused(done: subprocess.CompletedProcess[str], *said: str) -> None:
    """It ended with 2, said so on standard error alone, and without a traceback."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    for words in said:
        assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scan", "hospital:chll"], ["No target matches `hospital:chll`", "did you mean `chl`?"]),
        (["scan", "kind:"], ["`kind:` is not a selector"]),
        (["drift", "chl-edge9"], ["No target matches `chl-edge9`", "did you mean"]),
        (["findings", "--policy", "sshd-root-logins"], ["There is no policy `sshd-root-logins`", "did you mean"]),
        (["show", "nobody"], ["No target matches `nobody`"]),
        (["show", "chl-edge1"], ["Nothing is known of `chl-edge1`", "luxops scan chl-edge1"]),
        (["report"], ["scan"]),
        (["scna"], ["No such command"]),
        (["scan", "--output", "xml"], ["'xml' is not one of"]),
        (["--inventory", "nowhere", "scan"], ["nowhere"]),
        (["--policies", "nowhere", "scan"], ["nowhere"]),
    ],
)
def test_a_wrong_word_is_told_with_what_to_do(run: Run, arguments: list[str], said: list[str]) -> None:
    assert_refused(run(*arguments), *said)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"LUXOPS_CONNECTION__CONCURRENCY": "many"}, ["connection.concurrency", "docs/operations.md"]),
        ({"LUXOPS_STORE__URL": "oracle://there"}, ["oracle"]),
        ({"LUXOPS_STORE__URL": "sqlite:////nowhere/at/all.db"}, ["/nowhere/at/all.db"]),
        ({"LUXOPS_REPLAY": "/nowhere"}, ["/nowhere"]),
    ],
)
def test_a_wrong_setting_names_itself(run: Run, variables: dict[str, str], said: list[str]) -> None:
    assert_refused(run("scan", **variables), *said)


def test_a_key_that_cannot_be_read_is_told_before_anything_is_contacted(run: Run) -> None:
    assert_refused(run("scan", **UNREACHABLE, LUXOPS_CONNECTION__KEYS='["/nowhere/key"]'), "/nowhere/key")


def test_a_broken_settings_file_names_its_place(run: Run, tmp_path: Path) -> None:
    (tmp_path / "luxops.toml").write_text("inventory = \n")
    assert_refused(run("inventory", "show"), "luxops.toml is not TOML", "line 1")


def test_malformed_yaml_names_file_line_and_column(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "inventory"
    folder.mkdir()
    (folder / "federation.yaml").write_text("id: luxith\nname: [unclosed\n")
    done = run("--inventory", str(folder), "scan")
    assert_refused(done)
    assert "federation.yaml:" in done.stderr


def test_a_scan_in_which_nothing_answers_is_incomplete_and_never_good(run: Run) -> None:
    done = run("scan")
    assert done.returncode == 3
    assert "REPLAYED" in done.stdout
    assert "0 of " in done.stdout
    assert "no recording" in done.stdout


def test_drift_of_targets_that_did_not_answer_is_not_none(run: Run) -> None:
    done = run("drift")
    assert done.returncode == 3
    assert "not everything could be looked at" in done.stdout


def test_json_stands_alone_on_standard_output(run: Run) -> None:
    import json  # noqa: PLC0415 - here only

    done = run("scan", "--output", "json")
    document = json.loads(done.stdout)
    assert document["schema"] == "luxops/scan/1"
    assert list(document) == ["schema", "scan", "coverage", "totals", "findings", "drift"]
    assert document["coverage"]["observed"] == 0
    assert len(document["coverage"]["unknown"]) == document["coverage"]["targets"] > 0
    # What the inventory itself rules out needs no look at a host.
    ruled_out = [f for f in document["findings"] if "the inventory declares it no" in f["reason"]]
    assert {f["verdict"] for f in ruled_out} == {"NOT_APPLICABLE"}
    assert {f["verdict"] for f in document["findings"] if f not in ruled_out} == {"UNKNOWN"}
    drift = json.loads(run("drift", "--output", "json").stdout)
    assert list(drift) == ["schema", "coverage", "drift"]
    assert drift["schema"] == "luxops/drift/1"


def test_a_reader_that_goes_away_is_no_error(run: Run, tmp_path: Path) -> None:
    run("scan")
    environment = {"PATH": os.environ["PATH"], "LUXOPS_INVENTORY": str(SMALL), "HOME": str(tmp_path)}
    process = subprocess.Popen(
        [LUXOPS, "inventory", "show", "--output", "json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=tmp_path, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate()
    assert "Traceback" not in said


def test_help_of_every_command_has_an_example(run: Run) -> None:
    from luxops.cli.main import COMMANDS  # noqa: PLC0415 - here only

    for command in COMMANDS:
        done = run(command, "--help")
        assert done.returncode == 0, done.stderr
        assert "Example" in done.stdout, command
