"""Real kills on the lab: whenever `up` or `destroy` is killed, one more run and the cloud is as it should be.

`make stress` kills 200 times; otherwise twice.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.mini_cloud import MiniCloud, lab_settings

from luxops.domains.cloud.changes import Outcome

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("provisioned")]

PARTS, KILLS = (4, 50) if os.environ.get("LUXOPS_STRESS") else (1, 2)
"""Tenants, and how often the work on each is killed."""
LONGEST = 6.0
"""Seconds in which an undisturbed run ends."""
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def cloud() -> Iterator[MiniCloud]:
    made = MiniCloud(f"faulttest-{uuid.uuid4().hex[:6]}", lab_settings())
    yield made
    made.destroy()
    made.assert_gone()


def killed(cloud: MiniCloud, work: str, after: float) -> bool:
    """Whether it had not ended by itself."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.mini_cloud", cloud.name, work], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + after
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return alive


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_any_moment_one_more_run_makes_it_whole(cloud: MiniCloud, part: int) -> None:
    del part
    chance = random.Random()  # noqa: S311 - moments, no secret
    alive, up = 0, True
    while alive < KILLS:
        alive += killed(cloud, "up" if up else "destroy", chance.uniform(0.8, LONGEST))
        effects = cloud.up() if up else cloud.destroy()
        assert [effect for effect in effects if effect.outcome is not Outcome.DONE] == []
        if up:
            cloud.assert_whole()
        else:
            cloud.assert_gone()
        up = not up
