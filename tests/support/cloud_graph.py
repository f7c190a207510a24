"""The small federation and what its programs declare, captured once a test process; and parts of a graph by short names."""

from __future__ import annotations

import functools

from tests.support.drafts import COMPLETE, SMALL

from luxops.domains.cloud.capture import capture
from luxops.domains.cloud.kinds import BY_NAME
from luxops.domains.cloud.nouns import Declared, Graph, Urn
from luxops.federation import Federation, load_federation

STACKS = COMPLETE.parent / "stacks"


@functools.cache
def small() -> Federation:
    return load_federation(SMALL)


@functools.cache
def small_graph() -> Graph:
    return capture(small(), STACKS, 1)


def urn_of(kind: str, name: str, graph: Graph | None = None) -> Urn:
    """The one resource of a kind that has this name in its program."""
    known = graph or small_graph()
    (found,) = (r.urn for r in known.resources.values() if r.type == BY_NAME[kind].type and r.name == name)
    return found


def of_kind(kind: str, graph: Graph | None = None) -> list[Declared]:
    return [r for r in (graph or small_graph()).resources.values() if r.type == BY_NAME[kind].type]
