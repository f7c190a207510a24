"""What git does not say: when each backup was last seen to be what its device runs, and which commit luxops wrote last."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import AwareDatetime, Field, ValidationError

from luxops.domains.network.backups.git import broken
from luxops.model import Digest, Frozen, TargetId

_FILE = "luxops-ledger.json"


class Checked(Frozen):
    """A device ran the configuration with this digest at that time."""

    digest: Digest
    at: AwareDatetime


class Ledger(Frozen):
    """A file inside the repository, outside of its history: an unchanged device makes no commit."""

    head: str = Field(default="", pattern=r"^([0-9a-f]{40,64})?$")
    devices: Mapping[TargetId, Checked] = Field(default_factory=dict)


def read_ledger(folder: Path) -> Ledger | None:
    """None where there is none. Raises BackupError where it cannot be read."""
    try:
        return Ledger.model_validate_json((folder / _FILE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not as luxops wrote it"
        raise broken(folder, f"{_FILE} in it cannot be read: {why}") from None


def write_ledger(folder: Path, ledger: Ledger) -> None:
    """Whole or not at all."""
    partial = folder / f".{_FILE}.{os.getpid()}"
    try:
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(ledger.model_dump(mode="json"), indent=1, sort_keys=True) + "\n", encoding="ascii")
        partial.replace(folder / _FILE)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise broken(folder, f"{_FILE} cannot be written: {error.strerror}") from error
