"""How long the whole example federation takes to load and check, beside reading the same files by ruamel.yaml alone."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from bench.harness import Result
from ruamel.yaml import YAML

from luxops.federation import load_federation

INVENTORY = Path(__file__).resolve().parent.parent / "inventory"
RUNS = 5


def run() -> list[Result]:
    ours = statistics.median(_timed(lambda: load_federation(INVENTORY)) for _ in range(RUNS))
    peer = _timed(lambda: [YAML(typ="safe", pure=True).load(file) for file in sorted(INVENTORY.rglob("*.yaml"))])
    return [
        Result(
            "load and check the whole federation", ours, "s", budget=0.5, peer="ruamel.yaml (pure), no checks", peer_value=peer
        )
    ]


def _timed(work: object) -> float:
    assert callable(work)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
