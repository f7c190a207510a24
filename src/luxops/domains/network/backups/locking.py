"""One writer at a time: a lock beside the folder, which its holder's death gives back."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from luxops.domains.network.backups.errors import BackupError
from luxops.domains.network.backups.git import broken

PATIENCE = 60.0
"""Seconds to wait for another run: one commit takes less than one."""


@contextmanager
def locked(folder: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Raises BackupError where another process has it for longer than `patience`."""
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder.with_name(f"{folder.name}.lock").open("a", encoding="ascii")
    except OSError as error:
        raise broken(folder, f"its folder cannot be written: {error.strerror}") from error
    with file:
        _take(file.fileno(), folder, patience)
        yield


def _take(number: int, folder: Path, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise BackupError(
                    f"Another luxops writes to the backups in {folder}",
                    why=f"it has not ended within {patience:g} s",
                    remedy="Wait for it, or find it: fuser the `.lock` file beside the folder.",
                ) from None
            time.sleep(0.05)
        else:
            return
