"""Pushes that are really killed, at any moment, against devices that go on: nothing twice, nothing halfway, no wrong report."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.support.push_killed import ask, push
from tests.support.pushing import FileJournal

pytestmark = pytest.mark.slow

PARTS, KILLS = (4, 250) if os.environ.get("LUXOPS_STRESS") else (1, 24)
"""Parts that may run side by side, and kills of each."""
KINDS = "fi"
SEED = 20261125
LONGEST = 1.2
"""Seconds: longer than a whole push here, so that some kills come after it."""


@contextmanager
def devices(folder: Path) -> Iterator[Path]:
    """Devices in a process of their own."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.support.push_killed", "serve", str(folder), KINDS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        try:
            yield folder
        finally:
            server.communicate()
    shutil.rmtree(folder)


def pushing(folder: Path, out: Path) -> int:
    """A push in a process of its own, without the second that starting an interpreter takes. Its number."""
    child = os.fork()
    if child == 0:
        try:
            os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
            sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - a descriptor
            push(folder)
            sys.stdout.flush()
            os._exit(0)
        finally:
            os._exit(1)
    return child


def report_of(out: Path) -> dict[str, str] | None:
    """Device → outcome; None where the push was killed before it could say."""
    text = out.read_text()
    if not text.endswith("\n"):
        return None
    return {device["device"]: device["outcome"] for device in json.loads(text)["devices"]}


def killed_after(child: int, seconds: float) -> bool:
    """Whether it still ran, and was killed."""
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        os.waitpid(child, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except TimeoutError:
        # It may have ended, and been waited for, in the very moment in which the alarm came.
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)
            return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    return False


@pytest.fixture(autouse=True)
def _alarm() -> Iterator[None]:
    def late(_number: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_pushes_have_their_effect_once_or_not_at_all(tmp_path: Path, part: int) -> None:
    choice = random.Random(SEED + part)  # noqa: S311 - a choice, no secret
    kills, worlds, seen = 0, 0, {"before": 0, "after": 0, "armed": 0}
    while kills < KILLS:
        with devices(tmp_path / f"d{worlds}") as folder:
            worlds += 1
            out = tmp_path / "out"
            for _ in range(choice.randint(1, 4)):
                kills += killed_after(pushing(folder, out), choice.uniform(0.02, LONGEST))
                _check_a_report(folder, report_of(out))
                seen["armed"] += sum(one["armed"] for one in ask(folder, do="state").values())
                if choice.random() < 0.5:
                    _let_timers_run_out(folder, seen)
            # And once to its end.
            os.waitpid(pushing(folder, out), 0)
            report = report_of(out)
            assert report is not None
            assert set(report.values()) <= {"done", "already-done"}, out.read_text()
            _check_the_end(folder, report)
    print(f"part {part}: {kills} kills of {worlds} changes, {seen}")  # noqa: T201 - figures of a stress run
    # The kills came at moments that matter.
    assert seen["armed"] >= KILLS / 50, seen
    assert seen["before"], seen


def _let_timers_run_out(folder: Path, seen: dict[str, int]) -> None:
    ask(folder, do="fire")
    for name, state in ask(folder, do="state").items():
        assert state["armed"] == 0
        assert state["before"] or state["after"], f"{name} is between two states: {state}"
        seen["after" if state["after"] else "before"] += 1


def _check_a_report(folder: Path, report: dict[str, str] | None) -> None:
    """What a report and the journal say is so on the device, whether the push lived to print it or not."""
    states: dict[str, dict[str, Any]] = ask(folder, do="state")
    outcomes = {e["outcome"]: e["is"] for e in FileJournal(folder / "journal").entries() if "outcome" in e}
    for name, outcome in {**(report or {}), **outcomes}.items():
        state = states[name]
        if outcome in {"done", "already-done"}:
            assert state["after"], (name, outcome, state)
            assert state["saved"], (name, outcome, state)
            assert not state["armed"], (name, outcome, state)
        elif outcome in {"refused", "rolled-back", "not-begun"}:
            assert not state["after"], (name, outcome, state)


def _check_the_end(folder: Path, report: dict[str, str]) -> None:
    for name, state in ask(folder, do="state").items():
        assert name in report
        assert state["after"], state
        assert state["saved"], state
        assert not state["armed"], state
        log = state["log"]
        # In force for good exactly once: every other time that it was armed, it went back.
        if "confirmed" not in log:
            assert log.count("saved") == 1, log
        else:
            # An IOS-like device may be told once more to save what it has saved.
            assert log.count("confirmed") == 1, log
            assert log.count("armed") == log.count("reverted") + 1, log
        intents = [e for e in FileJournal(folder / "journal").entries() if e.get("intent") == name]
        assert len(intents) >= state["arms"], "something was armed of which the journal knows nothing"
