"""A running configuration as it was fetched: what the router wrote, and what that says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from luxops.domains.network.config import RouterConfig
from luxops.model import Failure, Frozen, Target


class Fetched(Frozen):
    """Of one router. Passwords stand in `transcripts`: they go no further than the parser."""

    target: Target
    transcripts: Mapping[str, str]
    """Command → what the session wrote. Where `outcome` is a failure, perhaps not all of it."""
    outcome: RouterConfig | Failure
    taken_at: datetime

    def __repr__(self) -> str:
        return f"Fetched({self.target.id}, {self.taken_at})"
