"""Small planned changes."""

from __future__ import annotations

from typing import Any

from luxops.changes import ChangeBook, Gate, GateContext, Proposal, Refusal
from luxops.model import Digest, TargetId, digest_of

EDGES = (TargetId("chl-edge1"), TargetId("chl-edge2"))


def plan(*lines: str) -> dict[str, Any]:
    """The shape of a network plan, with what it sends to one router."""
    step = {"title": "prefix lists", "kind": "configure", "lines": list(lines), "path": ""}
    diff = [{"path": "prefix-list X", "desired": line, "actual": None} for line in lines]
    return {"devices": [{"device": "chl-edge1", "platform": "frr", "diff": diff, "steps": [step], "rollback": []}]}


def digest(body: dict[str, Any]) -> Digest:
    return digest_of(body["devices"])


def propose(book: ChangeBook, *lines: str, by: str = "network-admin-1", **more: Any) -> Proposal:  # noqa: ANN401 - handed on
    body = plan(*(lines or ("ip prefix-list X permit 10.16.0.0/16",)))
    return book.propose("network", "network plan chl-edge1", digest(body), body, EDGES, by, **more)


class OpenGate:
    """A domain's gate that finds nothing wrong."""

    def __init__(self, name: str) -> None:
        self.name = name

    def check(self, proposal: Proposal, context: GateContext) -> Refusal | None:
        del proposal, context
        return None


HANDED_IN: tuple[Gate, ...] = (OpenGate("policies"), OpenGate("paths"))
