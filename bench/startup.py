"""How long `luxops --help` takes, beside a comparable command line from PyPI in the same environment."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.harness import Result

RUNS = 9


def run() -> list[Result]:
    here = Path(sys.executable).parent
    ours = _median([str(here / "luxops"), "--help"])
    peer = _median([str(here / "ansible"), "--help"])
    return [Result("luxops --help", ours, "s", budget=0.3, peer="ansible --help", peer_value=peer)]


def _median(command: list[str]) -> float:
    """Seconds, the median of several runs after one that warms the file cache."""
    times = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own commands
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])
