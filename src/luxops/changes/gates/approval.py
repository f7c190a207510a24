"""Enough people have agreed, and their agreement still counts."""

from __future__ import annotations

from luxops.changes.approving import approver_of, check_time
from luxops.changes.gates.interface import GateContext
from luxops.changes.nouns import ApprovalRefusedError, Proposal, Refusal
from luxops.changes.people import approvers_told
from luxops.changes.signatures import SignatureError


class ApprovalGate:
    """Every recorded signature is verified again, against the people, roles and keys that are declared now."""

    name = "approval"

    def check(self, proposal: Proposal, context: GateContext) -> Refusal | None:
        people = context.federation.file.people
        remedy = f"Have a {approvers_told(proposal.domain)} sign it: luxops network approve {proposal.id} --key FILE"
        if proposal.requested_by not in {person.id for person in people}:
            return Refusal(
                gate=self.name, what="who requested the change cannot be told from who approves it", remedy="Plan again.",
                why=f"the inventory knows no `{proposal.requested_by}`",
            )  # fmt: skip
        try:
            check_time(proposal, context.now)
        except ApprovalRefusedError as error:
            return Refusal(gate=self.name, what=error.what, why=error.why, remedy=error.remedy)
        agreed: set[str] = set()
        void = []
        for approval in context.approvals:
            try:
                person, _ = approver_of(proposal, approval.signature.encode(), people, context.now)
            except (ApprovalRefusedError, SignatureError) as error:
                void.append(f"that of {approval.person} does not count: {error.what}; {error.why}")
            else:
                agreed.add(person.id)
        needed = proposal.approvals_needed
        if len(agreed) >= needed:
            return None
        what = f"it needs {needed} approval{'s' if needed > 1 else ''} and has {len(agreed)}"
        why = "; ".join(void) or ("an emergency change takes two people" if proposal.emergency else "nobody has approved it")
        return Refusal(gate=self.name, what=what, why=why, remedy=remedy)
