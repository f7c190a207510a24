"""What a gate is: one condition that must hold before a change begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from luxops.changes.nouns import Proposal, Refusal
from luxops.federation import Federation
from luxops.model import Approval


@dataclass(frozen=True)
class GateContext:
    """What gates may look at beside the change itself."""

    federation: Federation
    """As declared now: who has lost a role or a key since has lost the say."""
    approvals: tuple[Approval, ...]
    """All that were recorded for the change."""
    now: datetime


class Gate(Protocol):
    """One condition. It looks and judges; it changes nothing."""

    @property
    def name(self) -> str:
        """As in `GATES`."""
        ...

    def check(self, proposal: Proposal, context: GateContext) -> Refusal | None:
        """None: it is open. What could not be found out is a refusal that says so."""
        ...
