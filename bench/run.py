"""Run every benchmark, print each figure beside its peer, and keep them in `bench/results/latest.json`.

`bench/run.py NAME…` runs some of them. A budget that was not met makes the exit status 1.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from bench.harness import Result  # noqa: E402 - found through the line above

BENCHES = (
    *("startup", "federation", "checks", "storage", "fleet", "routers", "planning"),
    *("events", "facts", "whole_scan", "cloud"),
)
"""Modules beside this one, each with `run() -> list[Result]`."""
NEEDS_LAB = {"facts", "whole_scan"}


def main(names: list[str]) -> int:
    unknown = set(names) - set(BENCHES)
    if unknown:
        print(f"No benchmark named {', '.join(sorted(unknown))}; there are: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    results: list[Result] = []
    print(f"{'what':58} {'figure':>16}  {'peer':>44} {'ratio':>7}  {'budget':>12}  met")
    for name in names or BENCHES:
        if name in NEEDS_LAB and os.geteuid() != 0:
            print(f"{name}: LEFT OUT, it needs the lab (root on Debian 12)")
            continue
        for result in importlib.import_module(f"bench.{name}").run():
            results.append(result)
            print(_line(result), flush=True)
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    (folder / "latest.json").write_text(json.dumps([r.as_json() for r in results], indent=2) + "\n")
    return 1 if any(r.met is False for r in results) else 0


def _line(r: Result) -> str:
    figure = f"{r.value:,.4g} {r.unit}" if r.value < 1000 else f"{r.value:,.0f} {r.unit}"  # noqa: PLR2004 - digits to show
    peer = f"{r.peer}: {r.peer_value:,.4g}" if r.peer_value is not None else r.peer
    ratio = f"{r.ratio:.1f} x" if r.ratio else ""
    sign = "≥" if r.direction == "at least" or r.budget_on_ratio else "≤"
    budget = "" if r.budget is None else f"{sign} {r.budget:,g}{' x' if r.budget_on_ratio else ''}"
    met = {True: "yes", False: "NO", None: ""}[r.met]
    return f"{r.name:58} {figure:>16}  {peer:>44} {ratio:>7}  {budget:>12}  {met}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
