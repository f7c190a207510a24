"""From a line typed at a router to its report and its backup: real sessions, real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.routers import ROUTE, Watching, send, site, typed_message, watching

from luxops.domains.network.backups import BackupRepository
from luxops.model import TargetId

pytestmark = pytest.mark.slow

EDGE, OTHER = "chl-edge1", "dc1-core1"
SUDO = f"<85>Nov 25 09:31:02 {EDGE} sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/vtysh"


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Watching]:
    with site(tmp_path, EDGE, OTHER) as made, watching(made) as found:
        yield found


def test_a_change_by_hand_is_reported_with_who_made_it_and_backed_up(at_work: Watching) -> None:
    at_work.until("watch.backup", new=2)
    assert at_work.until("watch.scanned")["observed"] == 2, at_work.logged
    mark = len(at_work.logged)
    at_work.site.routers[EDGE].typed()
    send(at_work.ports[0], SUDO, typed_message(EDGE))
    drift = at_work.until("watch.drift", after=mark, target=EDGE)
    assert drift["by"] == "alice"
    assert "10.99.0.0/16" in drift["path"] + str(drift.get("actual"))
    at_work.until("watch.backup", after=mark, changed=[EDGE])
    folder = at_work.site.settings.network.backups
    assert folder is not None
    repository = BackupRepository(folder)
    newest, first = repository.history(TargetId(EDGE))
    assert "alice" in newest.title
    assert ROUTE in repository.at(TargetId(EDGE)).text()
    assert ROUTE not in repository.at(TargetId(EDGE), first.commit).text()
    assert "hunter2" not in repository.at(TargetId(EDGE)).text()
    assert [line["target"] for line in at_work.logged[mark:] if line["event"] == "watch.event"] == [EDGE]


def test_what_is_undone_is_closed_at_the_next_event(at_work: Watching) -> None:
    router = at_work.site.routers[EDGE]
    router.typed()
    send(at_work.ports[0], typed_message(EDGE))
    at_work.until("watch.drift", target=EDGE)
    mark = len(at_work.logged)
    router.undone()
    send(at_work.ports[0], typed_message(EDGE))
    at_work.until("watch.drift-ended", after=mark, target=EDGE)


def test_a_configuration_that_ends_early_is_no_backup_and_no_report(at_work: Watching) -> None:
    router = at_work.site.routers[EDGE]
    folder = at_work.site.settings.network.backups
    assert folder is not None
    repository = BackupRepository(folder)
    at_work.until("watch.backup", new=2)
    before = repository.at(TargetId(EDGE))
    mark = len(at_work.logged)
    whole = dict(router.device.answers)
    router.device.answers = {command: answer[: len(answer) // 2] for command, answer in whole.items()}
    send(at_work.ports[0], typed_message(EDGE))
    unobserved = at_work.until("watch.unobserved", after=mark, target=EDGE)
    assert "does not end with a prompt" in unobserved["reason"]
    assert repository.at(TargetId(EDGE)) == before
    assert not [line for line in at_work.logged[mark:] if line["event"] in {"watch.drift", "watch.backup"}]
