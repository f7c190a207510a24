"""A change that luxops makes somewhere: who asked, what came of it, and what was overridden for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NewType

from luxops.model.base import Digest, Frozen

ChangeId = NewType("ChangeId", str)


class ChangeState(StrEnum):
    """Where a change stands. Only `done` means that all of it is in force."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Some of it could not be done; the effects say what was."""
    INTERRUPTED = "interrupted"
    """The process that made it ended halfway. What it had done, it wrote down; the last step may have had its effect too."""


class Override(Frozen):
    """Leave to go on against a refusal, with the reason: it stands in the journal for good."""

    reason: str
    refusals: tuple[str, ...]
    """What would have stopped the change: policy and target of each."""


class ChangeEffect(Frozen):
    """What was done to one object."""

    subject: str
    """What it was done to, as the domain names it."""
    action: str
    """The domain's word: `create`, `delete`, …"""
    outcome: str
    """`done`, `failed` or `skipped`."""
    detail: str = ""


class Change(Frozen):
    """One change, from its plan to its effects."""

    id: ChangeId
    domain: str
    title: str
    """What was asked for, in the words of the command."""
    plan: Digest
    """Of everything that was to be done."""
    requested_by: str
    """The account, and where: `user@machine`."""
    began: datetime
    ended: datetime | None = None
    state: ChangeState
    override: Override | None = None
    effects: tuple[ChangeEffect, ...] = ()
