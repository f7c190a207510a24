"""The process as a service manager sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from luxops.model import ScanState
from luxops.store import open_store

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def started(tmp_path: Path, url: str, slow: float, grace: float = 1.0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.watched", str(tmp_path), url, str(slow), str(grace)],
        cwd=ROOT, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def until_it_says(process: subprocess.Popen[str], word: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if word in line:
            return
    raise AssertionError(f"it ended without saying {word}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_between_scans(tmp_path: Path, number: signal.Signals) -> None:
    url = f"sqlite:///{tmp_path}/luxops.db"
    process = started(tmp_path, url, 0)
    until_it_says(process, "watch.scanned")
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "watch.stopped" in said
    with open_store(url) as store:
        assert {s.state for s in store.scans(limit=1000)} == {ScanState.FINISHED}


def test_a_short_scan_under_way_is_finished(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/luxops.db"
    process = started(tmp_path, url, 0.1, grace=60.0)  # a busy machine takes its time
    until_it_says(process, "test.observing")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "interrupted" not in said
    with open_store(url) as store:
        assert {s.state for s in store.scans(limit=1000)} <= {ScanState.FINISHED}


def test_a_long_scan_under_way_is_interrupted_within_seconds(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/luxops.db"
    process = started(tmp_path, url, 60)
    until_it_says(process, "test.observing")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "interrupted" in said
    with open_store(url) as store:
        assert [s.state for s in store.scans()] == [ScanState.INTERRUPTED]


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/luxops.db"
    process = started(tmp_path, url, 60)
    until_it_says(process, "test.observing")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, "interrupted" in said) == (0, True), said


def test_after_a_kill_the_next_watch_works_and_shows_the_scan_as_interrupted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/luxops.db"
    process = started(tmp_path, url, 60)
    until_it_says(process, "test.observing")
    process.kill()
    process.communicate(timeout=30)
    with open_store(url) as store:
        assert [s.state for s in store.scans()] == [ScanState.INTERRUPTED]
        store.watch_lock().hold()
