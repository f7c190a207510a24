"""It is time: a change window is open, and no hospital must be left alone just now."""

from __future__ import annotations

from datetime import datetime

from luxops.changes import windows
from luxops.changes.gates.interface import GateContext
from luxops.changes.nouns import Proposal, Refusal


class WindowGate:
    """Opens with the windows of the change's domain, or of emergencies."""

    name = "window"

    def check(self, proposal: Proposal, context: GateContext) -> Refusal | None:
        calendar = windows.calendar(context.federation, proposal.domain, proposal.subjects, emergency=proposal.emergency)
        if calendar.is_open(context.now):
            return None
        wanted = windows.EMERGENCY if proposal.emergency else proposal.domain
        if not calendar.opens:
            return Refusal(
                gate=self.name, what="the change window is closed", why=f"no window called `{wanted}` is declared",
                remedy="Declare it under `change_windows` in federation.yaml.",
            )  # fmt: skip
        careful = calendar.closed_by(context.now)
        why = "it is a care window of " + ", ".join(careful) if careful else f"{wanted} changes: {', '.join(calendar.opens)}"
        opens = calendar.opens_next(context.now)
        if opens is None:
            remedy = "It does not open within fifteen days: care windows cover it. Correct the windows in the inventory."
        else:
            remedy = f"It opens next at {told(opens)}."
            if opens >= proposal.expires:
                remedy += f" The change expires before, at {told(proposal.expires)}: plan again for then."
            if not proposal.emergency:
                remedy += " What cannot wait is planned as an emergency, with two approvals."
        return Refusal(gate=self.name, what=f"the change window is closed at {told(context.now)}", why=why, remedy=remedy)


def told(at: datetime) -> str:
    """Local time of Luxembourg, as windows are declared, with the offset: in autumn one hour comes twice."""
    return f"{windows.local(at):%a %Y-%m-%d %H:%M (UTC%z)}"
