"""A planned change of routers: what is sent, in which order, and how it is undone."""

from __future__ import annotations

from typing import Literal

from luxops.model import Digest, Frozen, PathChange, TargetId


class Step(Frozen):
    """One thing sent to a router as a whole.

    A secret stands in it by reference, `<secret:NAME>`, and is filled in only when it is sent.
    """

    title: str
    kind: Literal["configure", "file", "command"]
    """`configure`: lines of the platform's configuration mode, in this order. `file`: the whole new text of `path`. `command`:
    run as written."""
    lines: tuple[str, ...]
    path: str = ""


class DevicePlan(Frozen):
    """What becomes of one router."""

    device: TargetId
    platform: str
    observed: Digest
    """Of the configuration planned against: `digest_of(config.lines)`. Another one on the router means: plan again."""
    desired: Digest
    """Of the configuration that must be there afterwards, likewise."""
    diff: tuple[PathChange, ...]
    """As drift tells it: by path."""
    steps: tuple[Step, ...]
    rollback: tuple[Step, ...]
    before: tuple[str, ...]
    """The masked configuration planned against, line by line, so that the rollback can be checked against it."""
    after: tuple[str, ...]


class NetworkPlan(Frozen):
    """The same state and the same inventory give the same digest; nothing in it depends on time."""

    devices: tuple[DevicePlan, ...]
    """In the order in which they are pushed: a canary first, of a redundant pair one after the other."""
    unknown: tuple[str, ...]
    """Routers that could not be observed, with the reason: nothing is planned for them."""
    digest: Digest
