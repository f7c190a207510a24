"""What must hold before a change begins: an explicit list, in the order in which it is told.

Approval and window are the same for every domain and live here. What a domain knows better it hands in, by name; a gate of this
list that nobody hands in stays shut: what was not looked at is not good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from luxops.changes.gates.approval import ApprovalGate
from luxops.changes.gates.interface import Gate, GateContext
from luxops.changes.gates.window import WindowGate
from luxops.changes.nouns import Proposal, Refusal
from luxops.errors import LuxopsError

OWN: tuple[Gate, ...] = (ApprovalGate(), WindowGate())
"""Those of this room."""

GATES: Mapping[str, tuple[str, ...]] = {
    "network": ("approval", "window", "policies", "paths"),
}
"""Domain → the names of all its gates. A proof that a later part brings is one more name here, and one more gate handed in."""


def refusals(proposal: Proposal, context: GateContext, handed_in: Sequence[Gate]) -> tuple[Refusal, ...]:
    """Why the change may not begin now; empty: it may. `handed_in`: the domain's own gates.

    One that cannot be asked is shut, with its reason; none is skipped because another is shut.
    """
    names = GATES.get(proposal.domain)
    if names is None:
        why = f"no gates are declared for the domain {proposal.domain}"
        return (Refusal(gate="gates", what="nobody knows what must hold", why=why, remedy="Its changes cannot be begun."),)
    # The room's own come last: nothing that is handed in stands in for them.
    by_name = {gate.name: gate for gate in (*handed_in, *OWN)}
    found = []
    for name in names:
        refusal = _asked(by_name[name], proposal, context) if name in by_name else _missing(name)
        if refusal is not None:
            found.append(refusal)
    return tuple(found)


def _asked(gate: Gate, proposal: Proposal, context: GateContext) -> Refusal | None:
    try:
        return gate.check(proposal, context)
    except LuxopsError as error:
        return Refusal(gate=gate.name, what=f"it could not be found out: {error.what}", why=error.why, remedy=error.remedy)


def _missing(name: str) -> Refusal:
    return Refusal(
        gate=name, what="nobody has looked", why=f"the gate `{name}` was not handed in", remedy="This is a defect; report it."
    )


__all__ = ["GATES", "OWN", "ApprovalGate", "Gate", "GateContext", "WindowGate", "refusals"]
