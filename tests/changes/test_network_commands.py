"""`luxops network approve` and `show`, and `luxops changes`, as a user meets them."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.support.crowd import Crowd
from tests.support.proposals import HANDED_IN, propose

from luxops.changes import ApprovalRefusedError, ChangeBook, Reason, statement
from luxops.cli.main import cli
from luxops.errors import UsageError
from luxops.federation import Federation
from luxops.model import ChangeEffect, ChangeState, Override
from luxops.store import open_store

pytestmark = pytest.mark.slow


class Desk:
    """One user's folder."""

    def __init__(self, folder: Path, inventory: Path) -> None:
        self.folder, self.inventory = folder, inventory
        self.url = f"sqlite:///{folder}/luxops.db"

    def run(self, *arguments: str, stdin: bytes = b"") -> Result:
        environment = {"LUXOPS_STORE__URL": self.url, "LUXOPS_CONFIG": str(self.folder / "none.toml")}
        command = ["--inventory", str(self.inventory), "--no-lab", *arguments]
        result = CliRunner().invoke(cli, command, env=environment, standalone_mode=False, input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - a JSON document
        return json.loads(self.run(*arguments, "--output", "json").stdout)


@pytest.fixture
def desk(tmp_path: Path, declared: Path) -> Desk:
    return Desk(tmp_path, declared)


@pytest.fixture
def desk_book(desk: Desk) -> Iterator[ChangeBook]:
    with open_store(desk.url) as store:
        yield ChangeBook(store)


def test_signing_with_a_key_file(desk: Desk, desk_book: ChangeBook, crowd: Crowd) -> None:
    proposal = propose(desk_book)
    done = desk.run("network", "approve", proposal.id, "--key", str(crowd.key("network-admin-2")))
    assert f"Change {proposal.id} approved by network-admin-2 (network-admin), key SHA256:" in done.stdout
    assert statement(proposal).decode() in done.stderr
    assert [a.person for a in desk_book.approvals(proposal.id)] == ["network-admin-2"]


def test_signing_elsewhere(desk: Desk, desk_book: ChangeBook, crowd: Crowd, tmp_path: Path) -> None:
    proposal = propose(desk_book)
    text = tmp_path / "change.txt"
    printed = desk.run("network", "approve", proposal.id, "--print")
    assert printed.stdout_bytes == statement(proposal)
    text.write_bytes(printed.stdout_bytes)
    subprocess.run(["ssh-keygen", "-Y", "sign", "-n", "luxops-change", "-f", crowd.key("security-officer-1"), text], check=True)  # noqa: S607 - a system program
    answer = desk.json("network", "approve", proposal.id, "--signature", f"{text}.sig", "--as", "security-officer-1")
    assert answer["schema"] == "luxops/network-approve/1"
    assert answer["approval"]["person"] == "security-officer-1"
    assert (answer["given"], answer["needed"], answer["emergency"]) == (1, 1, False)
    assert {g["gate"]: g["state"] for g in answer["gates"]}["approval"] == "open"


def test_a_signature_may_come_on_standard_input(desk: Desk, desk_book: ChangeBook, crowd: Crowd) -> None:
    proposal = propose(desk_book)
    desk.run("network", "approve", proposal.id, "--signature", "-", stdin=crowd.sign("network-admin-2", statement(proposal)))
    assert len(desk_book.approvals(proposal.id)) == 1


def test_an_agent_signs_for_a_public_key(
    desk: Desk, desk_book: ChangeBook, crowd: Crowd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)  # noqa: S607 - a system program
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        for _ in range(200):
            added = subprocess.run(["ssh-add", "-q", crowd.key("network-admin-2")], check=False, capture_output=True)  # noqa: S607 - a system program
            if added.returncode == 0:
                break
            time.sleep(0.02)
        only_public = tmp_path / "mine.pub"
        only_public.write_text(crowd.public("network-admin-2") + "\n")
        proposal = propose(desk_book)
        desk.run("network", "approve", proposal.id, "--key", str(only_public))
        assert len(desk_book.approvals(proposal.id)) == 1
    finally:
        agent.terminate()
        agent.wait()


def test_what_is_refused_is_told_and_not_recorded(desk: Desk, desk_book: ChangeBook, crowd: Crowd) -> None:
    proposal = propose(desk_book)
    key = str(crowd.key("network-admin-1"))
    with pytest.raises(ApprovalRefusedError) as caught:
        desk.run("network", "approve", proposal.id, "--key", key)
    assert caught.value.reason is Reason.REQUESTER
    with pytest.raises(UsageError, match="how the change is to be signed"):
        desk.run("network", "approve", proposal.id)
    with pytest.raises(UsageError, match="how the change is to be signed"):
        desk.run("network", "approve", proposal.id, "--key", key, "--print")
    with pytest.raises(UsageError, match="did you mean `network-admin-1`"):
        desk.run("network", "approve", proposal.id, "--key", key, "--as", "network-admin1")
    with pytest.raises(UsageError, match="did you mean"):
        desk.run("network", "approve", proposal.id[:-2], "--key", key)
    assert desk_book.approvals(proposal.id) == ()


def test_an_emergency_is_marked_wherever_it_is_shown(desk: Desk, desk_book: ChangeBook, crowd: Crowd) -> None:
    proposal = propose(desk_book, emergency=True)
    first = desk.run("network", "approve", proposal.id, "--key", str(crowd.key("network-admin-2")))
    assert "EMERGENCY change" in first.stdout
    assert "It needs 1 more from another person." in first.stdout
    for command in (("network", "show", proposal.id), ("changes",), ("changes", proposal.id)):
        assert "EMERGENCY" in desk.run(*command).stdout, command
    assert desk.json("changes")["changes"][0]["emergency"] is True
    assert desk.json("network", "show", proposal.id)["change"]["emergency"] is True
    second = desk.run("network", "approve", proposal.id, "--key", str(crowd.key("security-officer-1")))
    assert "more" not in second.stdout


def test_show_tells_what_is_sent_who_agreed_and_what_stands_in_the_way(desk: Desk, desk_book: ChangeBook, crowd: Crowd) -> None:
    override = Override(reason="the duct is flooded", refusals=("paths: chl loses its spare",))
    proposal = propose(desk_book, "ip prefix-list X permit 10.16.0.0/16\x1b[31m", override=override)
    desk.run("network", "approve", proposal.id, "--key", str(crowd.key("network-admin-2")))
    shown = desk.run("network", "show", proposal.id, "--steps").stdout
    for part in (
        "OVERRIDDEN: the duct is flooded", "approved by network-admin-2", "chl-edge1 (frr)", "prefix-list X",
        "+ ip prefix-list X permit 10.16.0.0/16\\x1b[31m", "sent, in this order:", "would undo it:",
    ):  # fmt: skip
        assert part in shown, part
    assert re.search(r"^approval +open", shown, re.MULTILINE)
    assert re.search(r"^paths +on push", shown, re.MULTILINE)
    answer = desk.json("network", "show", proposal.id)
    assert answer["schema"] == "luxops/network-change/1"
    assert answer["proposal"]["digest"] == proposal.digest
    assert answer["change"]["approvals"][0]["person"] == "network-admin-2"
    assert [g["gate"] for g in answer["gates"]] == ["approval", "window", "policies", "paths"]


def test_what_nobody_knows_is_told_as_unknown(desk: Desk, desk_book: ChangeBook, crowd: Crowd, federation: Federation) -> None:
    proposal = propose(desk_book, emergency=True)
    for person in ("network-admin-2", "security-officer-1"):
        desk.run("network", "approve", proposal.id, "--key", str(crowd.key(person)))
    with desk_book.begin(proposal.id, federation, HANDED_IN) as record, desk_book.fence("chl-edge2", "the push"):
        record.intent("chl-edge1", "push")
        record.effect(ChangeEffect(subject="chl-edge1", action="push", outcome="done"))
        record.intent("chl-edge2", "push")
        assert "under way: push of chl-edge2" in desk.run("changes", proposal.id).stdout
        assert "chl-edge2 is being worked on: the push" in desk.run("network", "show", proposal.id).stdout
    shown = desk.run("changes", proposal.id).stdout
    assert "UNKNOWN outcome: push of chl-edge2" in shown
    assert "push of chl-edge1" not in shown
    assert desk.json("changes", proposal.id)["changes"][0]["state"] == ChangeState.INTERRUPTED


def test_changes_lists_those_that_wait(desk: Desk, desk_book: ChangeBook) -> None:
    assert "Nothing was changed yet" in desk.run("changes").stdout
    proposal = propose(desk_book)
    listed = desk.run("changes").stdout
    assert proposal.id in listed
    assert "planned" in listed
    assert desk.json("changes")["changes"][0]["began"] is None


def test_help_has_an_example_each() -> None:
    for arguments in (["network"], ["network", "show"], ["network", "approve"]):
        done = CliRunner().invoke(cli, [*arguments, "--help"])
        assert done.exit_code == 0
        assert "Example:" in done.output
