"""What an approver signs: one text that says what the change is, so that a signature fits nothing else."""

from __future__ import annotations

import json
import re

from luxops.changes.nouns import Proposal
from luxops.model import digest_of

NAMESPACE = "luxops-change"
"""Of the SSH signature: what is signed for another purpose never counts as an approval."""

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._:/+-]*")


def statement(proposal: Proposal) -> bytes:
    """The exact text, ASCII, with a newline at its end. Any other change, plan, requester or expiry gives another one."""
    lines = [
        "I approve this change.",
        "",
        f"change: {_word(proposal.id)}",
        f"domain: {_word(proposal.domain)}",
        f"title: {json.dumps(proposal.title)}",
        f"digest: {_word(proposal.digest)}",
        f"content: {digest_of(dict(proposal.body))}",
        f"requested by: {_word(proposal.requested_by)}",
        f"planned: {proposal.proposed.isoformat()}",
        f"expires: {proposal.expires.isoformat()}",
        f"emergency: {'YES' if proposal.emergency else 'no'}",
    ]
    if proposal.override is None:
        lines.append("overridden: nothing")
    else:
        lines.append(f"overridden: {json.dumps(proposal.override.reason)}")
        lines += [f"  {json.dumps(refusal)}" for refusal in proposal.override.refusals]
    lines.append(f"subjects: {len(proposal.subjects)}")
    lines += [f"  {_word(subject)}" for subject in proposal.subjects]
    return ("\n".join(lines) + "\n").encode("ascii")


def _word(text: str) -> str:
    """As it is where nothing in it could be taken for another line; else quoted."""
    return text if _WORD.fullmatch(text) else json.dumps(text)
