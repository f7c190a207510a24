"""The declared graph, kept by what it was made from: programs run again only where inventory or programs have changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from luxops.domains.cloud.marks import mark_of, unmarked
from luxops.domains.cloud.nouns import Declared, Graph, Lookup, Ref
from luxops.federation import Federation

KEPT = 8
"""Graphs; the oldest goes first."""


def declared_graph(federation: Federation, stacks: Path, cache: Path) -> Graph:
    """What the programs in `stacks` declare: from `cache` where that is known already. Raises CaptureError."""
    path = cache.expanduser() / f"graph-{_key(federation, stacks)}.json"
    kept = _read(path)
    if kept is not None:
        return kept
    from luxops.domains.cloud.capture import capture  # noqa: PLC0415 - imports the Pulumi SDK, which a cached graph needs not

    graph = capture(federation, stacks)
    _write(path, graph)
    return graph


def _key(federation: Federation, stacks: Path) -> str:
    """Digest over everything that has a say in the graph."""
    known = hashlib.sha256(federation.digest.encode())
    for package in ("pulumi", "pulumi-openstack"):
        known.update(f"{package}={version(package)}\n".encode())
    for path in _sources(stacks):
        known.update(path.read_bytes())
    return known.hexdigest()[:32]


def _sources(stacks: Path) -> Iterator[Path]:
    package = Path(__file__).resolve().parents[2]
    for folder in (package / "domains" / "cloud", package / "federation", stacks):
        yield from sorted(folder.rglob("*.py"))


def _read(path: Path) -> Graph | None:
    """None where there is none, or one that was not written to its end, or that is no graph."""
    try:
        plain = json.loads(path.read_text())
        resources = [Declared.model_validate(unmarked(resource)) for resource in plain["resources"]]
        return Graph(resources={r.urn: r for r in resources}, stacks=tuple(plain["stacks"]), digest=plain["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, graph: Graph) -> None:
    """Keeping it is a convenience: a cache that cannot be written costs time and nothing else."""
    plain = {"stacks": graph.stacks, "digest": graph.digest, "resources": [_marked(dict(r)) for r in graph.resources.values()]}
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished.write_text(json.dumps(plain))
        unfinished.rename(path)
        known = sorted(path.parent.glob("graph-*.json"), key=lambda p: p.stat().st_mtime, reverse=True)
        for old in known[KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        with suppress(OSError):
            unfinished.unlink()


def _marked(value: Any) -> Any:  # noqa: ANN401 - any declared value
    if isinstance(value, Ref | Lookup):
        return mark_of(value)
    if isinstance(value, dict):
        return {key: _marked(inner) for key, inner in value.items()}
    return [_marked(inner) for inner in value] if isinstance(value, list | tuple) else value
