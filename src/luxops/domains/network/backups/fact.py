"""The fact `backup`: how a router's backup stands, asked of the repository and never of the router."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

from luxops.domains.network.backups.checking import standings
from luxops.domains.network.backups.errors import BackupError
from luxops.domains.network.backups.repository import BackupRepository
from luxops.model import Digest, FactName, FactValue, Target, TargetId, Unreadable

BACKUP = FactName("backup")


class Backup(FactValue):
    """No age in it: as long as nothing but time passes, the evidence is the same until the limit is crossed."""

    state: Literal["unset", "good", "missing", "old", "bad"] | Unreadable
    """`unset`: no place for backups is set; the others are those of a `Standing`."""
    verified_on: date | None = None
    """The day, in UTC, on which the router was last seen to run what is kept."""
    limit: float | None = None
    """Seconds."""
    digest: Digest | None = None
    """Of the configuration that is kept."""


def backup_facts(folder: Path | None, limit: float, targets: Sequence[Target], now: datetime) -> Mapping[TargetId, Backup]:
    """One a target. A repository that cannot be trusted tells of none of them."""
    if folder is None:
        return {target.id: Backup(state="unset") for target in targets}
    repository = BackupRepository(folder)
    try:
        kept = repository.newest(target.id for target in targets)
        verified = repository.verified_at(kept)
    except (BackupError, OSError) as error:
        why = error.why if isinstance(error, BackupError) else error.strerror
        unreadable = Backup(state=Unreadable(reason=f"the backups cannot be used: {why}"), limit=limit)
        return {target.id: unreadable for target in targets}
    return {
        one.device: Backup(
            state=one.state, limit=limit, digest=one.digest, verified_on=one.verified.date() if one.verified else None
        )
        for one in standings(targets, kept, verified, timedelta(seconds=limit), now)
    }
