"""Backups: what counts as one, and how it is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.transcripts import output_of, recorded

from luxops.domains.network import PLATFORMS, NetworkDomain, design_router
from luxops.domains.network.backups import BackupError, BackupRepository, Reason, Stored, proved, standings
from luxops.domains.network.backups.document import read_document
from luxops.domains.network.backups.git import Git
from luxops.domains.network.config import SECRET
from luxops.domains.network.domain import targets_of
from luxops.domains.network.platforms.frr import commands
from luxops.domains.network.transcripts import ParseError
from luxops.errors import UsageError
from luxops.federation import Federation
from luxops.federation.schema import Platform
from luxops.model import Digest, Failure, FailureReason, Target, TargetId, digest_of
from luxops.progress import Progress, Silent
from luxops.transports.interface import DeviceReply, DeviceRequest

EDGE, CORE, CISCO = TargetId("chl-edge1"), TargetId("dc1-core1"), TargetId("hrs-edge2")
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
WHY = Reason(what="nightly", requested_by="luxops@bastion1")
ROUTE = "ip route 10.9.9.0/24 10.250.0.1\n"


class Canned:
    """Replies with the transcripts that it is given."""

    def __init__(self, transcripts: Mapping[str, Mapping[str, str]]) -> None:
        self.transcripts = transcripts
        self.asked: list[DeviceRequest] = []

    def ask(self, requests: Iterable[DeviceRequest], progress: Progress) -> Iterator[DeviceReply]:
        del progress
        for request in requests:
            self.asked.append(request)
            yield DeviceReply(target=request.target, transcripts=self.transcripts[request.target])


def cisco_answer(federation: Federation, *, announced: int | None = None, extra: str = "", mark: str = "") -> dict[str, str]:
    design = design_router(federation, CISCO)
    text = PLATFORMS[Platform.IOS_XE].render(design, {"bgp": "s3cret-bgp"})["running-config"]
    text = mark + text.replace("end\n", f"{extra}end\n")
    size = len(text.encode()) if announced is None else announced
    body = f"Building configuration...\n\nCurrent configuration : {size} bytes\n{text}"
    return {"show running-config": f"show running-config\n{body}{CISCO}#"}


def fetch(federation: Federation, transcripts: Mapping[str, Mapping[str, str]]) -> dict[str, Stored | Failure]:
    chosen = [t for t in targets_of(federation) if t.id in transcripts]
    return {f.target.id: proved(f) for f in NetworkDomain(Canned(transcripts)).fetch(chosen, Silent())}


def good(federation: Federation, device: TargetId = EDGE, *, routes: str = "") -> Stored:
    running = output_of(device, commands.RUNNING)
    changed = running.replace("!\ninterface", f"{routes}!\ninterface", 1)
    assert changed != running or not routes
    stored = fetch(federation, {device: recorded(device, {commands.RUNNING: changed})})[device]
    assert isinstance(stored, Stored), stored
    return stored


@pytest.fixture
def repository(tmp_path: Path) -> BackupRepository:
    return BackupRepository(tmp_path / "backups")


# What counts as a backup


def test_only_the_configuration_is_asked_for(federation: Federation) -> None:
    runner = Canned({EDGE: recorded(EDGE)})
    (fetched,) = NetworkDomain(runner).fetch([t for t in targets_of(federation) if t.id == EDGE], Silent())
    assert runner.asked[0].commands == (commands.RUNNING, commands.RULESET, commands.FILES, commands.SOCKETS)
    assert isinstance(proved(fetched), Stored)
    assert "password" not in repr(fetched)


@pytest.mark.parametrize("device", [EDGE, CORE])
def test_the_kept_text_reads_back_to_what_was_observed(federation: Federation, device: TargetId) -> None:
    stored = good(federation, device)
    again = read_document(stored.text().encode())
    assert again == stored
    assert digest_of(list(again.restored().lines)) == stored.digest
    assert "/etc/nftables.conf" in again.sections


def test_what_is_kept_of_frr_is_what_the_router_wrote_with_its_passwords_masked(federation: Federation) -> None:
    running = output_of(EDGE, commands.RUNNING)
    passwords = [line for line in running.split("\n") if " password " in line]
    assert passwords
    shown = fetch(
        federation, {EDGE: recorded(EDGE, {commands.RUNNING: running.replace(passwords[0], f"{passwords[0]}-hunter2")})}
    )
    stored = shown[EDGE]
    assert isinstance(stored, Stored)
    assert "hunter2" not in stored.text()
    kept = stored.sections["/etc/frr/frr.conf"].split("\n")
    assert [line for line in running.split("\n") if line and " password " not in line and line in kept] != []
    assert sum(SECRET in line for line in kept) == len(passwords)


def test_ios_xe_is_kept_without_its_secrets_and_without_its_times(federation: Federation) -> None:
    secrets = (
        "username netadmin privilege 15 secret 9 $9$aaaa\nsnmp-server community pub1ic RO\n"
        "snmp-server host 10.255.0.9 version 2c pub1ic\nsnmp-server user u g v3 auth sha aaaa1 priv aes 128 bbbb2\n"
        "crypto isakmp key cccc3 address 10.0.0.1\nntp authentication-key 1 md5 dddd4 7\nline aux 9\n password 7 eeee5\n"
    )
    first = fetch(federation, {CISCO: cisco_answer(federation, extra=secrets, mark="! Last configuration change at 01:00\n")})
    later = fetch(federation, {CISCO: cisco_answer(federation, extra=secrets, mark="! Last configuration change at 02:00\n")})
    stored = first[CISCO]
    assert isinstance(stored, Stored), stored
    assert stored == later[CISCO]
    for secret in ("s3cret-bgp", "$9$aaaa", "pub1ic", "aaaa1", "bbbb2", "cccc3", "dddd4", "eeee5"):
        assert secret not in stored.text()
        assert secret not in "\n".join(stored.restored().lines)
    assert digest_of(list(stored.restored().lines)) == stored.digest


def test_fewer_bytes_than_the_device_announced_are_no_backup(federation: Federation) -> None:
    shorter = fetch(federation, {CISCO: cisco_answer(federation, announced=100_000)})[CISCO]
    assert isinstance(shorter, Failure)
    assert "announced 100000 bytes" in shorter.detail


def test_a_configuration_that_ends_early_is_no_backup(federation: Federation) -> None:
    whole = recorded(EDGE)
    for command in (commands.RUNNING, commands.RULESET, commands.FILES):
        cut = whole[command][: len(whole[command]) // 2]
        outcome = fetch(federation, {EDGE: whole | {command: cut}})[EDGE]
        assert isinstance(outcome, Failure)
        assert outcome.reason is FailureReason.MALFORMED


def test_another_routers_configuration_is_no_backup(federation: Federation) -> None:
    outcome = fetch(federation, {EDGE: recorded(CORE)})[EDGE]
    assert isinstance(outcome, Failure)
    assert outcome.reason is FailureReason.WRONG_TARGET


def test_a_text_that_does_not_render_the_same_is_refused(federation: Federation) -> None:
    stored = good(federation)
    with pytest.raises(ParseError, match="does not render"):
        stored.model_copy(update={"digest": Digest("sha256:" + "0" * 64)}).check()


lines = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=30)
sections = st.dictionaries(
    st.sampled_from(["a", "/etc/b", "c"]), st.lists(lines, min_size=1, max_size=5).map("\n".join), max_size=3
)


@given(sections)
def test_any_text_survives_being_written_and_read(found: dict[str, str]) -> None:
    stored = Stored(device=EDGE, platform=Platform.FRR, digest=digest_of(1), sections=found)
    assert read_document(stored.text().encode()) == stored


@settings(max_examples=200)
@given(sections.filter(bool), st.data())
def test_no_change_of_one_byte_goes_unseen(found: dict[str, str], data: st.DataObject) -> None:
    text = Stored(device=EDGE, platform=Platform.FRR, digest=digest_of(1), sections=found).text().encode()
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != text[at]))
    for damaged in (text[:at] + bytes([other]) + text[at + 1 :], text[:at], text[:at] + text[at + 1 :], text + text[at:]):
        with pytest.raises(ParseError):
            read_document(damaged)


# How it is kept


def test_a_commit_is_made_only_where_something_differs(repository: BackupRepository, federation: Federation) -> None:
    first = repository.keep([good(federation), good(federation, CORE)], WHY, NOW)
    assert (set(first.new), first.changed, first.unchanged) == ({EDGE, CORE}, (), ())
    same = repository.keep([good(federation), good(federation, CORE)], WHY, NOW + timedelta(hours=1))
    assert (same.commit, set(same.unchanged)) == ("", {EDGE, CORE})
    other = repository.keep([good(federation, routes=ROUTE), good(federation, CORE)], WHY, NOW + timedelta(hours=2))
    assert (other.new, other.changed, other.unchanged) == ((), (EDGE,), (CORE,))
    assert [v.commit for v in repository.history(EDGE)] == [other.commit, first.commit]
    assert [v.commit for v in repository.history(CORE)] == [first.commit]
    assert repository.at(EDGE) == good(federation, routes=ROUTE)
    assert repository.at(EDGE, first.commit[:10]) == good(federation)
    assert repository.newest().keys() == {EDGE, CORE}


def test_the_message_names_the_change_and_the_devices_and_cannot_be_forged(
    repository: BackupRepository, federation: Federation
) -> None:
    reason = Reason(what="before\nChange: forged", change="20261125T030000Z-aa", requested_by="n@m")
    repository.keep([good(federation)], reason, NOW)
    message = Git(repository.folder).run("log", "-1", "--format=%B%an%ct").decode()
    assert message.splitlines()[0] == "20261125T030000Z-aa: back up 1 router, before Change: forged"
    assert "\nchl-edge1\n" in message
    assert "\nChange: 20261125T030000Z-aa\n" in message
    assert "\nChange: forged" not in message
    assert message.strip().endswith(f"luxops{int(NOW.timestamp())}")


def test_it_is_for_its_owner_alone(repository: BackupRepository, federation: Federation) -> None:
    repository.keep([good(federation)], WHY, NOW)
    assert repository.folder.stat().st_mode & 0o777 == 0o700
    repository.folder.chmod(0o755)
    with pytest.raises(BackupError, match="open to others"):
        repository.newest()


def test_no_hook_or_setting_of_the_user_or_the_repository_runs(
    repository: BackupRepository, federation: Federation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.keep([good(federation)], WHY, NOW)
    ran = tmp_path / "ran"
    hook = repository.folder / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f'[core]\n\thooksPath = {hook.parent}\n[alias]\n\tlog = "!touch {ran}"\n')
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert repository.keep([good(federation, routes=ROUTE)], WHY, NOW).commit
    assert len(repository.history(EDGE)) == 2
    assert not ran.exists()


def test_what_was_never_backed_up_is_said_so(repository: BackupRepository, federation: Federation) -> None:
    with pytest.raises(UsageError, match="There is no backup of `chl-edge1`"):
        repository.at(EDGE)
    repository.keep([good(federation)], WHY, NOW)
    with pytest.raises(UsageError, match="did you mean `chl-edge1`"):
        repository.at(TargetId("chl-edge"))
    with pytest.raises(UsageError, match="no commit"):
        repository.at(EDGE, "--output=/etc/passwd")
    with pytest.raises(UsageError, match="There is no commit deadbeef"):
        repository.at(EDGE, "deadbeef")


# Concurrent, killed, tampered with


def test_runs_at_once_all_count(repository: BackupRepository, federation: Federation) -> None:
    stored = [good(federation), good(federation, CORE), good(federation, routes=ROUTE)]
    threads = [
        threading.Thread(target=BackupRepository(repository.folder).keep, args=([backup], WHY, NOW)) for backup in stored * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    repository.verify()
    assert repository.newest().keys() == {EDGE, CORE}
    assert len(repository.history(CORE)) == 1


KILLED = """
import pickle, sys
from datetime import UTC, datetime
from pathlib import Path
from luxops.domains.network.backups import BackupRepository, Reason
from luxops.domains.network.backups.document import read_document
folder, *files = map(Path, sys.argv[1:])
texts = [read_document(file.read_bytes()) for file in files]
print("ready", flush=True)
while True:
    for text in texts:
        BackupRepository(folder).keep([text], Reason(what="killed"), datetime.now(UTC))
"""


@pytest.mark.slow
def test_a_killed_run_leaves_a_repository_that_the_next_one_uses(
    repository: BackupRepository, federation: Federation, tmp_path: Path
) -> None:
    files = []
    for number, stored in enumerate((good(federation), good(federation, routes=ROUTE))):
        files.append(tmp_path / f"{number}")
        files[-1].write_bytes(stored.text().encode())
    for delay in range(0, 200, 10):
        worker = subprocess.Popen(
            [sys.executable, "-c", KILLED, repository.folder, *files], stdout=subprocess.PIPE, start_new_session=True
        )
        assert worker.stdout is not None
        worker.stdout.readline()
        try:
            worker.wait(delay / 1000)
        except subprocess.TimeoutExpired:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        worker.stdout.close()
        repository.keep([good(federation, CORE)], WHY, NOW)
        assert repository.at(CORE) == good(federation, CORE)
        repository.verify()


def test_what_a_killed_git_locked_is_taken_back(repository: BackupRepository, federation: Federation) -> None:
    repository.folder.with_name(f".{repository.folder.name}.new").mkdir()
    repository.keep([good(federation)], WHY, NOW)
    (repository.folder / "refs/heads/main.lock").touch()
    assert repository.keep([good(federation, routes=ROUTE)], WHY, NOW).commit


def refused(repository: BackupRepository, backup: Stored, why: str) -> None:
    """Reading and writing say the same, and leave everything alone."""
    for use in (repository.newest, lambda: repository.keep([backup], WHY, NOW)):
        with pytest.raises(BackupError) as told:
            use()
        assert why in told.value.why
        assert str(repository.folder) in told.value.what


def rewritten(repository: BackupRepository, name: str, data: bytes, *, mode: str = "100644") -> None:
    """As someone who knows git would do it."""
    stream = (
        f"commit refs/heads/main\ncommitter x <x@x> 1 +0000\ndata 1\nx\nfrom refs/heads/main^0\nM {mode} inline {name}\n"
        f"data {len(data)}\n"
    ).encode()
    Git(repository.folder).run("fast-import", "--quiet", "--date-format=raw", stdin=stream + data + b"\n")


def test_a_backup_that_was_edited_is_refused(repository: BackupRepository, federation: Federation) -> None:
    repository.keep([good(federation)], WHY, NOW)
    rewritten(repository, "chl-edge1.cfg", good(federation).text().replace("permit", "deny", 1).encode())
    refused(repository, good(federation), "changed by someone else")


def test_a_backup_under_another_name_is_refused(repository: BackupRepository, federation: Federation) -> None:
    repository.keep([good(federation)], WHY, NOW)
    rewritten(repository, "chl-edge1.cfg", good(federation, CORE).text().encode())
    refused(repository, good(federation), "is one of dc1-core1")


@pytest.mark.parametrize(("name", "mode"), [("README", "100644"), ("chl-edge1.cfg", "120000"), (".cfg", "100644")])
def test_what_luxops_never_puts_there_is_refused(
    repository: BackupRepository, federation: Federation, name: str, mode: str
) -> None:
    repository.keep([good(federation)], WHY, NOW)
    rewritten(repository, name, b"/etc/passwd", mode=mode)
    refused(repository, good(federation), "did not put there")


def test_a_rewritten_history_is_refused(repository: BackupRepository, federation: Federation) -> None:
    first = repository.keep([good(federation)], WHY, NOW)
    repository.keep([good(federation, routes=ROUTE)], WHY, NOW)
    Git(repository.folder).run("update-ref", "refs/heads/main", first.commit)
    refused(repository, good(federation), "history was rewritten")
    Git(repository.folder).run("update-ref", "-d", "refs/heads/main")
    refused(repository, good(federation), "newest commit is gone")


def test_a_lost_object_is_refused(repository: BackupRepository, federation: Federation) -> None:
    repository.keep([good(federation)], WHY, NOW)
    name = Git(repository.folder).run("rev-parse", "refs/heads/main:chl-edge1.cfg").decode().strip()
    (repository.folder / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(BackupError) as told:
        repository.newest()
    assert "gone or damaged" in told.value.why
    with pytest.raises(BackupError):
        repository.verify()


@pytest.mark.parametrize("file", ["HEAD", "refs/heads/main", "luxops-ledger.json"])
def test_a_garbled_file_of_the_repository_is_one_message(
    repository: BackupRepository, federation: Federation, file: str
) -> None:
    repository.keep([good(federation)], WHY, NOW)
    (repository.folder / file).write_text("nonsense\n")
    with pytest.raises(BackupError) as told:
        repository.newest()
    assert len(told.value.diagnosis().splitlines()) == 3


def test_something_else_in_its_place_is_left_alone(repository: BackupRepository, federation: Federation) -> None:
    repository.folder.mkdir()
    (repository.folder / "letters").write_text("mine")
    refused(repository, good(federation), "not the git repository that luxops made")
    assert (repository.folder / "letters").read_text() == "mine"


# Age


def found(repository: BackupRepository, targets: list[Target], now: datetime) -> dict[str, str]:
    backups = repository.newest()
    standing = standings(targets, backups, repository.verified_at(backups), timedelta(hours=26), now)
    return {s.device: s.state for s in standing}


def test_a_backup_grows_old_unless_it_is_verified_again(repository: BackupRepository, federation: Federation) -> None:
    targets = [t for t in targets_of(federation) if t.id in {EDGE, CORE}]
    assert found(repository, targets, NOW) == {EDGE: "missing", CORE: "missing"}
    repository.keep([good(federation), good(federation, CORE)], WHY, NOW)
    later = NOW + timedelta(hours=26)
    assert found(repository, targets, later) == {EDGE: "good", CORE: "good"}
    repository.keep([good(federation)], WHY, later)
    assert found(repository, targets, later + timedelta(seconds=1)) == {EDGE: "good", CORE: "old"}
    assert found(repository, targets, NOW - timedelta(hours=1)) == {EDGE: "old", CORE: "old"}


def test_without_the_ledger_the_commits_time_counts(repository: BackupRepository, federation: Federation) -> None:
    targets = [t for t in targets_of(federation) if t.id == EDGE]
    repository.keep([good(federation)], WHY, NOW)
    repository.keep([good(federation)], WHY, NOW + timedelta(hours=26))
    (repository.folder / "luxops-ledger.json").unlink()
    assert found(repository, targets, NOW + timedelta(hours=27)) == {EDGE: "old"}


def test_without_git_it_is_said_so(
    repository: BackupRepository, federation: Federation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}")
    with pytest.raises(BackupError) as caught:
        BackupRepository(repository.folder).keep([good(federation)], WHY, NOW)
    assert caught.value.remedy == "Install it: apt-get install git"
    assert not repository.exists()
