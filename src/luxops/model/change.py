"""A change that luxops makes somewhere: who asked, who agreed, what came of it, and what was overridden for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from luxops.model.base import Digest, Frozen

ChangeId = NewType("ChangeId", str)


class ChangeState(StrEnum):
    """Where a change stands. Only `done` means that all of it is in force."""

    PLANNED = "planned"
    """It waits for approval."""
    APPROVED = "approved"
    """It has the approvals that it needs and waits to be carried out. Whether they still count is judged again then."""
    EXPIRED = "expired"
    """It was not carried out in time: plan again."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Some of it could not be done; the effects say what was."""
    ROLLED_BACK = "rolled-back"
    """It failed, and what had been done was undone: everything is as it was before."""
    INTERRUPTED = "interrupted"
    """The process that made it ended halfway. What it had done, it wrote down; the last step may have had its effect too."""


class PathChange(Frozen):
    """One property that differs."""

    path: str
    desired: Any = None
    actual: Any = None


class Override(Frozen):
    """Leave to go on against a refusal, with the reason: it stands in the journal for good."""

    reason: str
    refusals: tuple[str, ...]
    """What would have stopped the change: policy and target of each."""


class Approval(Frozen):
    """One person's signature under one change."""

    person: str
    """Id in the inventory."""
    roles: tuple[str, ...]
    """The person's roles when it was given."""
    key: str
    """`SHA256:…`, as ssh-keygen shows a key's fingerprint."""
    approved: datetime
    """When luxops took it in; a signature itself tells no time."""
    signature: str
    """Armoured SSH signature over the change's statement: whoever has the statement and the people's keys can check it."""


class ChangeIntent(Frozen):
    """What was about to be done to one object. Written before it is touched."""

    subject: str
    action: str
    token: int | None = None
    """Fencing token under which it was to be done."""
    at: datetime
    open: bool
    """No outcome was written down: whether it had its effect only the object itself can tell."""


class ChangeEffect(Frozen):
    """What was done to one object."""

    subject: str
    """What it was done to, as the domain names it."""
    action: str
    """The domain's word: `create`, `delete`, …"""
    outcome: str
    """`done`, `failed` or `skipped`."""
    detail: str = ""
    at: datetime | None = None
    """When it was written down. None: by a luxops that did not keep it."""


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
    person: str = ""
    """Who says to have asked for it: a person's id in the inventory. Empty: nobody was named."""
    emergency: bool = False
    """Made outside the usual windows, with two approvals."""
    proposed: datetime | None = None
    """When it was planned; None for one that needs no approval and was begun at once."""
    began: datetime | None = None
    ended: datetime | None = None
    state: ChangeState
    override: Override | None = None
    approvals: tuple[Approval, ...] = ()
    intents: tuple[ChangeIntent, ...] = ()
    effects: tuple[ChangeEffect, ...] = ()
