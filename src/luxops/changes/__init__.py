"""A change's life in every domain: plan digest, approvals, window, journal, and one at a time on a device."""

from luxops.changes.book import ChangeBook
from luxops.changes.gates import GATES, Gate, GateContext, refusals
from luxops.changes.nouns import ApprovalRefusedError, GatesShutError, Proposal, Reason, Refusal
from luxops.changes.people import requester
from luxops.changes.signatures import SignatureError, sign
from luxops.changes.windows import Calendar, calendar
from luxops.changes.wording import NAMESPACE, statement
from luxops.store import ChangeRecord, ChangeTakenError, Fence, FenceHeldError, FenceLostError, HeldFence

__all__ = [
    "GATES", "NAMESPACE", "ApprovalRefusedError", "Calendar", "ChangeBook", "ChangeRecord", "ChangeTakenError", "Fence",
    "FenceHeldError", "FenceLostError", "Gate", "GateContext", "GatesShutError", "HeldFence", "Proposal", "Reason", "Refusal",
    "SignatureError", "calendar", "refusals", "requester", "sign", "statement",
]  # fmt: skip
