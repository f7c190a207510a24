"""A change that waits: what is proposed, by whom, and why something may stop it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from luxops.errors import LuxopsError
from luxops.model import ChangeId, Digest, Frozen, Override, TargetId

EMERGENCY_APPROVALS = 2
APPROVALS = 1


class Proposal(Frozen):
    """A planned change, as its approvers see it. Nothing in it changes after it is made."""

    id: ChangeId
    domain: str
    title: str
    digest: Digest
    """The domain's own, over its plan: the same state and the same inventory give the same."""
    body: Mapping[str, Any]
    """The plan itself as JSON, in the domain's shape; secrets stand in it by reference."""
    subjects: tuple[TargetId, ...]
    """What it touches, in the order in which it does."""
    requested_by: str
    """Person's id in the inventory."""
    account: str
    """Who ran luxops, and where: `user@machine`."""
    proposed: datetime
    expires: datetime
    """From then on it can neither be approved nor begun. Every approval signs this time too."""
    emergency: bool = False
    override: Override | None = None

    @property
    def approvals_needed(self) -> int:
        return EMERGENCY_APPROVALS if self.emergency else APPROVALS


class Refusal(Frozen):
    """Why a gate stays shut: what, why, and what to do."""

    gate: str
    what: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.gate}: {self.what} ({self.why})"


class Reason(StrEnum):
    """Why a signature is no approval."""

    BROKEN = "signature-broken"
    UNKNOWN_KEY = "key-unknown"
    SHARED_KEY = "key-shared"
    OTHER_PERSON = "other-person"
    """The key is not of whom the caller named."""
    OTHER_CHANGE = "other-change"
    """It signs another change, or another digest."""
    REQUESTER = "requester"
    ROLE = "role"
    EXPIRED = "expired"
    TWICE = "twice"
    OVER = "over"
    """The change is being carried out or is over."""


class ApprovalRefusedError(LuxopsError):
    """The signature is no approval of this change. Nothing was recorded."""

    def __init__(self, reason: Reason, what: str, *, why: str, remedy: str) -> None:
        super().__init__(what, why=why, remedy=remedy)
        self.reason = reason


class GatesShutError(LuxopsError):
    """The change may not be begun now."""

    def __init__(self, proposal: Proposal, refusals: tuple[Refusal, ...]) -> None:
        super().__init__(
            f"Change {proposal.id} may not be begun: "
            + ("1 gate is shut" if len(refusals) == 1 else f"{len(refusals)} gates are shut"),
            why="\n".join(f"{r.gate}: {r.what}; {r.why}" for r in refusals),
            remedy="\n".join(dict.fromkeys(r.remedy for r in refusals)),
        )
        self.refusals = refusals
