"""Whether each router has a good backup that is not too old."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from luxops.domains.network.backups.document import Stored
from luxops.domains.network.transcripts import ParseError
from luxops.model import Digest, Frozen, Target, TargetId


class Standing(Frozen):
    """One router's newest backup, as it stands now."""

    device: TargetId
    state: Literal["good", "missing", "old", "bad"]
    """`bad`: what is kept does not render to what was observed. Only `good` is no finding."""
    verified: datetime | None = None
    """When the router was last seen to run exactly this; None: never backed up."""
    digest: Digest | None = None
    detail: str = ""


def standings(
    targets: Sequence[Target],
    backups: Mapping[TargetId, Stored],
    verified: Mapping[TargetId, datetime],
    limit: timedelta,
    now: datetime,
) -> list[Standing]:
    """One a target, in their order."""
    return [_standing(target.id, backups.get(target.id), verified.get(target.id), limit, now) for target in targets]


def _standing(device: TargetId, stored: Stored | None, at: datetime | None, limit: timedelta, now: datetime) -> Standing:
    if stored is None or at is None:
        return Standing(device=device, state="missing", detail="it was never backed up")
    state: Literal["good", "old", "bad"] = "good"
    detail = ""
    try:
        stored.check()
    except ParseError as error:
        state, detail = "bad", error.detail
    else:
        if at > now + timedelta(minutes=5):
            state, detail = "old", "its time lies in the future: a clock is wrong, so that its age is not known"
        elif now - at > limit:
            state, detail = "old", f"it is {_hours(now - at)} old; {_hours(limit)} is the limit"
    return Standing(device=device, state=state, verified=at, digest=stored.digest, detail=detail)


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.1f} h"
