"""What the store knows of a selection, and how much of it still counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from luxops.model import Coverage, Failure, FailureReason, utc_now
from luxops.model.scan import UnknownTarget

if TYPE_CHECKING:
    from luxops.cli.session import Session
    from luxops.model import Selection


def recorded_coverage(session: Session, selection: Selection) -> Coverage:
    """Coverage of earlier looks. A target never looked at, or longer ago than the limit, is unknown: its verdicts are stale."""
    now, watch = utc_now(), session.settings.watch
    limit = watch.interval * watch.stale_after
    chosen = selection.checked(session.targets())
    looks = {look.target.id: look.looked_at for look in session.store.summary().looks}
    failures = session.store.failures()
    unknown = []
    for target in chosen:
        seen = looks.get(target.id)
        if seen is None:
            failure = Failure(reason=FailureReason.STALE, detail="never looked at", retryable=True)
        elif (age := (now - seen).total_seconds()) > limit:
            detail = f"last looked at {age / 60:.0f} min ago; what is older than {limit / 60:.0f} min does not count"
            failure = Failure(reason=FailureReason.STALE, detail=detail, retryable=True)
        elif target.id in failures:
            failure = failures[target.id]
        else:
            continue
        unknown.append(UnknownTarget(target=target.id, failure=failure))
    return Coverage(targets=len(chosen), observed=len(chosen) - len(unknown), unknown=tuple(unknown))
