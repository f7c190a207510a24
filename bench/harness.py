"""What every benchmark reports: a figure, a peer measured in the same run, the budget, and whether it was met."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Direction = Literal["at least", "at most"]


@dataclass(frozen=True)
class Result:
    """One line of `make bench`."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    """None: a figure for information."""
    direction: Direction = "at most"
    """Whether the budget is a floor or a ceiling."""
    peer: str = ""
    """What was measured beside it, in the same run and the same unit."""
    peer_value: float | None = None
    budget_on_ratio: bool = False
    """The budget speaks of `ratio`, not of `value`."""

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer: above 1 is better, whichever direction is good."""
        if not self.peer_value or not self.value:
            return None
        return self.value / self.peer_value if self.direction == "at least" else self.peer_value / self.value

    @property
    def met(self) -> bool | None:
        """None where there is no budget."""
        if self.budget is None:
            return None
        if self.budget_on_ratio:
            return self.ratio is not None and self.ratio >= self.budget
        return self.value >= self.budget if self.direction == "at least" else self.value <= self.budget

    def as_json(self) -> dict[str, Any]:
        """The shape of `bench/results/latest.json`."""
        kept = {k: v for k, v in asdict(self).items() if k in {"name", "value", "unit", "budget", "peer", "peer_value"}}
        return {**kept, "ratio": self.ratio, "met": self.met}
