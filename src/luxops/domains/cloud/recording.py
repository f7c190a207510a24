"""Sweeps kept to be looked at again: a look at a cloud is one file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from luxops.domains.cloud.kinds import KINDS
from luxops.domains.cloud.sweep import Hole, Sweep, sweep
from luxops.model import Failure, FailureReason
from luxops.transports.openstack import CloudError, CloudSession

if TYPE_CHECKING:
    from luxops.settings import CloudSettings

NAME: Final = "cloud.sweep.json.gz"
Look = Callable[[], Sweep]
"""One look at a cloud. Raises CloudError where nobody can log in."""


def live(settings: CloudSettings) -> Look:
    """Looks at the cloud itself."""
    return lambda: sweep(CloudSession(settings), KINDS)


def recording(look: Look, folder: Path) -> Look:
    """Looks, and keeps what it saw in `folder`."""

    def kept() -> Sweep:
        seen = look()
        folder.mkdir(parents=True, exist_ok=True)
        with gzip.GzipFile(folder / NAME, "wb", mtime=0) as file:
            file.write(json.dumps(_plain(seen), sort_keys=True).encode())
        return seen

    return kept


def replaying(folder: Path) -> Look:
    """What was kept in `folder`."""

    def again() -> Sweep:
        try:
            with gzip.open(folder / NAME, "rt", encoding="utf-8") as file:
                plain = json.load(file)
        except FileNotFoundError:
            failure = Failure(reason=FailureReason.UNSUPPORTED, detail=f"no look at a cloud is recorded in {folder}")
            raise CloudError("replay a cloud", failure) from None
        holes = {Hole(*hole): Failure.model_validate(failure) for hole, failure in plain["holes"]}
        return Sweep(datetime.fromisoformat(plain["taken_at"]), plain["seen"], holes, plain["identity"])

    return again


def _plain(seen: Sweep) -> object:
    holes = [[list(hole), failure.model_dump(mode="json")] for hole, failure in seen.holes.items()]
    return {"taken_at": seen.taken_at.isoformat(), "seen": seen.seen, "holes": holes, "identity": dict(seen.identity)}
