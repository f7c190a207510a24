"""The fact `backup`: every state, and the same evidence while only time passes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.network.test_backups import EDGE, good

from luxops.domains.network.backups import BackupRepository, Reason
from luxops.domains.network.backups.fact import Backup, backup_facts
from luxops.domains.network.domain import targets_of
from luxops.federation import Federation
from luxops.model import TargetId, Unreadable

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
LIMIT = 26 * 3600.0


@pytest.fixture
def folder(tmp_path: Path, federation: Federation) -> Path:
    """A repository that holds one router's backup, made at NOW."""
    BackupRepository(tmp_path / "kept").keep([good(federation)], Reason(what="test"), NOW)
    return tmp_path / "kept"


def facts(federation: Federation, folder: Path | None, hours: float = 0) -> Mapping[TargetId, Backup]:
    return backup_facts(folder, LIMIT, targets_of(federation), NOW + timedelta(hours=hours))


def test_states(federation: Federation, folder: Path, tmp_path: Path) -> None:
    found = facts(federation, folder)
    assert found[EDGE].state == "good"
    assert {one.state for device, one in found.items() if device != EDGE} == {"missing"}
    assert facts(federation, folder, 27)[EDGE].state == "old"
    assert {one.state for one in facts(federation, tmp_path / "deleted").values()} == {"missing"}
    assert {one.state for one in facts(federation, None).values()} == {"unset"}


def test_evidence_is_the_same_while_only_time_passes(federation: Federation, folder: Path) -> None:
    assert facts(federation, folder, 25) == facts(federation, folder)
    BackupRepository(folder).keep([good(federation)], Reason(what="again"), NOW + timedelta(hours=1))
    assert facts(federation, folder, 2) == facts(federation, folder, 26)


@pytest.mark.parametrize("damage", ["open", "ledger"])
def test_a_repository_that_cannot_be_trusted_tells_of_no_router(federation: Federation, folder: Path, damage: str) -> None:
    if damage == "open":
        folder.chmod(0o755)
    else:
        (folder / "luxops-ledger.json").write_text("{")
    assert all(isinstance(one.state, Unreadable) for one in facts(federation, folder).values())
